"""Making copies, looking after them, and proving that they can be restored."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alembic.migration import MigrationContext
from sqlalchemy import URL, Connection, Engine, create_engine, inspect, make_url, text

from config.database import Database
from config.release import RELEASE
from config.settings import make_environment
from joint_defense.operations.backup_file import (
    FORMAT,
    POSTGRESQL_FILE,
    SPOOL,
    SQLITE_FILE,
    BackupError,
    Manifest,
    list_copies,
    pack,
    read_age,
    unpack,
)

DUMP_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Keep:
    """How many copies are kept: the newest of each of so many days, weeks and months. At least the newest stays."""

    daily: int = 7
    weekly: int = 5
    monthly: int = 12


def make_copy(database_url: str, spool: Path, to: Path, recipients: Sequence[str], now: datetime) -> Path:
    """Copy the database, as it is at one moment, and this machine's spool into the folder `to`. Returns the copy.

    The service may run meanwhile, and nobody waits for it. Raises BackupError.
    """
    try:
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=to) as folder:
            source = Path(folder) / "files"
            source.mkdir()
            manifest = Manifest(
                format=FORMAT, release=RELEASE, made_at=now, database="", revision="", rows={}, files={}
            )
            # The spool first: what is taken in meanwhile is then in both, and intake takes it once.
            _copy_spool(spool, source / SPOOL)
            copy = _copy_sqlite if make_url(database_url).get_backend_name() == "sqlite" else _copy_postgresql
            copy(database_url, source, manifest)
            return pack(source, manifest, to, recipients)
    except OSError as error:
        raise BackupError("无法写入", f"cannot write to {to}: {error.strerror}") from error


def restore(copy: Path, key_file: Path | None, database_url: str) -> Manifest:
    """Put a copy's database into an empty one, all or nothing, and count its rows. Returns what the copy says.

    The schema stays that of the copy. Raises BackupError where the database is not empty, or does not count the same.
    """
    with unpack(copy, key_file) as (manifest, files):
        url = make_url(database_url)
        if url.get_backend_name() != manifest.database:
            raise BackupError(
                f"备份来自 {manifest.database},DATABASE_URL 是 {url.get_backend_name()}",
                f"the copy is of {manifest.database}, and DATABASE_URL is {url.get_backend_name()}",
            )
        if manifest.database == "sqlite":
            _restore_sqlite(files / SQLITE_FILE, url)
        else:
            _restore_postgresql(files / POSTGRESQL_FILE, url)
        if (found := _count_kept(database_url)) != manifest.rows:
            unlike = sorted(name for name in {*found, *manifest.rows} if found.get(name) != manifest.rows.get(name))
            raise BackupError("恢复后行数不符", f"restored, but rows differ in: {', '.join(unlike)}")
        return manifest


def restore_spool(copy: Path, key_file: Path | None, spool: Path) -> int:
    """Put what waited on the disk when the copy was made aside on this machine: a person decides on each.

    It may be hours old: nobody is to be rung for it by itself. Returns how many there are.
    """
    with unpack(copy, key_file) as (_, files):
        found = sorted((files / SPOOL).glob("*")) if (files / SPOOL).is_dir() else []
        if found:
            spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in found:
            target = spool / f"{path.stem}.failed"
            shutil.copyfile(path, target)
            target.chmod(0o600)
        return len(found)


def rotate(folder: Path, keep: Keep) -> list[Path]:
    """Remove the copies that no rule keeps. Returns those removed, the newest first."""
    copies = list_copies(folder)
    kept = set(copies[:1])
    periods: list[tuple[int, Callable[[datetime], str]]] = [
        (keep.daily, lambda at: f"{at:%Y-%m-%d}"),
        (keep.weekly, lambda at: f"{at:%G-%V}"),
        (keep.monthly, lambda at: f"{at:%Y-%m}"),
    ]
    for many, name_period in periods:
        newest: dict[str, Path] = {}
        for copy in copies:
            newest.setdefault(name_period(read_age(copy)), copy)
        kept.update(list(newest.values())[:many])
    gone = [copy for copy in copies if copy not in kept]
    for copy in gone:
        copy.unlink()
    return gone


def rehearse(copy: Path, key_file: Path | None, database_url: str, compare: Callable[[str, Manifest], str]) -> str:
    """Restore a copy into a scratch database beside ours and remove it again. Returns what differs; "" for nothing.

    `compare` is given the scratch database's address and says what is not as it should be. Raises BackupError where
    the copy cannot be restored at all.
    """
    url = make_url(database_url)
    name = f"joint_defence_drill_{os.getpid()}_{datetime.now(UTC):%H%M%S}"
    if url.get_backend_name() == "sqlite":
        with tempfile.TemporaryDirectory(prefix="joint-defence-drill-") as folder:
            scratch = f"sqlite:///{folder}/scratch.sqlite"
            return compare(scratch, restore(copy, key_file, scratch))
    ours = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        _make_scratch(ours, name)
        scratch = url.set(database=name).render_as_string(hide_password=False)
        try:
            return compare(scratch, restore(copy, key_file, scratch))
        finally:
            with ours.connect() as connection:
                connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    finally:
        ours.dispose()


def _make_scratch(ours: Engine, name: str) -> None:
    with ours.connect() as connection:
        allowed = connection.scalar(text("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"))
        if not allowed:
            raise BackupError(
                "演练需要建库权限:ALTER ROLE 用户名 CREATEDB",
                "a drill makes a database of its own: ALTER ROLE … CREATEDB",
            )
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))


def _copy_spool(spool: Path, to: Path) -> None:
    to.mkdir()
    for path in sorted(spool.glob("*")):
        if path.suffix in {".event", ".failed"}:
            try:
                shutil.copyfile(path, to / path.name)
            except FileNotFoundError:
                continue  # it has been taken in meanwhile, and is in the database


def _copy_sqlite(database_url: str, source: Path, manifest: Manifest) -> None:
    path = make_url(database_url).database or ""
    if not Path(path).is_file():
        raise BackupError("没有这个数据库文件", f"there is no database {path}")
    target = source / SQLITE_FILE
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ours, closing(sqlite3.connect(target)) as other:
        ours.backup(other)
        # One file: without it the copy is in the other mode, and has two more beside it once it is opened.
        other.execute("PRAGMA journal_mode=DELETE")
    engine = create_engine(f"sqlite:///{target}")
    try:
        with engine.connect() as connection:
            _describe(connection, manifest)
    finally:
        engine.dispose()


def _copy_postgresql(database_url: str, source: Path, manifest: Manifest) -> None:
    database = Database(database_url)
    try:
        with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            # Rows are counted in the very state that is dumped.
            snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
            _describe(connection, manifest)
            words = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
            _run_program("pg_dump", [*words, f"--file={source / POSTGRESQL_FILE}"], make_url(database_url))
    finally:
        database.close()


def _describe(connection: Connection, manifest: Manifest) -> None:
    manifest.database = connection.dialect.name
    manifest.revision = ", ".join(MigrationContext.configure(connection).get_current_heads())
    manifest.rows = _count_rows(connection)


def _count_kept(database_url: str) -> dict[str, int]:
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            return _count_rows(connection)
    finally:
        engine.dispose()


def _count_rows(connection: Connection) -> dict[str, int]:
    quote = connection.dialect.identifier_preparer.quote
    names = sorted(inspect(connection).get_table_names())
    # Names are the schema's own.
    return {name: connection.scalar(text(f"SELECT count(*) FROM {quote(name)}")) or 0 for name in names}  # noqa: S608


def _restore_sqlite(file: Path, url: URL) -> None:
    target = Path(url.database or "")
    if any(Path(f"{target}{ending}").exists() and Path(f"{target}{ending}").stat().st_size for ending in ("", "-wal")):
        raise BackupError("数据库不是空的", f"the database is not empty: {target}")
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as ours:
        if (word := ours.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            raise BackupError("备份中的数据库已损坏", f"the database in the copy is damaged: {word}")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(file, part)
    part.chmod(0o600)
    part.rename(target)


def _restore_postgresql(file: Path, url: URL) -> None:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            tables = inspect(connection).get_table_names()
    finally:
        engine.dispose()
    if tables:
        raise BackupError(
            f"数据库不是空的({len(tables)} 个表)，请另建一个空库",
            f"the database is not empty ({len(tables)} tables): create another one",
        )
    words = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", f"--dbname={url.database}"]
    _run_program("pg_restore", [*words, str(file)], url)


def _run_program(name: str, words: Sequence[str], url: URL) -> None:
    """Run one of PostgreSQL's own programs. The password is in its environment, where no other user sees it."""
    program = shutil.which(name)
    if program is None:
        raise BackupError(
            f"缺少 {name}:apt install postgresql-client", f"{name} is missing: apt install postgresql-client"
        )
    done = subprocess.run(  # noqa: S603 - the program found above, with our own words
        [program, "--no-password", *words],
        env=make_environment(_as_environment(url)),
        capture_output=True,
        timeout=DUMP_SECONDS,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["?"]
        raise BackupError(f"{name} 失败", f"failed: {lines[0]}")


def _as_environment(url: URL) -> dict[str, str]:
    """An address as PostgreSQL's programs take it; what else the address sets (`?sslmode=…`) has variables too."""
    query = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    given = {
        "PGHOST": url.host or query.pop("host", ""),
        "PGPORT": str(url.port or query.pop("port", "")),
        "PGUSER": url.username or query.pop("user", ""),
        "PGPASSWORD": str(url.password or query.pop("password", "")),
        "PGDATABASE": url.database or "",
        "PGCLIENTENCODING": "UTF8",
    }
    known = {"connect_timeout": "PGCONNECT_TIMEOUT", "target_session_attrs": "PGTARGETSESSIONATTRS"}
    given |= {known.get(name, f"PG{name.upper()}"): value for name, value in query.items()}
    return {name: value for name, value in given.items() if value}
