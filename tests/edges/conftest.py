"""The commands as somebody types them, on both databases, and the demo town that some of them read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import Result
from flask import Flask
from flask.cli import FlaskGroup

from app import create_app
from tests.conftest import MakeSettings
from tests.support.servers import PostgresServer

Type = Callable[..., Result]
"""Types a command, a word each, and gives what it said."""

_KEEP = """
DO $$
DECLARE name text;
BEGIN
  CREATE SCHEMA kept;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', name, name);
  END LOOP;
END $$
"""
_PUT_BACK = """
DO $$
DECLARE name text;
BEGIN
  -- Groups and households refer to each other: there is no order to insert in.
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'kept' LOOP
    EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE SELECT * FROM kept.%I', name, name);
  END LOOP;
END $$
"""


@pytest.fixture
def app(settings: MakeSettings) -> Iterator[Flask]:
    # As `flask` makes it to run one of our commands: without the pages.
    with click.Context(FlaskGroup()):
        made = create_app(settings())
    yield made
    made.extensions["runtime"].close()


@pytest.fixture
def run(app: Flask) -> Type:
    return lambda *words: app.test_cli_runner().invoke(args=[str(word) for word in words])


@pytest.fixture
def village(run: Type) -> str:
    """The code of a village without households."""
    assert run("village", "create", "T01", "测试村").exit_code == 0
    return "T01"


def answer(done: Result) -> str:
    """What a command that could do its work printed."""
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(done: Result) -> str:
    """The one line that a refused command says."""
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.fixture(scope="session")
def _kept() -> set[str]:
    """The addresses of the databases of which a copy with the demo town is kept."""
    return set()


@pytest.fixture
def demo_town(run: Type, app: Flask, database_url: str, _kept: set[str], request: pytest.FixtureRequest) -> None:
    """The app's database holds the demo town: loaded by its command the first time, from a copy after that."""
    known = database_url in _kept
    if not known:
        answer(run("demo", "load"))
    # The last connection to close brings everything from SQLite's write-ahead log into its file.
    app.extensions["runtime"].close()
    if app.extensions["database"].is_sqlite:
        file = Path(database_url.removeprefix("sqlite:///"))
        copy = file.with_name("demo.sqlite")
        shutil.copyfile(*((copy, file) if known else (file, copy)))
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.connect("town") as connection:
            connection.execute(_PUT_BACK if known else _KEEP)
    _kept.add(database_url)
