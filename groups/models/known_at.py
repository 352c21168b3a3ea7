"""What was known at a moment: every fact has days on which it holds, and a moment from which on we knew it.

The record of changes says of each row how it was before. Inside `as_known` the session's questions about the dated
tables see them as they stood at that moment: views of the transaction's own stand in front of the tables, so that the
same code counts, and nobody else waits or sees anything of it. Rows that no record tells of were always known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import MetaData, Table, insert, select, text
from sqlalchemy.orm import Session

from config.database import Base
from groups.models.changes import Change
from groups.models.enrolment import Subscription, Tariff
from groups.models.figures import HouseholdCount, ReachProof, Residence, Threshold
from groups.models.recorded_rows import find_before, parse_row
from groups.models.roster import Grid, Group, Household, Village

_TABLES: tuple[type[Base], ...] = (
    Village, Grid, Group, Household, Residence, Subscription, HouseholdCount, Threshold, Tariff,
)  # fmt: skip
_ROWS_AT_ONCE = 500


@contextmanager
def as_known(session: Session, moment: datetime | None) -> Iterator[None]:
    """Let the session see the facts as they were known at `moment` (None: as they are known now), and read only.

    What is read inside is of that moment: keep values, no rows.
    """
    if moment is None:
        yield
        return
    session.flush()
    rows = {model: _read_rows_then(session, model, moment) for model in _TABLES}
    try:
        # All of it goes with the savepoint, on both databases.
        with session.begin_nested():
            session.expunge_all()
            _forget_statements(session)
            for model, changed in rows.items():
                if changed:
                    _put_view_before(session, model, changed)
            _put_proofs_before(session, moment)
            yield
            raise _Seen
    except _Seen:
        pass
    finally:
        session.expunge_all()


class _Seen(Exception):
    """Takes the views away again."""


def _read_rows_then(session: Session, model: type[Base], moment: datetime) -> dict[int, dict[str, Any] | None]:
    """The rows that have changed since, as they were; None: there was none."""
    table = cast(Table, model.__table__)
    changes: dict[int, list[Change]] = defaultdict(list)
    asked = select(Change).where(Change.table == table.name, Change.changed_at > moment).order_by(Change.id.desc())
    for change in session.scalars(asked):
        changes[change.row_id].append(change)
    if not changes:
        return {}
    present = _read_rows_now(session, table, sorted(changes))
    found: dict[int, dict[str, Any] | None] = {}
    for row_id, own in changes.items():
        before = find_before(own)
        if before is None:
            found[row_id] = None
        else:
            found[row_id] = present.get(row_id, {"id": row_id}) | parse_row(model, before)
    return found


def _read_rows_now(session: Session, table: Table, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    return {
        row["id"]: dict(row)
        for start in range(0, len(ids), _ROWS_AT_ONCE)
        for row in session.execute(select(table).where(table.c.id.in_(ids[start : start + _ROWS_AT_ONCE]))).mappings()
    }


def _put_view_before(session: Session, model: type[Base], rows: dict[int, dict[str, Any] | None]) -> None:
    """In front of the table a view of it, in which these rows are as they are given here, or are not there."""
    table = cast(Table, model.__table__)
    own, then, gone = _read_schema(session), f"then_{table.name}", f"changed_{table.name}"
    kept = table.to_metadata(MetaData(), name=then)
    session.execute(text(f'CREATE TEMPORARY TABLE "{then}" AS SELECT * FROM {own}."{table.name}" WHERE 1 = 0'))
    session.execute(text(f'CREATE TEMPORARY TABLE "{gone}" (id BIGINT PRIMARY KEY)'))
    names = [column.name for column in table.columns]
    ids = sorted(rows)
    for start in range(0, len(ids), _ROWS_AT_ONCE):
        some = ids[start : start + _ROWS_AT_ONCE]
        session.execute(text(f'INSERT INTO "{gone}" (id) VALUES (:id)'), [{"id": one} for one in some])
        if there := [row for row in (rows[one] for one in some) if row is not None]:
            session.execute(insert(kept), [{name: row.get(name) for name in names} for row in there])
    columns = ", ".join(f'"{name}"' for name in names)
    session.execute(
        text(
            f'CREATE TEMPORARY VIEW "{table.name}" AS SELECT {columns} FROM {own}."{table.name}" '
            f'WHERE id NOT IN (SELECT id FROM "{gone}") UNION ALL SELECT {columns} FROM "{then}"'
        )
    )


def _put_proofs_before(session: Session, moment: datetime) -> None:
    """Proofs are only ever added: those that were noted later were not known."""
    table = cast(Table, ReachProof.__table__)
    later = session.scalar(select(table.c.id).where(table.c.noted_at > moment).limit(1))
    if later is None:
        return
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    at = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" + ("" if _is_sqlite(session) else "+00")
    session.execute(
        text(
            f'CREATE TEMPORARY VIEW "{table.name}" AS SELECT {columns} FROM {_read_schema(session)}."{table.name}" '
            f"WHERE noted_at IS NULL OR noted_at <= '{at}'"
        )
    )


def _read_schema(session: Session) -> str:
    if _is_sqlite(session):
        return "main"
    schema: str = session.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    return schema


def _forget_statements(session: Session) -> None:
    """PostgreSQL's driver keeps statements that it has prepared, which would go on asking the tables themselves.

    It forgets them all whenever something is dropped.
    """
    if not _is_sqlite(session):
        session.execute(text("DROP TABLE IF EXISTS pg_temp.no_such_table"))


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
