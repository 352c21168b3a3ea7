"""A town in which the whole service runs, once for each database, and neighbours that each test settles anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.journeys.neighbours import Neighbours
from tests.journeys.town import Town


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def running_town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The processes. Every test that names a fixture of this file runs on both databases."""
    home = tmp_path_factory.mktemp("town")
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("_sqlite_template"), home / "town.sqlite")
        url = f"sqlite:///{home / 'town.sqlite'}"
    else:
        server = request.getfixturevalue("postgres_server")
        with server.connect() as connection:
            connection.execute("DROP DATABASE IF EXISTS journeys WITH (FORCE)")
            connection.execute("CREATE DATABASE journeys TEMPLATE migrated")
        url = server.url("journeys")
    with Town(home, url) as town:
        yield town


@pytest.fixture
def troubled_town(running_town: Town) -> Iterator[Town]:
    """The town for a test that breaks something: its processes may complain, and are replaced by fresh ones."""
    running_town.trouble()
    yield running_town
    running_town.recover()


@pytest.fixture
def town(running_town: Town) -> Iterator[Town]:
    """The town. Whatever its processes or the carrier log as an error fails the test."""
    running_town.trouble()
    known = len(running_town.network.notifications())
    yield running_town
    assert running_town.trouble() == []
    assert running_town.network.notifications()[known:] == []
    running_town.check_documents()


@pytest.fixture
def neighbours(request: pytest.FixtureRequest, running_town: Town) -> Iterator[Neighbours]:
    """Groups of this test's own. A call or text that it did not expect fails it."""
    failed = request.session.testsfailed
    settled = Neighbours(running_town)
    yield settled
    surprises = settled.surprises() if request.session.testsfailed == failed else []
    settled.go_home()
    assert surprises == []
