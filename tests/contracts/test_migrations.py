"""The migrations make exactly what the models say, on both databases, and are safe to run at any moment."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from config import migrations
from config.database import Base, Database
from tests.contracts.sources import ROOT, name_of
from tests.support.servers import PostgresServer


def test_the_migrations_make_what_the_models_say(database_url: str) -> None:
    assert migrations.find_differences(database_url) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_id_that_the_record_of_changes_names_is_never_given_to_another_row(database: Database) -> None:
    kept = {table.name for table in Base.metadata.tables.values() if table.dialect_options["sqlite"]["autoincrement"]}
    with database.begin(reads=True) as session:
        made = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
    assert "residences" in kept
    assert kept <= {name for name, sql in made if "AUTOINCREMENT" in sql}


def test_an_up_to_date_database_lacks_nothing_and_is_left_alone(database_url: str) -> None:
    assert migrations.find_pending(database_url) == []
    assert migrations.upgrade(database_url) == []


def test_an_empty_database_lacks_every_migration(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/empty.sqlite"
    lacking = migrations.find_pending(url)
    assert lacking[0] == "0001"
    assert migrations.upgrade(url) == lacking


def test_two_releases_that_migrate_at_once_both_succeed(postgres_server: PostgresServer) -> None:
    with postgres_server.connect() as connection:
        connection.execute("DROP DATABASE IF EXISTS releases")
        connection.execute("CREATE DATABASE releases")
    url = postgres_server.url("releases")
    with ThreadPoolExecutor(2) as releases:
        # Alembic's environment is one a process, so two releases are two processes.
        for release in [releases.submit(_upgrade_in_a_process, url) for _ in range(2)]:
            assert release.result() == 0
    assert migrations.find_pending(url) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_of_a_later_release_is_refused(database: Database, database_url: str) -> None:
    with database.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrations.NewerDatabase, match="9999"):
        migrations.upgrade(database_url)


def _upgrade_in_a_process(url: str) -> int:
    program = "import sys; from config.migrations import upgrade; upgrade(sys.argv[1])"
    return subprocess.run([sys.executable, "-c", program, url], check=False, timeout=60).returncode


# What the running release does not know is no matter; what it counts on stays. Contract a release later, by hand.
_FIRST_HELD = "0031"
_UNIQUE = re.compile(r"\bCREATE\s+UNIQUE\b|\bADD\s+(CONSTRAINT\b|UNIQUE\b|CHECK\b|FOREIGN\b|PRIMARY\b)", re.IGNORECASE)
_TAKEN_AWAY = re.compile(
    r"\b(DROP|RENAME|TRUNCATE|SET\s+NOT\s+NULL|ALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE)\b", re.IGNORECASE
)
_EXCUSED = {
    # A silent device's task beside its phone's: the pair of columns allows all that the phone alone allowed, a release
    # that knows no devices writes 0 in the second, and its inserts name no index of theirs (`insert_or_skip`).
    ("0037", "drop_index unique"),
    ("0037", "execute unique"),
}
"""What such a step does in a migration that was looked at, and why the running release can bear it."""


def find_breaking(source: str) -> list[str]:
    """What in a migration would break the release that runs beside it: expand now, contract a release later."""
    tree = ast.parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    new = {_read_text(call.args[0]) for call in calls if name_of(call.func).endswith(".create_table")}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.With):
            (item,) = node.items
            table = _read_text(item.context_expr.args[0]) if isinstance(item.context_expr, ast.Call) else ""
            inside = [each for each in ast.walk(node) if isinstance(each, ast.Call) and each is not item.context_expr]
            found += [(table, call) for call in inside]
    within = {id(call) for _, call in found}
    found += [(_find_table(call), call) for call in calls if id(call) not in within]
    return [flaw for table, call in found if table not in new and (flaw := _find_flaw(call))]


def _find_table(call: ast.Call) -> str:
    at = 1 if name_of(call.func).endswith((".create_index", ".create_unique_constraint")) else 0
    return _read_text(call.args[at]) if len(call.args) > at else ""


def _read_text(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _find_flaw(call: ast.Call) -> str:
    name = name_of(call.func).rpartition(".")[2]
    given = {each.arg: each.value for each in call.keywords}
    is_true = {key for key, value in given.items() if isinstance(value, ast.Constant) and value.value is True}
    is_false = {key for key, value in given.items() if isinstance(value, ast.Constant) and value.value is False}
    if name in {"drop_table", "drop_column", "rename_table"}:
        return name
    if name == "alter_column" and ("nullable" in is_false or {"new_column_name", "type_"} & set(given)):
        return name
    if name in {"create_unique_constraint", "create_check_constraint", "create_foreign_key"}:
        return name
    if name == "create_index" and "unique" in is_true:
        return "create_index unique"
    if name in {"drop_index", "drop_constraint"} and not _names_a_plain_index(call):
        return f"{name} unique"
    if name == "add_column":
        columns = [each for each in ast.walk(call) if isinstance(each, ast.Call) and name_of(each.func) == "sa.Column"]
        for column in columns:
            said = {each.arg: each.value for each in column.keywords}
            required = "nullable" in said and isinstance(said["nullable"], ast.Constant) and not said["nullable"].value
            if required and "server_default" not in said:
                return "add_column without a default"
    if name in {"execute", "exec_driver_sql"}:
        statement = _join_texts(call)
        if _TAKEN_AWAY.search(statement):
            return "execute"
        if _UNIQUE.search(statement):
            return "execute unique"
    return ""


def _names_a_plain_index(call: ast.Call) -> bool:
    """Whether it is one of those by which rows are found, and none that a release counts on for what is there once."""
    return bool(call.args) and _read_text(call.args[0]).startswith("ix_")


def _join_texts(call: ast.Call) -> str:
    """All that is said in a statement, however it is put together."""
    return " ".join(str(each.value) for each in ast.walk(call) if isinstance(each, ast.Constant))


def test_a_migration_leaves_the_running_release_all_that_it_counts_on() -> None:
    files = sorted((ROOT / "migrations/versions").glob("0*.py"))
    held = [path for path in files if path.name[:4] >= _FIRST_HELD]
    assert held
    found = {(path.name[:4], flaw) for path in held for flaw in find_breaking(path.read_text(encoding="utf-8"))}
    assert found == _EXCUSED


@pytest.mark.parametrize(
    "step",
    [
        'op.drop_table("phones")',
        'op.drop_column("phones", "holder")',
        'op.rename_table("phones", "numbers")',
        'op.add_column("phones", sa.Column("x", sa.Integer(), nullable=False))',
        'op.execute("ALTER TABLE phones DROP COLUMN holder")',
        'op.execute("create  unique index uq ON phones (holder)")',
        'op.execute(sa.text("ALTER TABLE phones " "ADD CONSTRAINT ck CHECK (rank > 0)"))',
        'op.execute(f"ALTER TABLE {table} ALTER COLUMN holder TYPE text")',
        'op.get_bind().execute(sa.text("CREATE UNIQUE INDEX uq ON phones (holder)"))',
        'op.get_bind().exec_driver_sql("CREATE UNIQUE INDEX uq ON phones (holder)")',
        'op.drop_index("uq_phones_number", "phones")',
        'op.drop_constraint("uq_phones_number", "phones")',
        'op.create_index("ix", "phones", ["holder"], unique=True)',
        'with op.batch_alter_table("phones") as of:\n    of.drop_column("holder")',
        'with op.batch_alter_table("phones") as of:\n    of.alter_column("holder", new_column_name="owner")',
        'with op.batch_alter_table("phones") as of:\n    of.alter_column("holder", nullable=False)',
        'with op.batch_alter_table("phones") as of:\n    of.create_unique_constraint("uq", ["holder"])',
    ],
)
def test_a_step_that_would_break_the_running_release_is_seen(step: str) -> None:
    assert len(find_breaking(step)) == 1


def test_a_step_that_only_adds_is_none() -> None:
    assert (
        find_breaking(
            'op.create_table("new", sa.Column("x", sa.Integer(), nullable=False))\n'
            'with op.batch_alter_table("new") as of:\n    of.create_index("ix", ["x"], unique=True)\n'
            'op.add_column("phones", sa.Column("y", sa.Integer(), server_default="0", nullable=False))\n'
            'op.add_column("phones", sa.Column("z", sa.Integer(), nullable=True))\n'
            'with op.batch_alter_table("phones") as of:\n    of.alter_column("holder", nullable=True)\n'
        )
        == []
    )
