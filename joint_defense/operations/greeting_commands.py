"""`greeting`: who is asked every day whether they are well. Whoever runs commands is an administrator."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from config.database import read_clock
from groups import directory
from groups.directory import people
from groups.errors import Message, say
from groups.errors.words import write_both
from joint_defense.incidents.record import mask_number
from joint_defense.models.greetings import Greeting
from joint_defense.processes.runtime import get_runtime
from joint_defense.rules.errors import GreetingRefused
from joint_defense.rules.states import Channel
from joint_defense.rules.upkeep.greetings import WrongDay, read_pause_day, write_minute
from joint_defense.upkeep.greetings import greeting_days, wishes
from joint_defense.upkeep.greetings.wishes import EnrolledBy, Wish

greeting = AppGroup("greeting", help="Good mornings: people who live alone are asked every day whether they are well.")

_by = click.option("--by", default="command", show_default=True, help="Who does it.")


@greeting.command("add", help="Enrol a household, with its consent; it is asked at that time from then on.")
@click.option("--village", "code", required=True, help="The village's code.")
@click.option("--phone", required=True, help="The phone that is asked; it stands on the roster.")
@click.option("--at", "at", required=True, help="The time of the day: 7:30.")
@click.option("--by-text", is_flag=True, help="By a text instead of a call.")
@click.option("--contact", default="", help="The number that is asked next, where nobody answers.")
@click.option("--contact-name", default="", help="Whose that is.")
@click.option("--contact-agreed", is_flag=True, help="The contact has been asked, and agrees.")
@click.option("--alarm", "alarms", is_flag=True, help="Raise an alarm where nobody answers at all.")
@click.option("--consent-by", default="", help="Who of the household agreed.")
@_by
def add_greeting(
    code: str,
    phone: str,
    at: str,
    by_text: bool,
    contact: str,
    contact_name: str,
    contact_agreed: bool,
    alarms: bool,
    consent_by: str,
    by: str,
) -> None:
    """Enrol somebody."""
    of = get_runtime()
    with of.database.begin() as session:
        village = directory.find_village(session, code)
        if village is None:
            raise click.ClickException(write_both(say("no_village_code", code=repr(code[:16]))))
        now = read_clock(session)
        caller = directory.find_caller(session, of.read_number(phone))
        channel = Channel.SMS if by_text else Channel.CALL
        phone_id = 0 if caller is None else caller.phone_id
        wish = Wish(phone_id, at, channel, contact_name, contact, contact_agreed, alarms, consent_by)
        version = people.find_version(session, now.astimezone(of.settings.zone).date(), of.settings.zone)
        try:
            made = wishes.enrol(session, village[0], wish, EnrolledBy(by, None, version), now, of.number_rules).id
        except GreetingRefused as error:
            raise click.ClickException(_tell_wrong(error)) from None
    click.echo(write_both(say("greeting_made", number=made)))


_WHY: dict[str, Message] = {
    "already": say("greeting_already"),
    "contact_asked": say("greeting_contact_asked"),
    "contact_broken": say("greeting_contact_broken"),
    "contact_missing": say("greeting_contact_missing"),
    "contact_not_asked": say("greeting_contact_not_asked"),
    "contact_opted_out": say("greeting_contact_opted_out"),
    "contact_own": say("greeting_contact_own"),
    "contact_unnamed": say("greeting_contact_unnamed"),
    "hour": say("greeting_hour"),
    "link": say("has_an_address_of_the_web"),
    "no_calls": say("greeting_no_calls"),
    "no_consent": say("greeting_no_consent"),
    "no_texts": say("greeting_no_texts"),
    "opted_out": say("greeting_opted_out"),
    "pause_long": say("greeting_pause_long"),
    "pause_past": say("greeting_pause_past"),
    "pause_unread": say("greeting_pause_unread"),
    "phone_gone": say("greeting_phone_gone"),
    "stopped": say("greeting_stopped"),
}


@greeting.command("list", help="All of them, a line each: id, village, household, number (masked), time, how, state.")
def list_all() -> None:
    """All who take part."""
    with get_runtime().database.begin(reads=True) as session:
        for each in wishes.list_greetings(session, None, None, all_of_them=True):
            row, phone, day = each.greeting, each.phone, each.last
            name = (
                "-" if phone is None else f"{phone.village_name}\t{phone.household_name}\t{mask_number(phone.number)}"
            )
            state = "-" if day is None else f"{day.day} {day.outcome or f'open: {day.step}'}"
            paused = "" if row.paused_until is None else f"\tpaused until {row.paused_until}"
            unasked = "" if row.unasked_on is None else f"\tnot asked since {row.unasked_on}"
            click.echo(f"{row.id}\t{name}\t{each.at}\t{row.channel}\t{state}{paused}{unasked}")


@greeting.command("change", help="Another time or contact: what is not named stays. It can be taken back by `undo`.")
@click.argument("greeting_id", type=int)
@click.option("--at", "at", help="The time of the day: 7:30.")
@click.option("--by-text/--by-call", "by_text", default=None, help="How they are asked.")
@click.option("--contact", help="The number that is asked next, where nobody answers; empty: nobody.")
@click.option("--contact-name", help="Whose that is.")
@click.option("--contact-agreed", is_flag=True, help="The new contact has been asked, and agrees.")
@click.option("--alarm/--no-alarm", "alarms", default=None, help="Raise an alarm where nobody answers at all.")
@_by
def change_greeting(
    greeting_id: int,
    at: str | None,
    by_text: bool | None,
    contact: str | None,
    contact_name: str | None,
    contact_agreed: bool,
    alarms: bool | None,
    by: str,
) -> None:
    """Change it."""
    of = get_runtime()
    with of.database.begin() as session:
        found, now = _find(session, greeting_id), read_clock(session)
        nobody = contact is not None and not contact.strip()
        name = found.contact_name if contact_name is None else contact_name
        channel = found.channel if by_text is None else Channel.SMS if by_text else Channel.CALL
        wish = Wish(
            phone_id=0,
            at=write_minute(found.minute) if at is None else at,
            channel=channel,
            contact_name="" if nobody else name,
            contact_number=found.contact_number if contact is None else contact,
            contact_agreed=contact_agreed,
            alarms=found.alarms if alarms is None else alarms,
        )
        try:
            changed = wishes.change(session, found, wish, by, now, of.number_rules)
        except GreetingRefused as error:
            raise click.ClickException(_tell_wrong(error)) from None
        told = say("greeting_changed", at=write_minute(found.minute)) if changed else say("greeting_unchanged")
    click.echo(write_both(told))


@greeting.command("undo", help="Take back the last change of one.")
@click.argument("greeting_id", type=int)
def undo_change(greeting_id: int) -> None:
    """Take it back."""
    of = get_runtime()
    with of.database.begin() as session:
        found = _find(session, greeting_id)
        try:
            undone = wishes.undo_change(session, found, read_clock(session), of.number_rules)
        except GreetingRefused as error:
            raise click.ClickException(_tell_wrong(error)) from None
        if not undone:
            raise click.ClickException(write_both(say("greeting_nothing_to_undo")))
        told = say("greeting_changed", at=write_minute(found.minute))
    click.echo(write_both(told))


def _tell_wrong(error: GreetingRefused) -> str:
    return "; ".join(f"{field}: {write_both(_WHY[why])}" for field, why in error.wrong.items())


@greeting.command("pause", help="They are away: not asked until that day.")
@click.argument("greeting_id", type=int)
@click.option("--until", "until", required=True, help="The day on which they are asked again: 2026-12-05, or 5.")
@_by
def pause_greeting(greeting_id: int, until: str, by: str) -> None:
    """Pause."""
    zone = get_runtime().settings.zone
    with get_runtime().database.begin() as session:
        found, now = _find(session, greeting_id), read_clock(session)
        try:
            day = read_pause_day(until, now.astimezone(zone).date())
            wishes.pause(session, found, day, by, now, zone)
        except WrongDay as error:
            raise click.ClickException(f"--until: {write_both(_WHY[error.why])}") from None
    click.echo(write_both(say("greeting_paused", day=day)))


@greeting.command("resume", help="They are back.")
@click.argument("greeting_id", type=int)
@_by
def resume_greeting(greeting_id: int, by: str) -> None:
    """End a pause."""
    with get_runtime().database.begin() as session:
        zone = get_runtime().settings.zone
        wishes.resume(session, _find(session, greeting_id), by, read_clock(session), zone)
    click.echo(write_both(say("greeting_resumed")))


@greeting.command("end", help="They are asked no more.")
@click.argument("greeting_id", type=int)
@_by
def end_greeting(greeting_id: int, by: str) -> None:
    """End it."""
    with get_runtime().database.begin() as session:
        greeting_days.end_greeting(session, _find(session, greeting_id), by, read_clock(session))
    click.echo(write_both(say("greeting_ended")))


def _find(session: Session, greeting_id: int) -> Greeting:
    found = wishes.find_one(session, greeting_id, hold=True)
    if found is None:
        raise click.ClickException(write_both(say("greeting_unknown", number=greeting_id)))
    return found
