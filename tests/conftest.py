"""What every test may ask for: a migrated, empty database (SQLite and PostgreSQL), a real Redis, settings.

Servers start when the first test of a worker needs one, and end with it. One that cannot start fails the tests that
need it, with its reason. A test that has to do with one database only says so:
`@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)`.
"""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import hypothesis
import pytest
import redis

from config import migrations
from config.database import Database
from config.settings import Settings
from tests.support.compiled import compile_all
from tests.support.kept import Engines, keeping
from tests.support.servers import Broom, PostgresServer, RedisServer, sweep
from tests.support.spent import Spent

# Where files are in memory, no commit waits for a disk: a test takes half as long. Faults and journeys with a disk of
# their own say so.
_MEMORY = Path("/dev/shm")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cpu", action="store_true", help="show where the processor's time goes")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("cpu"):
        config.pluginmanager.register(Spent())
    with_room = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > 1 << 30
    if with_room and config.option.basetemp is None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        compile_all(config)
    # What is loaded and collected stays: to look through it for garbage, again and again, takes seconds.
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    # What a test makes is small and goes by itself: looked through as often as usual it costs every tenth second.
    gc.set_threshold(20_000, 50, 100)
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.support.dealing import ByTown

    return ByTown(config, log) if config.option.dist == "load" else None


# A busy machine is no counter-example.
hypothesis.settings.register_profile("steady", deadline=None)
# `make test ARGS="--hypothesis-profile=deep tests/usecases"`: a search of an hour.
hypothesis.settings.register_profile("deep", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("steady")


def examples(usual: int) -> int:
    """How many a test whose examples are dear looks at: in a deep search as many times more as others do."""
    return usual * hypothesis.settings().max_examples // 100


class MakeSettings(Protocol):
    """Settings for a test, with these changes. Its carrier is on loopback, where nothing listens."""

    def __call__(self, **changes: Any) -> Settings: ...


@pytest.fixture(scope="session", autouse=True)
def _swept() -> None:
    sweep()


@pytest.fixture(scope="session")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all the workers of this run: what is the same for each of them is made once."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    shared.mkdir(exist_ok=True)
    return shared


@contextmanager
def _made_once(path: Path) -> Iterator[bool]:
    """Whether this worker is to make what stands there: whoever comes meanwhile waits for it."""
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not path.exists()


@pytest.fixture(scope="session", autouse=True)
def _engines(_shared: Path) -> Iterator[Engines]:
    with keeping(_shared) as engines:
        yield engines


@pytest.fixture(scope="session")
def postgres_server(_shared: Path) -> Iterator[PostgresServer]:
    """With two migrated databases: `town`, and `migrated` to copy others from."""
    cluster = _shared / "cluster"
    with _made_once(cluster) as is_to_be_made:
        if is_to_be_made:
            with PostgresServer() as first:
                with first.connect() as connection:
                    connection.execute("CREATE DATABASE migrated")
                    migrations.upgrade(first.url("migrated"))
                    connection.execute("CREATE DATABASE town TEMPLATE migrated")
                first.keep(cluster)
    with PostgresServer(cluster=cluster) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """An empty Redis."""
    if not redis_server.program.running:
        redis_server.start()
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture(scope="session")
def _sqlite_template(_shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = _shared / "template.sqlite"
    with _made_once(path) as is_to_be_made:
        if is_to_be_made:
            made = tmp_path_factory.mktemp("migrated") / "template.sqlite"
            migrations.upgrade(f"sqlite:///{made}")
            made.rename(path)
    return path


@pytest.fixture(scope="session")
def _broom(postgres_server: PostgresServer) -> Iterator[Broom]:
    """What empties the worker's own PostgreSQL database, which is migrated."""
    broom = Broom(postgres_server, "town")
    yield broom
    broom.close()


@pytest.fixture(scope="session")
def _sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'town.sqlite'}"


@pytest.fixture
def fresh_sqlite(_sqlite_url: str, _sqlite_template: Path, _engines: Engines) -> str:
    """The address of the worker's own SQLite database, a fresh one."""
    _engines.disconnect()
    file = Path(_sqlite_url.removeprefix("sqlite:///"))
    for old in file.parent.glob("town.sqlite*"):
        old.unlink()
    shutil.copyfile(_sqlite_template, file)
    return _sqlite_url


@pytest.fixture
def _fresh_postgresql(_broom: Broom, _engines: Engines) -> str:
    _engines.disconnect()
    _broom.empty()
    return _broom.url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a migrated, empty database: the worker's own, the same for each of its tests."""
    return fresh_database(request)


def fresh_database(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database of the fixture's parameter. docs/testing.md: which tests run on which.

    PostgreSQL: deleting from every table takes 2 ms, truncating 19 ms, a new database from a template 51 ms.
    """
    url: str = request.getfixturevalue("fresh_sqlite" if request.param == "sqlite" else "_fresh_postgresql")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    # A busy machine that stops a test for two seconds is no process that hangs.
    opened = Database(database_url).patient()
    yield opened
    opened.close()


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> MakeSettings:
    def make(**changes: Any) -> Settings:
        values: dict[str, Any] = {
            "database_url": database_url,
            "redis_url": redis_url,
            "secret_key": "a-secret-key-of-the-tests",
            "public_base_url": "http://127.0.0.1:8000",
            "twilio_account_sid": "AC" + "0" * 32,
            "twilio_auth_token": "a-token-of-the-tests",
            "twilio_api_base_url": "http://127.0.0.1:9",
            "twilio_from_number": "+8657412345678",
            "calls_per_second": 0,
            "sms_segments_per_second": 0,
            "state_dir": str(tmp_path / "state"),
        }
        return Settings.model_validate(values | changes)

    return make
