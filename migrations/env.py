"""How Alembic runs here: all migrations in one transaction, one release at a time, on both databases."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops

import groups
import joint_defense
from config.database import Base, Database, UtcDateTime

# `Base.metadata` holds the tables of the modules that were imported: `models.py`, or the files of a room `models`.
for package in (groups, joint_defense):
    models = importlib.import_module(f"{package.__name__}.models")
    for module in pkgutil.iter_modules(getattr(models, "__path__", ()), f"{models.__name__}."):
        importlib.import_module(module.name)

# Any number will do, as long as nothing else in the database locks it.
_LOCK = 1_009_110


def _render(kind: str, thing: Any, _context: AutogenContext) -> str | Literal[False]:
    """Migrations stand by themselves: our column types are written as what the database sees."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, sa.Enum):
        return f"sa.String(length={thing.length})"
    return False


def _close_circles_last(_context: object, _revision: object, directives: list[ops.MigrationScript]) -> None:
    """Add a foreign key that is part of a circle (groups and households) after both tables.

    Alembic leaves it in the first one's CREATE TABLE, where PostgreSQL never sees it.
    """
    for upgrade in [script.upgrade_ops for script in directives if script.upgrade_ops]:
        for operation in [step for step in upgrade.ops if isinstance(step, ops.CreateTableOp)]:
            late = [part for part in operation.columns if isinstance(part, sa.ForeignKeyConstraint) and part.use_alter]
            if late:
                operation.columns = [part for part in operation.columns if not getattr(part, "use_alter", False)]
                keys: list[ops.MigrateOperation] = [
                    ops.CreateForeignKeyOp.from_constraint(key) for key in sorted(late, key=lambda key: str(key.name))
                ]
                upgrade.ops.append(ops.ModifyTableOps(operation.table_name, keys))


def _migrate(connection: sa.Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        # SQLite changes a table by copying it.
        render_as_batch=True,
        transactional_ddl=True,
        compare_type=True,
        # SQLite gives a default back in other quotes, which Alembic takes for a change.
        compare_server_default=not sqlite,
        render_item=_render,
        process_revision_directives=_close_circles_last,
    )
    with context.begin_transaction():
        if not sqlite:
            # Two releases at once: the second waits here, then finds nothing left to do.
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        context.run_migrations()
        if sqlite and (broken := connection.execute(sa.text("PRAGMA foreign_key_check")).first()):
            raise RuntimeError(f"the migration leaves a row of {broken[0]} that refers to nothing")


def _run() -> None:
    given = context.config.attributes.get("database_url") or context.get_x_argument(as_dictionary=True)["database_url"]
    database = Database(str(given))
    with database.engine.connect() as connection:
        if database.is_sqlite:
            # A copied table must not take the rows that refer to it along. Inside a transaction this is ignored.
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA foreign_keys=OFF")
        _migrate(connection)
    database.close()


_run()
