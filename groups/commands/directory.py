"""`directory print`: the printed directory (十户联防通讯录) as a PDF."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_settings
from groups.commands.common import note_export, open_transaction, tell, write
from groups.errors import InvalidDay, NothingToPrint, say
from groups.errors.words import write_both
from groups.files.typeset import find_missing
from groups.models.roster import Group
from groups.roster import printed_directory, villages
from groups.rules.days import add_half_a_year, find_local_day, read_day
from groups.rules.phone import as_written_here

directory = AppGroup("directory", help="The printed directory of the groups.")


@directory.command("print")
@click.option("--village", "code", help="The village's code; without it, the whole town.")
@click.option("--group", "group_name", help="One group of the village, by its name.")
@click.option(
    "--paper",
    type=click.Choice([paper.value for paper in printed_directory.Paper]),
    default=printed_directory.Paper.A4.value,
)
@click.option("--replace-after", help="A day like 2027-05-24; half a year from now unless named.")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="The PDF to write.")
def print_directory(
    code: str | None, group_name: str | None, paper: str, replace_after: str | None, output: Path
) -> None:
    """Write the directory of a group, a village or the town: a page for every group."""
    of = get_settings()
    with open_transaction() as session:
        today = find_local_day(read_clock(session), of.zone)
        groups = _find_groups(session, of.default_region, today, code, group_name)
        until = add_half_a_year(today) if replace_after is None else read_day(replace_after)
        if until <= today:
            raise InvalidDay(say("directory_day_not_after_today"))
        village_id = None if code is None else villages.get_village(session, code).id
        rows = sum(len(household.phones) for group in groups for household in group.households)
        note_export(session, "directory_print", "pdf", rows, village_id)
    number = as_written_here(of.twilio_from_number[0], of.default_region)
    write(
        output,
        printed_directory.as_pdf(
            groups, printed_directory.Imprint(number, today, until, printed_directory.Paper(paper))
        ),
    )
    tell("directory_written", file=output, count=len(groups))
    _tell_what_lacks(groups)


def _find_groups(
    session: Session, region: str, today: date, code: str | None, group_name: str | None
) -> list[printed_directory.PrintedGroup]:
    """Raises UnknownVillage, and NothingToPrint where there is no such group or nothing to print."""
    village_id = None if code is None else villages.get_village(session, code).id
    group_id = None
    if group_name is not None:
        question = select(Group.id).where(
            Group.village_id == village_id, Group.name == group_name, Group.archived_at.is_(None)
        )
        group_id = session.scalar(question)
        if group_id is None:
            raise NothingToPrint(say("no_such_group_with_village", group=repr(group_name[:64])))
    groups = printed_directory.read_groups(session, region, today, village_id=village_id, group_id=group_id)
    if not groups:
        raise NothingToPrint(say("no_group_to_print"))
    return groups


def _tell_what_lacks(groups: list[printed_directory.PrintedGroup]) -> None:
    for group in groups:
        lacking = [] if group.leader else [say("directory_no_leader")]
        if group.without_phone:
            lacking.append(say("directory_no_phone", names=tuple(group.without_phone)))
        if signs := find_missing(group.texts):
            lacking.append(say("directory_no_sign", signs=signs))
        if lacking:
            click.echo(f"{group.village} {group.name}: {'; '.join(map(write_both, lacking))}", err=True)
