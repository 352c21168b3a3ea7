"""Copies are made while the service runs, checked, restored into an empty database, and rehearsed."""

from __future__ import annotations

import os
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pyrage
import pytest
from click.testing import Result
from flask.cli import FlaskGroup
from sqlalchemy import func, select

from app import create_app
from config.database import Database
from config.settings import Settings
from groups.models.roster import Household, Village
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.models.processes import Heartbeat
from joint_defense.operations import backup_file, backups
from joint_defense.operations.backups import Keep
from joint_defense.processes.spool import Spool, SpooledEvent, SpooledKind
from joint_defense.rules.states import ClosingOutcome, DeliveryState
from tests.conftest import MakeSettings
from tests.support.factories import Town
from tests.support.servers import PostgresServer

Type = Callable[..., Result]


@pytest.fixture
def make_type(
    settings: MakeSettings, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Type]]:
    """Types commands under settings of a test."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(postgres_server.programs), os.environ["PATH"]]))
    apps = []

    def make(**changes: object) -> Type:
        with click.Context(FlaskGroup()):
            app = create_app(settings(**changes))
        apps.append(app)
        return lambda *words: app.test_cli_runner().invoke(args=[str(word) for word in words])

    yield make
    for app in apps:
        app.extensions["runtime"].close()


@pytest.fixture
def empty_url(database_url: str, tmp_path: Path, postgres_server: PostgresServer) -> Iterator[str]:
    """The address of an empty database beside the test's."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/other/restored.sqlite"
        return
    with postgres_server.connect() as connection:
        connection.execute("CREATE DATABASE restored TEMPLATE template0")
    yield postgres_server.url("restored")
    with postgres_server.connect() as connection:
        connection.execute("DROP DATABASE restored WITH (FORCE)")


def test_an_alarm_that_was_open_is_not_rung_again_after_a_restore(
    database: Database, make_type: Callable[..., Type], empty_url: str, settings: MakeSettings, tmp_path: Path
) -> None:
    town = Town(database)
    wang = town.house("王建国")
    town.house("李月芳")
    town.raise_alarm(wang)
    event = SpooledEvent(SpooledKind.ALARM, "key", "+8613900000001", datetime.now(UTC), "CA1")
    Spool(Path(settings().state_dir) / "spool").put(event)
    made = make_type()("backup", "create", "--to", tmp_path / "copies")
    assert made.exit_code == 0, made.output
    assert "not encrypted" in made.stderr
    copy = Path(made.stdout.split("\t")[0])
    assert copy.stat().st_mode & 0o077 == 0

    elsewhere = make_type(database_url=empty_url, state_dir=str(tmp_path / "elsewhere"))
    done = elsewhere("backup", "restore", copy, "--yes")

    assert done.exit_code == 0, done.output
    assert f"王建国家 {wang.number}" in done.stderr
    assert "1 条来电来信已搁置" in done.stderr
    assert Spool(tmp_path / "elsewhere" / "spool").kept().aside == 1
    restored = Database(empty_url)
    with restored.begin(reads=True) as session:
        assert session.scalar(select(func.count()).select_from(Household)) == 2
        assert session.scalar(select(Incident.outcome)) is ClosingOutcome.RESTORED
        states = set(session.scalars(select(Delivery.state)))
        assert states == {DeliveryState.CANCELLED}
        assert session.scalar(select(func.count()).select_from(Heartbeat)) == 0
    restored.close()
    again = elsewhere("backup", "restore", copy, "--yes")
    assert again.exit_code == 1
    assert "not empty" in again.stderr


def test_an_encrypted_copy_is_read_with_its_key_alone(
    database: Database, make_type: Callable[..., Type], tmp_path: Path
) -> None:
    Town(database).house("王建国")
    key, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    for name, identity in (("key", key), ("other", other)):
        (tmp_path / name).write_text(f"# a key\n{identity}\n", encoding="ascii")
    run = make_type(backup_dir=str(tmp_path / "copies"), backup_recipients=(str(key.to_public()),))
    copy = Path(run("backup", "create").stdout.split("\t")[0])

    assert copy.name.endswith(".tar.age")
    assert "王建国".encode() not in copy.read_bytes()
    assert run("backup", "verify", copy, "--key", tmp_path / "key").exit_code == 0
    assert "another key" in run("backup", "verify", copy, "--key", tmp_path / "other").stderr
    assert "name the key file" in run("backup", "verify", copy).stderr
    assert run("backup", "list").stdout.startswith(copy.name)


