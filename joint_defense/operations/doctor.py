"""Is all set up so that an alarm would get through? Each check looks at one thing and says what to do about it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from redis.exceptions import RedisError, ResponseError
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from config.database import Base, read_clock
from groups import directory
from joint_defense.incidents.record import mask_number
from joint_defense.operations import backup_file
from joint_defense.processes import heartbeats
from joint_defense.processes.runtime import Runtime

OLDEST_POSTGRESQL = 13
LARGEST_SKEW = timedelta(seconds=5)
"""Signatures and reports are still taken; a person who compares two clocks is already misled."""
LITTLE_DISK, NO_DISK = 2 << 30, 200 << 20
SHOWN = 5
"""Numbers that a finding names."""
OLDEST_COPY = timedelta(hours=26)
LISTS_OPENED = 50
"""The newest lists are opened, to see whether a key does: each may have 10 MB."""


class Grade(StrEnum):
    """How bad a finding is."""

    GOOD = "ok"
    WARNING = "warning"
    ERROR = "error"
    """An alarm may be lost, or does not get through."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was seen (in Chinese and in English), and where to mend it (empty: nothing to do)."""

    of: str
    grade: Grade
    zh: str
    en: str
    mend: str = ""


Check = Callable[[Runtime], Iterable[Finding]]


def examine(runtime: Runtime, checks: Iterable[Check]) -> Iterator[Finding]:
    """Every check's findings, one after the other. A check that fails by itself is a finding too."""
    for check in checks:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        try:
            yield from check(runtime)
        except Exception as error:
            what = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
            yield Finding(name, Grade.ERROR, f"检查本身出错：{what}", f"the check itself failed: {what}")


def note_skew(of: str, there: datetime, here: datetime) -> Iterator[Finding]:
    """A finding where two clocks differ by too much."""
    if abs(there - here) > LARGEST_SKEW:
        seconds = round((there - here).total_seconds())
        yield Finding(of, Grade.WARNING, f"时钟相差{seconds}秒", f"the clocks differ by {seconds} s", "NTP")


def check_settings(runtime: Runtime) -> Iterator[Finding]:
    """What the settings allow that a town should not run on."""
    settings = runtime.settings
    live = not settings.carrier_is_simulator
    if not live:
        yield Finding(
            "settings",
            Grade.WARNING,
            "运营商是模拟器，打不到任何人",
            "the carrier is the simulator: nobody is reached",
            "TWILIO_API_BASE_URL",
        )
    if live and urlsplit(settings.public_base_url).scheme != "https":
        yield Finding(
            "settings", Grade.ERROR, "对外地址不是https", "PUBLIC_BASE_URL is not https", "deploy/caddy, deploy/nginx"
        )
    if live and runtime.database.is_sqlite:
        yield Finding(
            "settings",
            Grade.WARNING,
            "SQLite只适合单机演示",
            "SQLite serves one machine and the demo; a town runs on PostgreSQL",
            "DATABASE_URL",
        )
    if not settings.metrics_token:
        yield Finding("settings", Grade.WARNING, "/metrics没有人能看", "nobody can watch /metrics", "METRICS_TOKEN")
    count = len(settings.accounts)
    yield Finding("settings", Grade.GOOD, f"已读取，{count}个运营商账号", f"read; {count} carrier account(s)")


def check_database(runtime: Runtime) -> Iterator[Finding]:
    """Does it answer, is it of a known release, may we do what we need, and what time is it there?"""
    database = runtime.database
    try:
        with database.begin() as session:
            connection = session.connection()
            there, here = read_clock(session), datetime.now(UTC)
            if not database.is_sqlite:
                yield from _look_at_postgresql(connection)
            missing = set(Base.metadata.tables) - set(inspect(connection).get_table_names())
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        yield Finding("database", Grade.ERROR, f"没有应答：{reason}", f"does not answer: {reason}", "DATABASE_URL")
        return
    if missing:
        yield Finding(
            "database",
            Grade.ERROR,
            f"缺少{len(missing)}个表",
            f"lacks {len(missing)} tables",
            "flask --app app db upgrade",
        )
    else:
        yield Finding("database", Grade.GOOD, "正常", "answers, and has all tables")
    yield from note_skew("database", there, here)


_DENIED = """
SELECT string_agg(tablename, ', ') FROM
  (SELECT tablename, format('%I.%I', schemaname, tablename) AS name, schemaname FROM pg_tables) AS tables
WHERE schemaname = current_schema() AND NOT (
  has_table_privilege(name, 'SELECT') AND has_table_privilege(name, 'INSERT')
  AND has_table_privilege(name, 'UPDATE') AND has_table_privilege(name, 'DELETE'))
"""


