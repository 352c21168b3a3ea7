"""The migrations make exactly what the models say, on both databases, and are safe to run at any moment."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from config import migrations
from config.database import Base, Database
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
