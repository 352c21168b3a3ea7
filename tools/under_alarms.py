"""What an operator does to a running service, done under a stream of alarms, and judged by the carrier's own record.

make upgrade-drill                 the last release's data and processes to this one, and back again
make promotion-drill               the primary PostgreSQL is killed, its standby is promoted; the archive is restored
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from config import migrations
from config.settings import make_environment
from joint_defense.demo.launch import ROOT
from joint_defense.demo.programs import start
from tests.support.handsets import eventually
from tests.support.ports import free_port
from tests.support.servers import PostgresServer
from tools.faults.breakable import BreakableTown
from tools.faults.proxy import Wire
from tools.faults.stage import Alarm, Shown, Stage

FROM = "950759e6"
"""The last commit whose schema (0030) is the oldest that this release still runs beside: docs/operating.md."""
ALARMS, EVERY, MOST, AFTER = 12, 1.5, 60, 3
"""Alarms at least, seconds between them, the most of them, and how many come once it is done."""


class MovingTown(BreakableTown):
    """A town whose processes are of this tree or another, behind a proxy that leads to one web process at a time."""

    def __init__(self, home: Path, database_url: str, root: Path = ROOT, **changes: str) -> None:
        super().__init__(home, database_url, None, **changes)
        self.root = root
        self.front = Wire(("127.0.0.1", self._port))
        self._wires.enter_context(self.front)
        self.url = f"http://127.0.0.1:{self.front.port}"

    def _launch(self, name: str, settings: Mapping[str, str] | None = None) -> None:
        given = self._environment | dict(settings or {})
        self._programs[name] = start(
            name, self._commands[name], log=self._log(name), environ=given, directory=self.root
        )

    def exchange(self, root: Path, number: str) -> None:
        """Processes of another tree beside these, as deploy/install.sh does it; then these are told to end."""
        olds = {name: each for name in ("worker", "clock", "web") for each in (name, f"{name}2") if self.running(each)}
        news = {name: f"{name}2" if old == name else name for name, old in olds.items()}
        self.root = root
        for name in ("worker", "clock"):
            self.launch(news[name])
        self.both_send([news["worker"], news["clock"]])
        for name in ("worker", "clock"):
            self.end(olds[name])
        port = free_port()
        self.launch(news["web"], PORT=str(port), GUNICORN_CMD_ARGS=f"--bind 127.0.0.1:{port}")
        eventually(lambda: is_there(port), f"the web process {number} is there", within=90)
        self.front.lead_to(("127.0.0.1", port))
        self.end(olds["web"])


def is_there(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


@contextmanager
def stream(stage: Stage, count: int) -> Iterator[list[Alarm]]:
    """Alarms, one every so many seconds, while the block does what it does and a little longer: `count` at least."""
    ready = [stage.alarm() for _ in range(MOST)]
    raised: list[Alarm] = []
    done = threading.Event()

    def raise_all() -> None:
        after = AFTER
        for alarm in ready:
            raised.append(alarm.raise_())
            time.sleep(EVERY)
            after -= done.is_set()
            if after <= 0 and len(raised) >= count:
                return

    raising = threading.Thread(target=raise_all)
    raising.start()
    try:
        yield raised
    finally:
        done.set()
        raising.join()


def tell(stage: Stage, what: str, alarms: list[Alarm], began: float) -> bool:
    """Judge, and say it in a line; whether nothing was lost or doubled."""
    outcome = stage.judge(Shown(alarms))
    firsts = sorted(min((at for at, *_ in alarm.placed()), default=float("inf")) - alarm.raised_at for alarm in alarms)
    well = outcome.requested == outcome.expected and not outcome.doubled and not outcome.complaints
    print(
        f"{what}: {len(alarms)} alarms, {outcome.requested} of {outcome.expected} requests, {outcome.doubled} doubled, "
        f"first requests after {firsts[0]:.1f} to {firsts[-1]:.1f} s, took {time.monotonic() - began:.0f} s"
        f"{''.join(f'; {each}' for each in outcome.complaints)}",
        flush=True,
    )
    return well


def run_in(root: Path, environ: Mapping[str, str], *words: str) -> None:
    """A command of a tree's own."""
    command = [sys.executable, "-m", "flask", "--app", "app", *words]
    done = subprocess.run(command, cwd=root, env=dict(environ), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stderr.strip().splitlines()[-1:]}")


def upgrade(commit: str, count: int) -> bool:
    """The older release's processes and data to this one, and its processes back again on the new schema."""
    with ExitStack() as open_:
        home = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="jd-upgrade-", dir="/tmp")))
        old = home / "old"
        subprocess.run(["git", "worktree", "add", "--detach", old, commit], cwd=ROOT, check=True, capture_output=True)
        remove = ["git", "worktree", "remove", "--force", str(old)]
        open_.callback(lambda: subprocess.run(remove, cwd=ROOT, check=True, capture_output=True))
        server = open_.enter_context(PostgresServer(durable=True))
        with server.connect() as connection:
            connection.execute("CREATE DATABASE town")
        url = server.url("town")
        settings = {"DATABASE_URL": url, "REDIS_URL": "unix:///none", "SECRET_KEY": "x" * 20}
        settings |= {"PUBLIC_BASE_URL": "http://127.0.0.1:9", "TWILIO_API_BASE_URL": "http://127.0.0.1:9"}
        settings |= {"TWILIO_ACCOUNT_SID": "AC", "TWILIO_AUTH_TOKEN": "x", "TWILIO_FROM_NUMBER": "+8657412345678"}
        environ = make_environment(settings)
        run_in(old, environ, "db", "upgrade")
        town = open_.enter_context(MovingTown(home, url, old))
        stage = Stage(town, random.Random(1))  # noqa: S311
        lacking = migrations.find_pending(url)
        print(f"from {commit}, whose database lacks {', '.join(lacking) or 'nothing'}", flush=True)

        def go_on() -> None:
            run_in(ROOT, environ, "db", "upgrade")
            town.exchange(ROOT, "of this release")

        well = under_alarms(stage, count, "upgrade", go_on)
        return under_alarms(stage, count, "back again", lambda: town.exchange(old, "of the last release")) and well