def _look_at_postgresql(connection: Connection) -> Iterator[Finding]:
    version = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10000
    if version < OLDEST_POSTGRESQL:
        yield Finding(
            "database", Grade.ERROR, f"PostgreSQL {version} 太旧", f"PostgreSQL {version} is too old", "PostgreSQL 13+"
        )
    if connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one():
        yield Finding(
            "database",
            Grade.ERROR,
            "连到的是备库，不能写入",
            "this server is a standby: nothing can be written",
            "DATABASE_URL …?target_session_attrs=read-write",
        )
    if denied := connection.execute(text(_DENIED)).scalar_one():
        yield Finding("database", Grade.ERROR, f"无权写入：{denied}", f"our role may not write: {denied}", "GRANT")
    for name in ("fsync", "synchronous_commit"):
        if connection.execute(text(f"SHOW {name}")).scalar_one() == "off":
            yield Finding(
                "database",
                Grade.ERROR,
                f"{name}已关闭：断电会丢失警情",
                f"{name} is off: a power cut may lose an alarm",
                "deploy/postgresql",
            )


def check_migrations(runtime: Runtime) -> Iterator[Finding]:
    """Is the schema that of this release?"""
    # Alembic is a tenth of a second, and nobody else here needs it.
    from config import migrations  # noqa: PLC0415

    try:
        lacking = migrations.find_pending(runtime.settings.database_url)
    except migrations.NewerDatabase as error:
        yield Finding("migrations", Grade.ERROR, "数据库属于更新的版本", str(error))
        return
    except SQLAlchemyError:
        return  # `check_database` says why
    if lacking:
        names = ", ".join(lacking)
        yield Finding(
            "migrations", Grade.ERROR, f"尚未升级：{names}", f"the database lacks {names}", "flask --app app db upgrade"
        )
    else:
        yield Finding("migrations", Grade.GOOD, "已是最新", "up to date")


def check_redis(runtime: Runtime) -> Iterator[Finding]:
    """Does it answer, does it keep what it has over a restart, and does it never drop a job to save memory?"""
    try:
        runtime.redis.ping()
    except RedisError as error:
        name = type(error).__name__
        yield Finding("redis", Grade.ERROR, f"没有应答：{name}", f"does not answer: {name}", "REDIS_URL")
        return
    yield Finding("redis", Grade.GOOD, "正常", "answers")
    names = ("appendonly", "save", "maxmemory-policy", "maxmemory")
    try:
        given = {name: str(runtime.redis.config_get(name)[name]) for name in names}
    except (ResponseError, KeyError):
        yield Finding("redis", Grade.WARNING, "无法读取其设置", "its settings may not be read", "deploy/redis")
        return
    if given["appendonly"] != "yes" and not given["save"]:
        yield Finding(
            "redis", Grade.WARNING, "重启后不保留数据", "keeps nothing over a restart", "deploy/redis: appendonly yes"
        )
    if int(given["maxmemory"] or 0) and given["maxmemory-policy"] != "noeviction":
        yield Finding(
            "redis",
            Grade.ERROR,
            "内存不足时会丢弃任务",
            f"drops jobs when memory is short ({given['maxmemory-policy']})",
            "deploy/redis: maxmemory-policy noeviction",
        )


def check_disk(runtime: Runtime) -> Iterator[Finding]:
    """Is there room for the spool, may we write there, and does something wait in it?"""
    folder = Path(runtime.settings.state_dir).absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(there, os.W_OK):
        yield Finding("disk", Grade.ERROR, f"{folder} 不可写", f"{folder} may not be written", "STATE_DIR, chown")
        return
    free = shutil.disk_usage(there).free
    grade = Grade.ERROR if free < NO_DISK else Grade.WARNING if free < LITTLE_DISK else Grade.GOOD
    size = f"{free / (1 << 30):.1f} GiB"
    yield Finding("disk", grade, f"{folder} 剩余 {size}", f"{size} free in {folder}")
    kept = runtime.spool.kept()
    if kept.aside or kept.wait:
        yield Finding(
            "spool",
            Grade.WARNING,
            f"{kept.wait}条待处理，{kept.aside}条已搁置",
            heartbeats.write_spool(kept),
            "flask --app app spool list",
        )


def check_processes(runtime: Runtime) -> Iterator[Finding]:
    """Do worker and clock say that they live?"""
    try:
        with runtime.database.begin(reads=True) as session:
            vitals = heartbeats.read_vitals(session, runtime.settings.accounts, read_clock(session))
    except SQLAlchemyError:
        return  # `check_database` says why
    for role in heartbeats.ROLES:
        word = vitals.word(role)
        if word == heartbeats.WELL:
            yield Finding(str(role), Grade.GOOD, "在运行", "runs")
        else:
            start = f"flask --app joint_defense.processes.engine {role}"
            yield Finding(str(role), Grade.ERROR, "没有运行", word, start)


