"""A database of the last release, brought up to date."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from alembic import command
from sqlalchemy import Connection

from config import migrations
from config.database import Database
from tests.support.servers import PostgresServer

LAST_RELEASE = "0002"


class Upgrade(Protocol):
    """Make a database as of a revision, have it filled, and bring it up to date."""

    def __call__(self, fill: Callable[[Connection], None], since: str = LAST_RELEASE) -> Database: ...


@pytest.fixture(params=["sqlite", "postgresql"])
def upgrade(request: pytest.FixtureRequest, tmp_path: Path) -> Upgrade:
    def run(fill: Callable[[Connection], None], since: str = LAST_RELEASE) -> Database:
        url = f"sqlite:///{tmp_path}/last.sqlite"
        if request.param == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres_server")
            with server.connect() as connection:
                connection.execute("DROP DATABASE IF EXISTS last_release")
                connection.execute("CREATE DATABASE last_release")
            url = server.url("last_release")
        command.upgrade(migrations._configure(url), since)
        database = Database(url).patient()
        with database.begin() as session:
            fill(session.connection())
        database.close()
        migrations.upgrade(url)
        assert migrations.find_differences(url) == []
        database = Database(url).patient()
        request.addfinalizer(database.close)
        return database

    return run