def test_a_drill_restores_the_newest_copy_compares_the_figures_and_leaves_nothing(
    database: Database,
    database_url: str,
    make_type: Callable[..., Type],
    tmp_path: Path,
    postgres_server: PostgresServer,
) -> None:
    Town(database).house("王建国")
    run = make_type(backup_dir=str(tmp_path / "copies"))
    assert run("backup", "drill").exit_code == 1
    with database.begin(reads=True) as session:
        code = session.scalars(select(Village.code)).one()
    assert run("counts", "set", code, 10, "--on", "2026-01-01").exit_code == 0
    run("backup", "create")
    done = run("backup", "drill")

    assert done.exit_code == 0, done.output
    with postgres_server.connect() as connection:
        names = connection.execute("SELECT datname FROM pg_database").fetchall()
    assert not [name for (name,) in names if name.startswith("joint_defence_drill")]
    # What differs there is told, and the scratch database is gone all the same.
    newest = backup_file.list_copies(tmp_path / "copies")[0]
    unlike = backups.rehearse(
        newest, None, database_url, lambda _, manifest: f"{manifest.rows['households']} households"
    )
    assert unlike == "1 households"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("wound", ["cut", "changed", "no manifest", "no archive", "elsewhere", "a link"])
def test_a_damaged_copy_is_refused_in_a_line(
    database: Database, make_type: Callable[..., Type], tmp_path: Path, wound: str
) -> None:
    Town(database).house("王建国")
    run = make_type()
    copy = Path(run("backup", "create", "--to", tmp_path / "copies").stdout.split("\t")[0])
    whole = copy.read_bytes()
    match wound:
        case "cut":
            copy.write_bytes(whole[: len(whole) // 2])
        case "changed":
            copy.write_bytes(whole.replace("王建国".encode(), "王建民".encode()))
        case "no archive":
            copy.write_bytes(b"nothing of the kind")
        case "elsewhere":
            with tarfile.open(copy, "w") as archive:
                archive.addfile(tarfile.TarInfo("../outside"))
        case "a link":
            link = tarfile.TarInfo("manifest.json")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
            with tarfile.open(copy, "w") as archive:
                archive.addfile(link)
        case _:
            with tarfile.open(copy, "w"):
                pass
    done = run("backup", "verify", copy)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1), done.output
    assert [path.name for path in (tmp_path / "copies").iterdir()] == [copy.name]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_copy_of_another_kind_of_database_is_refused(
    database: Database, make_type: Callable[..., Type], tmp_path: Path
) -> None:
    copy = Path(make_type()("backup", "create", "--to", tmp_path / "copies").stdout.split("\t")[0])
    with pytest.raises(backup_file.BackupError, match="is of sqlite"):
        backups.restore(copy, None, "postgresql+psycopg://nobody@127.0.0.1:1/none")


def test_the_newest_copy_of_each_day_week_and_month_is_kept(tmp_path: Path) -> None:
    newest = datetime(2026, 11, 30, 20, tzinfo=UTC)
    for hours in range(0, 24 * 400, 12):
        (tmp_path / backup_file.NAME.format(at=newest - timedelta(hours=hours))).touch()
    backups.rotate(tmp_path, Keep(daily=3, weekly=2, monthly=3))
    assert [f"{backup_file.read_age(path):%m-%d %H}" for path in backup_file.list_copies(tmp_path)] == [
        "11-30 20",
        "11-29 20",
        "11-28 20",
        "10-31 20",
        "09-30 20",
    ]


def test_a_folder_that_may_not_be_written_is_named(database: Database, settings: MakeSettings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    given: Settings = settings()
    with pytest.raises(backup_file.BackupError, match="cannot write"):
        backups.make_copy(given.database_url, Path(given.state_dir) / "spool", tmp_path / "file", (), datetime.now(UTC))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_copy_holds_what_was_committed_and_nothing_half_done(
    database: Database, database_url: str, settings: MakeSettings, tmp_path: Path
) -> None:
    Town(database).house("王建国")
    with database.begin() as session:
        session.query(Household).update({"door": "half"})
        session.flush()
        copy = backups.make_copy(database_url, tmp_path / "spool", tmp_path / "copies", (), datetime.now(UTC))
        session.rollback()
    with backup_file.unpack(copy, None) as (_, files), sqlite3.connect(files / backup_file.SQLITE_FILE) as found:
        assert found.execute("SELECT door FROM households").fetchall() != [("half",)]
    found.close()
