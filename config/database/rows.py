"""Statements that differ between the two databases: rows added, brought up to date and looked for by the set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, bindparam, column, func, literal, select, text, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from config.database.sqlite import give_way
from config.database.tables import Base

_ROWS_TO_SQLITE = 1000
"""So many rows in a statement: some 20 ms, after which an alarm may go first."""


def match_beginning(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """That a column begins so, by its index: PostgreSQL has to see the text when it plans, every time."""
    escaped = re.sub(r"([/%_])", r"/\1", text)
    pattern: Any = bindparam(None, f"{escaped}%", literal_execute=True)
    return column.like(pattern, escape="/")


def insert_or_skip(session: Session, table: type[Base], values: dict[str, Any]) -> Any:
    """An INSERT that does nothing where a unique key stands already; add `.returning(...)` to see which it was."""
    return _get_dialect(session).insert(table).values(values).on_conflict_do_nothing()


def insert_new(session: Session, model: type[Base], values: Mapping[str, Any]) -> int | None:
    """The same by a statement that is kept: the new row's id, or None where a unique key stands already."""
    adding = _make_insert_new(session.get_bind().dialect.name, model)
    made: int | None = session.connection().execute(adding, values).scalar()
    return made


@cache
def _make_insert_new(dialect: str, model: type[Base]) -> Any:
    adding = import_module(f"sqlalchemy.dialects.{dialect}").insert(model.__table__)
    return adding.on_conflict_do_nothing().returning(cast(Table, model.__table__).c.id)


def insert_rows(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], *, skip_known: bool = False
) -> None:
    """Insert rows that all have the same columns; whatever they leave out takes the database's own default.

    `skip_known`: a row whose unique key stands already is left out.

    PostgreSQL gets them as one statement with an array a column: 500 rows in 10 ms, a third of what row by row takes.
    """
    if not rows:
        return
    table = cast(Table, model.__table__)
    if _is_sqlite(session):
        adding = _get_dialect(session).insert(table)
        for start in range(0, len(rows), _ROWS_TO_SQLITE):
            give_way(session)
            some = list(rows[start : start + _ROWS_TO_SQLITE])
            session.execute(adding.on_conflict_do_nothing() if skip_known else adding, some)
        return
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    alike = {name for name, values in columns.items() if values.count(values[0]) == len(values)}
    varied = [name for name in columns if name not in alike] or [next(iter(columns))]
    arrays = func.unnest(*(literal(columns[name], _get_dialect(session).ARRAY(table.c[name].type)) for name in varied))
    source = arrays.table_valued(*(column(name, table.c[name].type) for name in varied)).render_derived()
    values = [source.c[name] if name in varied else literal(columns[name][0], table.c[name].type) for name in columns]
    adding_all = _get_dialect(session).insert(table).from_select(list(columns), select(*values), include_defaults=False)
    session.execute(adding_all.on_conflict_do_nothing() if skip_known else adding_all)


def take_ids(session: Session, model: type[Base], many: int) -> list[int]:
    """So many ids for new rows of a table, which nobody else gets: rows that refer to each other go in by sets."""
    table = cast(Table, model.__table__)
    if _is_sqlite(session):
        # One writer, and this is it.
        last: int = session.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0
        if table.dialect_options["sqlite"]["autoincrement"]:
            # An id that was taken out does not come again: the record of changes knows rows by it.
            taken = text("SELECT seq FROM sqlite_sequence WHERE name = :name").bindparams(name=table.name)
            last = max(last, session.scalar(taken) or 0)
        return list(range(last + 1, last + 1 + many))
    sequence = func.pg_get_serial_sequence(table.name, "id")
    each = func.generate_series(1, many).table_valued("place")
    return list(session.scalars(select(func.nextval(sequence)).select_from(each)))


def update_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Give rows their values by their `id`; all have the same columns. PostgreSQL gets them as one statement."""
    if not rows:
        return
    table = cast(Table, model.__table__)
    names = [name for name in rows[0] if name != "id"]
    if _is_sqlite(session):
        by_id = update(table).where(table.c.id == bindparam("key"))
        changed = [{"key": row["id"]} | {f"to_{name}": row[name] for name in names} for row in rows]
        giving = by_id.values({name: bindparam(f"to_{name}") for name in names})
        for start in range(0, len(changed), _ROWS_TO_SQLITE):
            give_way(session)
            session.connection().execute(giving, changed[start : start + _ROWS_TO_SQLITE])
        return
    arrays = (
        literal([row[name] for row in rows], _get_dialect(session).ARRAY(table.c[name].type)) for name in ("id", *names)
    )
    source = func.unnest(*arrays).table_valued(*(column(name, table.c[name].type) for name in ("id", *names)))
    source = source.render_derived()
    by_id = update(table).where(table.c.id == source.c.id)
    session.connection().execute(by_id.values({name: source.c[name] for name in names}))


def match_any(
    session: Session, of: ColumnElement[Any] | InstrumentedAttribute[Any], keys: Sequence[Any]
) -> ColumnElement[bool]:
    """Whether a column is one of `keys`. PostgreSQL gets an array: a name a key takes the driver longer than the answer
    takes the database. SQLite has a limit of 32,000.
    """
    if _is_sqlite(session):
        return of.in_(keys)
    return of == func.any(literal(list(keys), _get_dialect(session).ARRAY(of.type)))


def insert_or_update(session: Session, table: type[Base], *, keys: tuple[str, ...], update: tuple[str, ...]) -> Any:
    """An INSERT that, where the unique `keys` stand already, only brings the columns `update` up to date."""
    return _make_upsert(session.get_bind().dialect.name, table, keys, update)


@cache
def _make_upsert(dialect: str, table: type[Base], keys: tuple[str, ...], update: tuple[str, ...]) -> Any:
    # Kept: processes say twice a second that they live, and putting it together takes longer than that.
    statement = import_module(f"sqlalchemy.dialects.{dialect}").insert(table.__table__)
    return statement.on_conflict_do_update(
        index_elements=list(keys), set_={name: statement.excluded[name] for name in update}
    )


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _get_dialect(session: Session) -> Any:
    """The module of the session's dialect: the other one is not loaded."""
    return import_module(f"sqlalchemy.dialects.{session.get_bind().dialect.name}")