def check_countries(runtime: Runtime) -> Iterator[Finding]:
    """Which numbers on the lists are in a country that is not called?"""
    countries = runtime.settings.countries
    try:
        with runtime.database.begin(reads=True) as session:
            numbers = directory.list_numbers_outside(session, countries)
    except SQLAlchemyError:
        return  # `check_database` says why
    if not numbers:
        yield Finding("countries", Grade.GOOD, "、".join(countries), ", ".join(countries))
        return
    some = [mask_number(each) for each in numbers[:SHOWN]]
    yield Finding(
        "countries",
        Grade.WARNING,
        f"{len(numbers)}个号码不在可拨打的国家或地区：{'、'.join(some)}{'等' if len(numbers) > SHOWN else ''}",
        f"{len(numbers)} number(s) in countries that are not called: {', '.join(some)}"
        f"{' and more' if len(numbers) > SHOWN else ''}",
        "COUNTRIES",
    )


def check_printing(runtime: Runtime) -> Iterator[Finding]:
    """Is the font there that lists are printed with?"""
    root = Path(__file__).resolve().parents[2] / "groups"
    font = next(iter(sorted(root.rglob("*.otf"))), None)
    if font is None:
        yield Finding("fonts", Grade.ERROR, "缺少打印用的字体", "the font of printed lists is missing")
    else:
        yield Finding("fonts", Grade.GOOD, font.name, font.name)


def check_backups(runtime: Runtime) -> Iterator[Finding]:
    """Is there a copy of today, and can only the right people read it?"""
    settings = runtime.settings
    if not settings.backup_dir:
        yield Finding("backup", Grade.WARNING, "没有设置备份目录", "no copies are made", "BACKUP_DIR")
        return
    found = backup_file.list_copies(Path(settings.backup_dir))
    if not found or datetime.now(UTC) - backup_file.read_age(found[0]) > OLDEST_COPY:
        old = (f"最新的备份已过时：{found[0].name}", f"the newest copy is old: {found[0].name}") if found else None
        zh, en = old or ("还没有备份", "there is no copy yet")
        yield Finding(
            "backup",
            Grade.ERROR,
            zh,
            en,
            "flask --app app backup create",
        )
    else:
        yield Finding(
            "backup", Grade.GOOD, f"{len(found)}份，最新 {found[0].name}", f"{len(found)}, the newest {found[0].name}"
        )
    if not settings.backup_recipients:
        yield Finding("backup", Grade.WARNING, "备份未加密", "copies are not encrypted", "BACKUP_RECIPIENTS")


def check_data_keys(runtime: Runtime) -> Iterator[Finding]:
    """Is what lies on the disk sealed, does a key open it, and is it to be closed anew?"""
    from groups.directory import people  # noqa: PLC0415 - for this command alone

    keys, of = len(runtime.settings.data_keys), "data keys"
    with runtime.database.begin(reads=True) as session:
        found = people.count_sealed(session, LISTS_OPENED)
    events = sum(each.sealed for each in runtime.spool.list_kept())
    if unopened := found.unopened + events:
        what = f"{unopened}件没有密钥能打开", f"no key opens {unopened} lists, secrets or events: put the old key back"
        yield Finding(of, Grade.ERROR, *what, "DATA_KEYS")
    if not keys:
        yield Finding(of, Grade.WARNING, "未加密", "lists, secrets and kept events are not encrypted", "DATA_KEYS")
    elif found.later or found.open:
        zh = f"{found.open}件未加密，{found.later}件仍用旧密钥"
        en = f"{found.open} not encrypted yet, {found.later} closed with an old key, which is needed until then"
        yield Finding(of, Grade.WARNING, zh, en, "flask --app app data-keys rotate")
    elif not unopened:
        old = ("，旧密钥可以去掉", ", the old keys may go once every machine has rotated") if keys > 1 else ("", "")
        yield Finding(of, Grade.GOOD, f"{found.first}件已加密{old[0]}", f"{found.first} sealed, and opened{old[1]}")


INSIDE: tuple[Check, ...] = (
    check_settings,
    check_database,
    check_migrations,
    check_redis,
    check_disk,
    check_processes,
    check_countries,
    check_printing,
    check_backups,
    check_data_keys,
)
"""What is looked at on this machine. What is outside: `operations.outside`."""
