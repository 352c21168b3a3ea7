"""`privacy purge`, `export`, `erase`: what is kept about people ends, is handed out, and is erased on demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from config.database import read_clock
from config.retention import Due, Kept, count_due, delete_due
from groups.directory import people
from joint_defense.incidents import privacy
from joint_defense.processes.runtime import Runtime, get_runtime

privacy_commands = AppGroup("privacy", help="What is kept about people: delete what is over its time, hand out, erase.")

_household = click.option("--household", "household_id", type=int, help="The household's id, as in its page's address.")
_number = click.option("--number", help="A phone's number, as people write it.")


@privacy_commands.command("purge")
@click.option("--dry-run", is_flag=True, help="Only count what is over its time.")
def purge(dry_run: bool) -> None:
    """Delete what is over its time, in small batches: what the clock does every night between three and five."""
    of = get_runtime()
    periods, dues = of.settings.keep_days, (*people.make_dues(of.settings.zone), *privacy.make_dues())
    with of.database.begin(reads=True) as session:
        counts = count_due(session, dues, periods, read_clock(session))
    for kind in Kept:
        kept = f"{periods[kind]} days" if periods[kind] else "without end"
        click.echo(f"{kind.value}: {counts[kind]} ({kept})")
    if dry_run:
        return
    for due in dues:
        while _delete(of, due):
            pass
    click.echo("已删除 / deleted")


def _delete(of: Runtime, due: Due) -> int:
    with of.database.begin() as session:
        return delete_due(session, due, of.settings.keep_days, read_clock(session))


@privacy_commands.command("export")
@_household
@_number
@click.option("--output", type=click.Path(path_type=Path), required=True, help="The workbook to write: one sheet.")
def export(household_id: int | None, number: str | None, output: Path) -> None:
    """Write all that is kept about a household, or about a number that no household has, as one sheet."""
    of = get_runtime()
    with of.database.begin() as session:
        subject = _find_subject(session, household_id, number, of)
        lines = people.read_sheet(session, subject) + privacy.read_sheet(session, subject)
        people.note_look(session, "command.privacy_export", "xlsx", len(lines), subject, read_clock(session))
    try:
        output.write_bytes(people.write_sheet(lines, of.settings.timezone))
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from None
    click.echo(f"{output}: 共{len(lines)}条 / {len(lines)} lines")


@privacy_commands.command("erase")
@_household
@_number
@click.option("--dry-run", is_flag=True, help="Only say what would be erased, and what stays.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(household_id: int | None, number: str | None, dry_run: bool, yes: bool) -> None:
    """Erase a household, or a number that no household has: names, doors, numbers and texts. It cannot be undone."""
    of = get_runtime()
    with of.database.begin() as session:
        subject = _find_subject(session, household_id, number, of)
        lines = people.read_sheet(session, subject) + privacy.read_sheet(session, subject)
        running = privacy.find_running(session, subject)
    _tell_what_is_kept(subject, lines)
    if running:
        ids = ", ".join(map(str, running))
        raise click.ClickException(
            f"警情{ids}尚未结束，需要这些信息；结束后再删除 / incident {ids} is open and needs it: erase after its end"
        )
    if dry_run or not (yes or click.confirm("删除后无法恢复，继续吗 / It cannot be undone. Go on?")):
        return
    with of.database.begin() as session:
        done = _erase(session, subject, of, read_clock(session))
    click.echo(f"已删除（涉及警情{done.incidents}起）/ erased (in {done.incidents} incidents)")
    for name in done.dropped:
        click.echo(
            f"! {name}: 名单尚未写入且含有该号码，已作废，请删去此人后重新导入 / a list not written yet, thrown away"
        )
    for each in done.left:
        click.echo(f"! {each}: 现另有他人使用，备注等文字中未删除 / somebody else has it now: left in notes")
    _tell_of_spool(of, subject)


@dataclass(frozen=True, slots=True)
class _Done:
    """What an erasure came to: incidents concerned, lists thrown away, and what stays in words since others have it."""

    incidents: int
    dropped: list[str]
    left: list[str]


def _tell_of_spool(of: Runtime, subject: people.Subject) -> None:
    """Events on this machine's disk hold a call for help until they are taken in: nobody deletes those by a name."""
    kept = [each for each in of.spool.list_kept() if each.event is not None and each.event.number in subject.numbers]
    if kept:
        names = ", ".join(each.name for each in kept)
        click.echo(f"! spool: {names}: 磁盘上仍有未处理的来电来信 / calls and texts that wait on this disk still")


def _erase(session: Session, subject: people.Subject, of: Runtime, now: datetime) -> _Done:
    wanted, left = people.find_wanted(session, subject.household_id, subject.numbers)
    dropped = people.drop_open_lists(session, wanted)
    if subject.household_id is not None:
        by = people.Author("command", people.Source.COMMAND)
        batch = people.Batch(session, by, people.Action.ERASE_HOUSEHOLD, now, of.settings.zone)
        people.erase_household(batch, subject.household_id)
    else:
        people.erase_from_lists(session, subject.numbers)
    incidents = privacy.erase_from_incidents(session, subject)
    people.erase_former_duties(session, subject.numbers)
    people.erase_from_words(session, wanted)
    return _Done(incidents, dropped, left)


def _tell_what_is_kept(subject: people.Subject, lines: list[people.SheetLine]) -> None:
    """What there is, by kind; and what stays after an erasure, without a name."""
    kinds = {line.kind: 0 for line in lines}
    for line in lines:
        kinds[line.kind] += 1
    for kind, count in kinds.items():
        click.echo(f"{kind}: {count}")
    if subject.household_id is not None:
        click.echo(
            "保留（不含姓名、门牌、号码）：签约与居住的起止日、赠机编号（账目依法保存）、警情的时间与应答 / "
            "stays, without name, door and number: days of sign-ups and homes, serials of gifts (the books, by law), "
            "times and answers of incidents"
        )
    for kind in ("队员 Responder", "账号 Account"):
        if kind in kinds:
            click.echo(f"! {kind}: 请在其页面移除 / take it off at its own page")


def _find_subject(session: Session, household_id: int | None, number: str | None, of: Runtime) -> people.Subject:
    """Whose data is asked for. Ends the command where nothing, or nobody, is named."""
    if (household_id is None) == (number is None):
        raise click.UsageError("--household 或 --number，二选一 / name --household or --number")
    e164 = of.read_number(number) if number is not None else ""
    if number is not None and not e164:
        raise click.ClickException("这不是电话号码 / this is no telephone number")
    subject = people.find_subject(session, household_id=household_id, number=e164 or "")
    if subject is None:
        raise click.ClickException("没有这一户 / no such household")
    return subject
