"""The migrations make exactly what the models say, on both databases, and are safe to run at any moment."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from config import migrations
from config.database import Database
from tests.support.servers import PostgresServer


def test_the_migrations_make_what_the_models_say(database_url: str) -> None:
    assert migrations.differences(database_url) == []


def test_an_up_to_date_database_lacks_nothing_and_is_left_alone(database_url: str) -> None:
    assert migrations.pending(database_url) == []
    assert migrations.upgrade(database_url) == []


def test_an_empty_database_lacks_every_migration(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/empty.sqlite"
    lacking = migrations.pending(url)
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
    assert migrations.pending(url) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_of_a_later_release_is_refused(database: Database, database_url: str) -> None:
    with database.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrations.NewerDatabase, match="9999"):
        migrations.upgrade(database_url)


def test_two_attempts_that_hold_one_call_are_told_apart_and_nothing_waits_for_ever(
    database_url: str, database: Database
) -> None:
    """As a release before 0004 could leave them: a look-up had taken another's call for its own."""
    with database.begin() as session:
        session.execute(text("DROP INDEX ix_attempts_sid"))
        session.execute(text("CREATE INDEX ix_attempts_sid ON attempts (sid)"))
        for column in ("account",):
            session.execute(text(f"ALTER TABLE attempts DROP COLUMN {column}"))
        session.execute(text("UPDATE alembic_version SET version_num = '0003'"))
        session.execute(
            text(
                "INSERT INTO incidents (id, kind, village_id, village_name, group_name, category, opened_at)"
                " VALUES (1, 'alarm', 1, 'V', 'G', 'unspecified', '2026-01-01')"
            )
        )
        for delivery in (1, 2, 3):
            session.execute(
                text(
                    "INSERT INTO deliveries (id, incident_id, channel, purpose, round, household_id, household_name,"
                    " phone_id, number, language, role, phone_rank, urgency, distance, state, due_at, attempt_count,"
                    " look_up_first, unwanted) VALUES (:id, 1, 'call', 'alarm', :id, 1, 'H', 1, '+8613805740001', 'zh',"
                    " 'member', 1, 0, 0, 'placed', '2026-01-01', 1, :no, :no)"
                ),
                {"id": delivery, "no": False},
            )
            session.execute(
                text(
                    "INSERT INTO attempts (delivery_id, number, state, sid, requested_at)"
                    " VALUES (:id, 1, 'ringing', :sid, '2026-01-01')"
                ),
                {"id": delivery, "sid": "CA-same" if delivery < 3 else "CA-own"},
            )
    assert migrations.upgrade(database_url)[0] == "0004"
    with database.begin() as session:
        sids = session.execute(text("SELECT delivery_id, sid FROM attempts ORDER BY delivery_id")).all()
        states = session.execute(text("SELECT state FROM deliveries ORDER BY id")).scalars().all()
    assert [tuple(each) for each in sids] == [(1, "CA-same"), (2, None), (3, "CA-own")]
    assert states == ["placed", "unreached", "placed"]
    assert migrations.differences(database_url) == []


def _upgrade_in_a_process(url: str) -> int:
    program = "import sys; from config.migrations import upgrade; upgrade(sys.argv[1])"
    return subprocess.run([sys.executable, "-c", program, url], check=False, timeout=60).returncode