def under_alarms(stage: Stage, count: int, what: str, act: Callable[[], None]) -> bool:
    """Do it while alarms come."""
    began = time.monotonic()
    with stream(stage, count) as alarms:
        time.sleep(2 * EVERY)
        act()
        took = time.monotonic() - began - 2 * EVERY
    print(f"{what}: done after {took:.1f} s of it", flush=True)
    return tell(stage, what, alarms, began)


class Cluster(PostgresServer):
    """A PostgreSQL whose log is archived. It may be the standby of another one, or a copy of it that the archive is
    played into (`from_archive`).
    """

    def __init__(
        self, archive: Path, *, follows: Cluster | None = None, from_archive: bool = False, **more: str
    ) -> None:
        super().__init__(durable=True)
        self.archive, self.follows, self.from_archive = archive, follows, from_archive
        self._settings = self._settings | {
            "archive_mode": "on",
            "archive_timeout": "60",
            "archive_command": f"test ! -f {archive}/%f && cp %p {archive}/%f",
            "wal_keep_size": "256MB",
        }
        self._settings |= more
        if from_archive:
            self._settings |= {"restore_command": f"cp {archive}/%f %p", "archive_mode": "off"}

    def copy_now(self) -> None:
        """The base copy that an archive is played into later."""
        self._binaries = self.follows.programs if self.follows is not None else None
        assert self._binaries is not None
        self._make_cluster(self._binaries)
        (self._home / "data/recovery.signal").touch()

    @property
    def socket(self) -> Path:
        return self._home

    def _make_cluster(self, binaries: Path) -> None:
        if self.follows is None:
            super()._make_cluster(binaries)
            return
        if self._user is not None:
            shutil.chown(self._home, self._user)
        command: list[str | Path] = [binaries / "pg_basebackup", "-D", self._home / "data", "-h", self.follows.socket]
        command += ["-U", "postgres"]
        command += ["-c", "fast", "-X", "stream", *([] if self.from_archive else ["-R"])]
        made = start("basebackup", command, log=self._home / "basebackup.log", directory=self._home, user=self._user)
        if made.popen.wait() != 0:
            sys.exit(made.read_last_words())


def promote(count: int) -> bool:
    """The primary is killed, the standby promoted; then the archive is played into a copy of before all alarms."""
    with ExitStack() as open_:
        home = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="jd-promotion-", dir="/tmp")))
        home.chmod(0o711)
        archive = home / "archive"
        archive.mkdir(mode=0o777)
        archive.chmod(0o777)
        primary = open_.enter_context(Cluster(archive))
        with primary.connect() as connection:
            connection.execute("CREATE DATABASE town")
        migrations.upgrade(primary.url("town"))
        standby = open_.enter_context(Cluster(archive, follows=primary))
        restored = Cluster(archive, follows=primary, from_archive=True)
        open_.callback(restored.stop)
        restored.copy_now()
        with primary.connect() as connection:
            # From here on a commit waits for the standby, too.
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
        url = f"postgresql+psycopg://postgres@/town?host={primary.socket},{standby.socket}"
        town = MovingTown(home, f"{url}&target_session_attrs=read-write")
        stage = Stage(open_.enter_context(town), random.Random(1))  # noqa: S311

        def fail_over() -> None:
            primary.kill()
            began = time.monotonic()
            with standby.connect() as connection:
                connection.execute("SELECT pg_promote(true, 60)")
            print(f"promotion: the standby writes {time.monotonic() - began:.1f} s after the primary died", flush=True)

        well = under_alarms(stage, count, "promotion", fail_over)
        kept = count_incidents(standby)
        with standby.connect() as connection:
            connection.execute("SELECT pg_switch_wal()")
        eventually(lambda: count_unarchived(standby) == 0, "the log is archived", within=90)
        began = time.monotonic()
        restored.start(timeout=300)
        eventually(lambda: not is_recovering(restored), "the archive is played in", within=300)
        back = count_incidents(restored)
        print(f"archive: {back} of {kept} incidents are back after {time.monotonic() - began:.1f} s", flush=True)
        return well and back == kept


def count_incidents(cluster: PostgresServer) -> int:
    with cluster.connect("town") as connection:
        row = connection.execute("SELECT count(*) FROM incidents").fetchone()
    return row[0] if row else -1


def count_unarchived(cluster: Cluster) -> int:
    """Pieces of the log that wait to be archived."""
    with cluster.connect() as connection:
        asked = "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"
        row = connection.execute(asked).fetchone()
    return row[0] if row else -1


def is_recovering(cluster: PostgresServer) -> bool:
    with cluster.connect() as connection:
        row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
    return bool(row and row[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("upgrade", "promotion"))
    parser.add_argument("--from", dest="commit", default=FROM, help=f"the release before (default: {FROM})")
    parser.add_argument("--alarms", type=int, default=ALARMS, help=f"at least, in each direction (default: {ALARMS})")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    well = upgrade(given.commit, given.alarms) if given.what == "upgrade" else promote(given.alarms)
    print("well" if well else "NOT well", flush=True)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
