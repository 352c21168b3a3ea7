"""Commands of whoever looks after the service: `doctor`, `backup create` and what follows, `version`."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext

from config.database import Database, read_clock
from config.release import RELEASE
from joint_defense.incidents import service_alerts as alerts
from joint_defense.operations import backup_file, backups
from joint_defense.operations.after_restore import OpenThen, settle
from joint_defense.operations.backup_file import BackupError, Manifest
from joint_defense.operations.doctor import INSIDE, Finding, Grade, examine
from joint_defense.processes import service_alerts as telling
from joint_defense.processes.runtime import get_runtime
from joint_defense.rules.upkeep.service_alerts import AlertKind, Trouble

_MARKS = {Grade.GOOD: "✓", Grade.WARNING: "!", Grade.ERROR: "✗"}


@click.command("version", help="Which release this is.")
def version() -> None:
    """The release, and nothing else."""
    click.echo(RELEASE)


@click.command(
    "doctor", help="Is all set up so that an alarm would get through? A line a finding; 1 where one is an error."
)
@click.option("--json", "as_json", is_flag=True, help="As a list in JSON.")
@click.option("--offline", is_flag=True, help="Ask neither the carrier nor our public address.")
@click.option("--fix-webhooks", is_flag=True, help="Have the carrier send what comes in on our numbers to us.")
@click.option("--call", "number", metavar="NUMBER", help="Ring this phone and say that it is a test.")
@with_appcontext
def doctor(as_json: bool, offline: bool, fix_webhooks: bool, number: str | None) -> None:
    """Look at everything, and say what to do."""
    # The carrier's SDK, for what is asked outside only.
    from joint_defense.operations import doctor_outside  # noqa: PLC0415

    checks = INSIDE
    if not offline:
        checks = (*checks, doctor_outside.check_public_address)
        checks = (*checks, doctor_outside.mend_webhooks if fix_webhooks else doctor_outside.check_carriers)
    found = list(examine(get_runtime(), checks))
    if number is not None:
        found.append(_place_call(number))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=1))
    else:
        for each in found:
            mend = f" → {each.mend}" if each.mend else ""
            click.echo(f"{_MARKS[each.grade]} {each.of}: {each.zh} / {each.en}{mend}")
    sys.exit(1 if any(each.grade is Grade.ERROR for each in found) else 0)


def _place_call(number: str) -> Finding:
    from joint_defense.operations.doctor_outside import place_test_call  # noqa: PLC0415 - as above

    read = get_runtime().read_number(number)
    if not read:
        return Finding("test call", Grade.ERROR, f"无法识别的号码：{number}", f"this is no number: {number}", "--call")
    return place_test_call(get_runtime(), read)


backup = AppGroup("backup", help="Copies of the database and of this machine's spool.")
_KEY = click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path),
    help="The private key that the copy was encrypted for; BACKUP_IDENTITY names the file otherwise.",
)


@backup.command(
    "create", help="Make a copy; the service may run meanwhile. Older ones go: 7 daily, 5 weekly, 12 monthly."
)
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Where to; BACKUP_DIR otherwise.")
@click.option("--keep-all", is_flag=True, help="Remove no older copy.")
def create(folder: Path | None, keep_all: bool) -> None:
    """Make a copy and remove those that no rule keeps."""
    settings, folder = get_runtime().settings, folder or _find_folder()
    began = datetime.now(UTC)
    try:
        spool = Path(settings.state_dir) / "spool"
        made = backups.make_copy(settings.database_url, spool, folder, settings.backup_recipients, began)
        gone = [] if keep_all else backups.rotate(folder, backups.Keep())
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    if not settings.backup_recipients:
        click.echo(
            "备份未加密，只有本用户可读 / not encrypted, readable by this user alone: BACKUP_RECIPIENTS", err=True
        )
    seconds = (datetime.now(UTC) - began).total_seconds()
    click.echo(f"{made}\t{made.stat().st_size}\t{seconds:.1f} s")
    for each in gone:
        click.echo(f"已删除旧备份 / removed: {each.name}", err=True)


@backup.command("list", help="The copies, the newest first.")
@click.option("--in", "folder", type=click.Path(path_type=Path), help="Where; BACKUP_DIR otherwise.")
def list_copies(folder: Path | None) -> None:
    """A line each: name, when, size."""
    zone = get_runtime().settings.zone
    for each in backup_file.list_copies(folder or _find_folder()):
        click.echo(
            f"{each.name}\t{backup_file.read_age(each).astimezone(zone):%Y-%m-%d %H:%M:%S}\t{each.stat().st_size}"
        )


@backup.command("verify", help="Is a copy whole, and what does it hold?")
@click.argument("copy", type=click.Path(path_type=Path))
@_KEY
def verify(copy: Path, key_file: Path | None) -> None:
    """Check every file against the manifest."""
    try:
        with backup_file.unpack(copy, _find_key(key_file)) as (manifest, _):
            click.echo(_describe(manifest))
    except BackupError as error:
        raise click.ClickException(str(error)) from None


@backup.command(
    "restore", help="Put a copy into the empty database that DATABASE_URL names, before any process starts."
)
@click.argument("copy", type=click.Path(path_type=Path))
@_KEY
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(copy: Path, key_file: Path | None, yes: bool) -> None:
    """Restore, bring the schema up to date, and settle what was open then."""
    # Alembic, for this one alone.
    from config import migrations  # noqa: PLC0415

    settings, key_file = get_runtime().settings, _find_key(key_file)
    if not yes:
        click.confirm(f"恢复 {copy.name}？ / Restore it?", abort=True, err=True)
    get_runtime().close()
    try:
        manifest = backups.restore(copy, key_file, settings.database_url)
        migrations.upgrade(settings.database_url)
        aside = backups.restore_spool(copy, key_file, Path(settings.state_dir) / "spool")
    except (BackupError, migrations.NewerDatabase) as error:
        raise click.ClickException(str(error)) from None
    database = Database(settings.database_url)
    try:
        with database.begin() as session:
            left = settle(session, manifest.made_at, read_clock(session))
    finally:
        database.close()
    click.echo(_describe(manifest))
    _tell_what_is_left(manifest, left, aside)


def _tell_what_is_left(manifest: Manifest, left: list[OpenThen], aside: int) -> None:
    zone = get_runtime().settings.zone
    for each in left:
        callers = "、".join(f"{name} {number}" for name, number in each.callers)
        click.echo(
            f"当时未解除，请回电 / open then, call back: {each.incident_id}\t"
            f"{each.opened_at.astimezone(zone):%Y-%m-%d %H:%M:%S}\t{each.village}\t{callers}",
            err=True,
        )
    if aside:
        click.echo(f"{aside} 条来电来信已搁置 / events were set aside: flask --app app spool list", err=True)
    since = f"{manifest.made_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    click.echo(f"此后的改动需重新录入 / enter anew what was changed since {since}", err=True)


@backup.command(
    "drill", help="Restore the newest copy (or COPY) into a scratch database, compare, and remove it again."
)
@click.argument("copy", type=click.Path(path_type=Path), required=False)
@_KEY
def drill(copy: Path | None, key_file: Path | None) -> None:
    """Exit code 1 with what differs."""
    settings = get_runtime().settings
    newest = next(iter(backup_file.list_copies(_find_folder())), None) if copy is None else copy
    if newest is None:
        raise click.ClickException(f"没有备份 / there is no copy in {_find_folder()}")
    get_runtime().close()
    began = datetime.now(UTC)
    try:
        unlike = backups.rehearse(newest, _find_key(key_file), settings.database_url, _compare_figures)
    except BackupError as error:
        _note_drill(newest.name, well=False)
        raise click.ClickException(str(error)) from None
    _note_drill(newest.name, well=not unlike)
    if unlike:
        raise click.ClickException(f"恢复后的数字不同 / the figures differ: {unlike}")
    click.echo(f"{newest.name}: 可以恢复 / can be restored\t{(datetime.now(UTC) - began).total_seconds():.1f} s")


def _note_drill(copy: str, *, well: bool) -> None:
    """So that somebody is told where it failed, and that it is over where it went well."""
    settings = get_runtime().settings
    database = Database(settings.database_url)
    try:
        with database.begin() as session:
            now = read_clock(session)
            if not well:
                alerts.open_alert(session, Trouble(AlertKind.RESTORE_DRILL, "", copy), now)
                return
            failed = [each.id for each in alerts.list_open(session) if each.kind is AlertKind.RESTORE_DRILL]
            letters = telling.tell_over(session, settings, alerts.close_alerts(session, failed, now), now)
    finally:
        database.close()
    for letter in letters:
        telling.send_letter(settings, letter)


def _compare_figures(scratch: str, manifest: Manifest) -> str:
    """Whether the coverage of the day before the copy is the same there and here, as it was known when it was made."""
    zone = get_runtime().settings.zone
    day = (manifest.made_at.astimezone(zone) - timedelta(days=1)).date().isoformat()
    known = manifest.made_at.astimezone(zone).isoformat(timespec="seconds")
    words = ["coverage", "show", "--as-of", day, "--known-at", known, "--format", "json"]
    ours, theirs = (_run(url, words) for url in (get_runtime().settings.database_url, scratch))
    return "" if ours == theirs else f"coverage --as-of {day} --known-at {known}"


def _run(database_url: str, words: list[str]) -> str:
    from config.settings import make_environment  # noqa: PLC0415 - for this one alone

    settings = get_runtime().settings
    given = {
        "DATABASE_URL": database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "PUBLIC_BASE_URL": settings.public_base_url,
        "TWILIO_ACCOUNT_SID": "none",
        "TWILIO_AUTH_TOKEN": "none",  # nosec B105 - for a settings check, with no carrier behind it
        "TWILIO_API_BASE_URL": "http://127.0.0.1:9",
        "TWILIO_FROM_NUMBER": settings.accounts[0].from_number[0],
        "TIMEZONE": settings.timezone,
    }
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "flask", "--app", "app", *words],
        env=make_environment(given),
        cwd=root,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    # A town that has counted no households yet has no figures, here and there.
    return done.stdout if done.returncode == 0 else (done.stderr.strip().splitlines() or ["?"])[-1]


def _describe(manifest: Manifest) -> str:
    zone = get_runtime().settings.zone
    rows = sum(manifest.rows.values())
    return (
        f"{manifest.made_at.astimezone(zone):%Y-%m-%d %H:%M:%S}\t{manifest.database}\t"
        f"版本 release {manifest.release}\t结构 schema {manifest.revision}\t"
        f"{len(manifest.rows)} 表 tables\t{rows} 行 rows"
    )


def _find_folder() -> Path:
    named = get_runtime().settings.backup_dir
    if not named:
        raise click.ClickException("没有设置备份目录 / no folder is named: --to, BACKUP_DIR")
    return Path(named)


def _find_key(given: Path | None) -> Path | None:
    named = get_runtime().settings.backup_identity
    return given or (Path(named) if named else None)
