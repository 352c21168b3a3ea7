"""A database of release 0.1 (9793f7c), kept small: its figures, its alarm and its history read as they did there."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from groups.coverage.exports import as_json
from groups.coverage.report import report_on
from groups.coverage.rules.query import read_query
from groups.history.undo import undo
from groups.models.batch import Author
from groups.models.changes import Source
from groups.models.roster import Household
from joint_defense.incidents.record import read_record
from tests.contracts.conftest import Upgrade
from tests.contracts.sources import ROOT

# A demo of that release with roster edits, an undo, enrolments, uploads and policies, cut down to one village's groups
# that something was done to; `said` is what its own commands said of it.
KEPT = json.loads((ROOT / "tests/data/releases/0.1.json").read_text(encoding="utf-8"))
ZONE = ZoneInfo("Asia/Shanghai")
FIRST = ("villages", "accounts", "grids", "groups", "households", "incidents", "phones", "deliveries")
OFFICES = ("leader_id", "deputy_id", "backup_group_id")


def _fill(connection: sa.Connection) -> None:
    metadata = sa.MetaData()
    metadata.reflect(connection, only=list(KEPT["tables"]))
    groups = metadata.tables["groups"]
    for name in dict.fromkeys([*FIRST, *KEPT["tables"]]):
        table = metadata.tables[name]
        for row in KEPT["tables"][name]:
            # Groups and households point to each other.
            later = OFFICES if table is groups else ()
            connection.execute(table.insert().values(_read_row(table, row, later)))
    for row in KEPT["tables"]["groups"]:
        offices = {office: row[office] for office in OFFICES if office in row}
        if offices:
            connection.execute(groups.update().where(groups.c.id == row["id"]).values(offices))
    if connection.dialect.name == "postgresql":
        # Rows that come with their ids leave the counters behind.
        for name, table in metadata.tables.items():
            if name in KEPT["tables"] and "id" in table.c:
                last = sa.select(sa.func.max(table.c.id)).scalar_subquery()
                connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(name, "id"), last)))


def _read_row(table: sa.Table, row: dict[str, Any], later: tuple[str, ...]) -> dict[str, Any]:
    return {name: _read_value(table.c[name].type, value) for name, value in row.items() if name not in later}


def _read_value(kind: sa.types.TypeEngine[Any], value: Any) -> Any:
    if isinstance(kind, sa.DateTime):
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if kind.timezone else moment
    if isinstance(kind, sa.Date):
        return date.fromisoformat(value)
    return base64.b64decode(value) if isinstance(kind, sa.LargeBinary) else value


def _agrees(now: Any, then: Any) -> bool:
    """Whether `now` says all that was said then; it may say more."""
    if isinstance(then, dict):
        return all(name in now and _agrees(now[name], value) for name, value in then.items())
    if isinstance(then, list):
        return len(now) == len(then) and all(map(_agrees, now, then))
    return bool(now == then)


def test_a_database_of_release_0_1_says_the_same_after_the_upgrade_and_its_edits_are_undone(upgrade: Upgrade) -> None:
    database = upgrade(_fill)
    with database.begin() as session:
        day = date(2026, 11, 30)
        figures = json.loads(as_json(report_on(session, read_query({"as_of": day.isoformat()}, day, ZONE), ZONE)))
        assert _agrees(figures, KEPT["said"]["coverage"])
        assert figures["town"]["subscribed"], "there is something to count"
        record = read_record(session, 1, ZONE)
        assert _agrees(json.loads(json.dumps(record)), KEPT["said"]["incident"])
    renamed = next(row for row in KEPT["tables"]["changes"] if row["action"] == "rename_household")
    with database.begin() as session:
        by = Author("admin", Source.UNDO, None)
        undo(session, renamed["batch"], by, datetime(2026, 12, 1, tzinfo=UTC), ZONE)
        assert session.get_one(Household, renamed["row_id"]).head == renamed["before"]["head"]
