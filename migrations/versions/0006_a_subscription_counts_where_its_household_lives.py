"""A subscription counts where its household lives on the day, and names no village of its own any more.

Every day of a subscription gets a home: before the first one, in the village of the first; between two, in the one
before (in its group, where the next is the same place: it was archived and came back); after the last, in that of the
last. Where a subscription named another village than its household lived in, the home is right (see ADR 21).

Revision 0006, after 0005. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_HOMES = sa.table(
    "residences",
    *(sa.column(name, sa.BigInteger()) for name in ("household_id", "village_id", "group_id", "grid_id")),
    *(sa.column(name, sa.Date()) for name in ("starts_on", "ends_on")),
)
_PAID = sa.table(
    "subscriptions",
    *(sa.column(name, sa.BigInteger()) for name in ("household_id", "village_id")),
    *(sa.column(name, sa.Date()) for name in ("starts_on", "ends_on")),
)
_HOUSEHOLDS_AT_ONCE = 20_000


def upgrade() -> None:
    _house_the_subscribed()
    # The record of changes knows a row by its id: SQLite must not give one that was taken out to another row.
    for table in ("residences", "household_counts", "thresholds", "devices", "tariffs"):
        if op.get_bind().dialect.name == "sqlite":
            with op.batch_alter_table(table, recreate="always", table_kwargs={"sqlite_autoincrement": True}):
                pass
    with op.batch_alter_table("subscriptions", schema=None, table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_index("ix_subscriptions_village_id_days")
        batch_op.drop_constraint(op.f("fk_subscriptions_village_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f("uq_subscriptions_household_id_starts_on"), type_="unique")
        batch_op.drop_constraint(op.f("ck_subscriptions_ends_after_start"), type_="check")
        batch_op.drop_column("village_id")
        batch_op.create_check_constraint(
            op.f("ck_subscriptions_ends_after_start"), "ends_on IS NULL OR ends_on >= starts_on"
        )
        batch_op.create_index(
            "ix_subscriptions_household_id_days", ["household_id", "starts_on", "ends_on"], unique=False
        )
    op.create_index(
        "uq_subscriptions_household_id_starts_on",
        "subscriptions",
        ["household_id", "starts_on"],
        unique=True,
        sqlite_where=sa.text("ends_on IS NULL OR ends_on > starts_on"),
        postgresql_where=sa.text("ends_on IS NULL OR ends_on > starts_on"),
    )
    op.create_index(
        "ix_changes_undone_by",
        "changes",
        ["undone_by"],
        unique=False,
        sqlite_where=sa.text("undone_by <> ''"),
        postgresql_where=sa.text("undone_by <> ''"),
    )


def _house_the_subscribed() -> None:
    connection = op.get_bind()
    last: int = connection.scalar(sa.select(sa.func.max(_PAID.c.household_id))) or 0
    for start in range(0, last + 1, _HOUSEHOLDS_AT_ONCE):
        span = (start, start + _HOUSEHOLDS_AT_ONCE - 1)
        homes = _by_household(connection, _HOMES, span)
        paid = _by_household(connection, _PAID, span)
        missing = [row for household, own in paid.items() for row in _missing(household, homes[household], own)]
        if missing:
            connection.execute(sa.insert(_HOMES), missing)


def _by_household(connection: sa.Connection, table: Any, span: tuple[int, int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    rows = connection.execute(
        sa.select(table).where(table.c.household_id.between(*span)).order_by(table.c.household_id, table.c.starts_on)
    )
    for household, own in groupby(rows.mappings(), key=itemgetter("household_id")):
        found[household] = list(own)
    return found


def _missing(household: int, homes: list[Any], paid: list[Any]) -> Iterator[dict[str, Any]]:
    first_paid, last_paid = paid[0]["starts_on"], max(row["ends_on"] or date.max for row in paid)
    if not homes:
        yield _home(household, paid[0], first_paid, None if last_paid == date.max else last_paid)
        return
    if first_paid < homes[0]["starts_on"]:
        yield _home(household, homes[0], first_paid, homes[0]["starts_on"])
    for one, other in pairwise(homes):
        starts_on, ends_on = one["ends_on"], other["starts_on"]
        if any(row["starts_on"] < ends_on and starts_on < (row["ends_on"] or date.max) for row in paid):
            same = (one["village_id"], one["group_id"]) == (other["village_id"], other["group_id"])
            if starts_on < ends_on:
                yield _home(household, one, starts_on, ends_on, within=one if same else None)
    ended = homes[-1]["ends_on"]
    if ended is not None and ended < last_paid:
        yield _home(household, homes[-1], ended, None if last_paid == date.max else last_paid)


def _home(household: int, beside: Any, starts_on: date, ends_on: date | None, within: Any = None) -> dict[str, Any]:
    return {
        "household_id": household,
        "village_id": beside["village_id"],
        "group_id": within["group_id"] if within else None,
        "grid_id": within["grid_id"] if within else None,
        "starts_on": starts_on,
        "ends_on": ends_on,
    }
