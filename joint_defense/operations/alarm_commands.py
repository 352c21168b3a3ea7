"""Commands of the alarm side: `alarm`, `drill`, `escalation`, `overseers` and `spool`.

A policy says when whom is called besides, for the town and for a village.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import read_clock
from groups import directory
from groups.errors import Message, say
from groups.errors.words import write_both
from joint_defense.alarms import held_alarms, overseers
from joint_defense.incidents import policies
from joint_defense.incidents.record import mask_number, read_record
from joint_defense.models.incidents import Incident
from joint_defense.processes.runtime import get_runtime
from joint_defense.rules.errors import AlarmError, DrillRefused, InvalidMute, InvalidPolicy, NoSuchVillage
from joint_defense.rules.escalation import BUILT_IN, Policy, from_json, to_json
from joint_defense.rules.parties import OverseerKind, list_kinds, read_kinds
from joint_defense.rules.states import IncidentKind
from joint_defense.upkeep import drills, results
from joint_defense.upkeep.drills import Hours, Scope

alarm = AppGroup("alarm", help="Look at alarms.")


@alarm.command("list", help="The newest incidents, a line each.")
@click.option("--limit", default=20, show_default=True)
@click.option("--open", "only_open", is_flag=True, help="Only those not closed yet.")
def list_incidents(limit: int, only_open: bool) -> None:
    """The newest incidents."""
    zone = get_runtime().settings.zone
    # Nobody is shown who takes part in good mornings.
    shown = select(Incident).where(Incident.kind != IncidentKind.GREETING)
    query = shown.order_by(Incident.id.desc()).limit(limit)
    if only_open:
        query = query.where(Incident.closed_at.is_(None))
    with get_runtime().database.begin(reads=True) as session:
        for incident in session.scalars(query):
            state = f"closed {incident.outcome or ''}".strip() if incident.closed_at else "open"
            callers = "、".join(alert.household_name for alert in incident.alerts)
            click.echo(
                f"{incident.id}\t{incident.opened_at.astimezone(zone):%Y-%m-%d %H:%M:%S}\t{incident.kind}\t"
                f"{incident.village_name}{incident.group_name}\t{callers}\t{state}"
            )


@alarm.command("show", help="One incident with its voices, deliveries and timeline, as JSON. Numbers are masked.")
@click.argument("incident_id", type=int)
def show_incident(incident_id: int) -> None:
    """One incident."""
    with get_runtime().database.begin(reads=True) as session:
        incident = session.get(Incident, incident_id)
        hidden = incident is not None and incident.kind is IncidentKind.GREETING
        found: dict[str, Any] | None = (
            None if hidden else read_record(session, incident_id, get_runtime().settings.zone)
        )
    if found is None:
        click.echo(write_both(say("no_such_incident", number=incident_id)), err=True)
        sys.exit(1)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@alarm.command("mutes", help="The muted numbers, a line each: id, number (masked), household, until, who, why.")
def list_mutes() -> None:
    """All mutes that are in force or ended lately."""
    zone = get_runtime().settings.zone
    with get_runtime().database.begin(reads=True) as session:
        now = read_clock(session)
        for each in held_alarms.list_mutes(session, now):
            state = "muted" if each.is_active(now) else "over"
            click.echo(
                f"{each.id}\t{mask_number(each.number)}\t{each.household}\t{state}\t"
                f"{each.until.astimezone(zone):%Y-%m-%d %H:%M}\t{each.muted_by}\t{each.reason}"
            )


@alarm.command("mute", help="Stop new alarms of a number for some hours; the caller is told to dial 110.")
@click.argument("number")
@click.option("--hours", type=click.IntRange(1, 24), default=1, show_default=True)
@click.option("--reason", required=True, help="Why; it is kept.")
@click.option("--by", default="command", show_default=True, help="Who does it.")
def mute_number(number: str, hours: int, reason: str, by: str) -> None:
    """Mute a number."""
    try:
        with get_runtime().database.begin() as session:
            read = get_runtime().read_number(number)
            made = held_alarms.mute(session, read, hours, reason, by, read_clock(session))
            mute_id = made.id
    except InvalidMute as error:
        raise click.ClickException(write_both(_WRONG_MUTES[error.why])) from None
    click.echo(write_both(say("mute_made", number=mute_id)))


_WRONG_MUTES = {
    "reason_missing": say("mute_reason_missing"),
    "reason_long": say("mute_reason_long", most=held_alarms.LONGEST_REASON),
    "hours": say("mute_hours"),
    "not_on_roster": say("mute_not_on_roster"),
}


@alarm.command("unmute", help="Undo a mute, by the id that `alarm mutes` gives it.")
@click.argument("mute_id", type=int)
@click.option("--by", default="command", show_default=True, help="Who does it.")
def lift_mute(mute_id: int, by: str) -> None:
    """Undo a mute."""
    with get_runtime().database.begin() as session:
        lifted = held_alarms.lift(session, mute_id, by, read_clock(session))
    if not lifted:
        raise click.ClickException(write_both(say("mute_unknown", number=mute_id)))
    click.echo(write_both(say("mute_lifted")))


drill = AppGroup("drill", help="Ring a group as an alarm does, to see which phones are answered.")


@drill.command("start", help="Start a drill of a village, or of one group, household or phone in it.")
@click.option("--village", "code", required=True, help="The village's code.")
@click.option("--group", default="", help="The group's name.")
@click.option("--door", default="", help="A household's door.")
@click.option("--phone", default="", help="One phone.")
@click.option("--at-any-hour", is_flag=True, help="Outside DRILL_HOURS, too: people have been told of it.")
@click.option("--by", default="command", show_default=True, help="Who does it.")
def start_drill(code: str, group: str, door: str, phone: str, at_any_hour: bool, by: str) -> None:
    """Plan the drills, and say which they are."""
    settings = get_runtime().settings
    number = get_runtime().read_number(phone) if phone else ""
    hours = Hours(None if at_any_hour else settings.drill_spans, settings.zone, spent=get_runtime().budget.is_spent())
    try:
        with get_runtime().database.begin() as session:
            village = directory.find_village(session, code)
            if village is None:
                raise NoSuchVillage(code)
            scope = Scope(*village, group=group, door=door, phone=number)
            started = drills.start_drills(session, scope, by, read_clock(session), hours)
    except DrillRefused as error:
        raise click.ClickException(write_both(_read_refusal(error, settings.drill_hours))) from None
    except AlarmError as error:
        raise click.ClickException(write_both(_read_message(error))) from None
    click.echo(write_both(say("drill_started", numbers=", ".join(map(str, started)))))


def _read_refusal(error: DrillRefused, hours: str) -> Message:
    words = {
        "budget": say("drill_budget"),
        "hours": say("drill_hours", hours=hours),
        "unknown_group": say("drill_unknown_group"),
        "unknown_door": say("drill_unknown_door"),
        "unknown_phone": say("drill_unknown_phone"),
        "alarm_open": say("drill_alarm_open"),
        "drill_open": say("drill_drill_open"),
        "nobody": say("drill_nobody"),
    }
    return words[error.why]


@drill.command("stop", help="End a drill: what has not been picked up does not ring any more.")
@click.argument("drill_id", type=int)
@click.option("--by", default="command", show_default=True, help="Who does it.")
def stop_drill(drill_id: int, by: str) -> None:
    """End a drill."""
    with get_runtime().database.begin() as session:
        stopped = drills.stop_drill(session, drill_id, by, read_clock(session))
    if not stopped:
        raise click.ClickException(write_both(say("drill_unknown", number=drill_id)))
    click.echo(write_both(say("drill_stopped")))


@drill.command("list", help="The newest drills, a line each: id, start, village, group, phones, answered, state.")
@click.option("--village", "code", default="", help="Only those of this village.")
def list_drills(code: str) -> None:
    """The newest drills."""
    zone = get_runtime().settings.zone
    with get_runtime().database.begin(reads=True) as session:
        village = directory.find_village(session, code) if code else None
        if code and village is None:
            raise click.ClickException(write_both(_read_message(NoSuchVillage(code))))
        for each in results.list_drills(session, None if village is None else village[0]):
            state = "over" if each.closed_at else "open"
            click.echo(
                f"{each.id}\t{each.opened_at.astimezone(zone):%Y-%m-%d %H:%M:%S}\t{each.village}\t{each.group}\t"
                f"{each.phones}\t{each.answered}\t{state}"
            )


@drill.command("show", help="One drill, a line for each phone: household, which phone, seconds to the answer, by what.")
@click.argument("drill_id", type=int)
def show_drill(drill_id: int) -> None:
    """One drill."""
    with get_runtime().database.begin(reads=True) as session:
        found = results.read_drill(session, drill_id, None)
    if found is None:
        raise click.ClickException(write_both(say("drill_unknown", number=drill_id)))
    for each in found.phones:
        seconds = "-" if each.seconds is None else f"{each.seconds:.0f}"
        why = each.channel or ("under way" if each.open else each.failure or ("reached" if each.reached else "-"))
        click.echo(f"{each.household}\t{each.rank}\t{seconds}\t{why}")


def find_village(session: Session, code: str) -> tuple[int, str]:
    """A village's id and name by its code; the command ends in words where there is none."""
    found = directory.find_village(session, code)
    if found is None:
        raise click.ClickException(write_both(_read_message(NoSuchVillage(code[:16]))))
    return found


escalation = AppGroup("escalation", help="When whom is called besides, because too few come.")
_VILLAGE = click.option("--village", "code", help="The village's code; without it, the town's default.")


@escalation.command("show")
@_VILLAGE
@click.option("--history", is_flag=True, help="All versions, the newest first.")
def show(code: str | None, history: bool) -> None:
    """Show the policy in force, as JSON that `set` takes; where it comes from stands on stderr."""
    try:
        with get_runtime().database.begin() as session:
            village_id = _find_village_id(session, code)
            found = policies.read_in_force(session, village_id)
            versions = policies.list_versions(session, village_id) if history else []
    except AlarmError as error:
        raise click.ClickException(write_both(_read_message(error))) from None
    source = write_both(say("policy_source", source=found.of, version=found.version))
    if found.made_at is not None:
        source += f", {found.made_by} {found.made_at.astimezone(get_runtime().settings.zone):%Y-%m-%d %H:%M:%S}"
    click.echo(source, err=True)
    for each in versions:
        made = each.made_at.astimezone(get_runtime().settings.zone)
        what = "follows" if each.policy is None else f"{len(each.policy.steps)} steps"
        click.echo(f"{each.number}\t{made:%Y-%m-%d %H:%M:%S}\t{each.made_by}\t{what}", err=True)
    click.echo(json.dumps(to_json(found.policy), ensure_ascii=False, indent=1))


@escalation.command("set")
@click.argument("what")
@_VILLAGE
@click.option("--by", default="command", show_default=True, help="Who changes it.")
def set_policy(what: str, code: str | None, by: str) -> None:
    """Set the policy to WHAT: a JSON file, `off`, `built-in`, or `inherit` (a village: the town's).

    Incidents that are open keep the one they have.
    """
    try:
        policy = _read_policy(what)
        with get_runtime().database.begin() as session:
            version = policies.change(session, _find_village_id(session, code), policy, by, read_clock(session))
    except AlarmError as error:
        raise click.ClickException(write_both(_read_message(error))) from None
    done = say("policy_unchanged") if version is None else say("policy_saved", version=version)
    click.echo(write_both(done))


def _read_message(error: AlarmError) -> Message:
    if isinstance(error, NoSuchVillage):
        return say("no_village_code", code=repr(error.village))
    if isinstance(error, InvalidPolicy):
        flaw = say(error.flaw, **error.values)
        return flaw if error.step is None else say("policy_flaw_in_step", step=error.step, flaw=flaw)
    return say("as_written", text=str(error))


def _read_policy(what: str) -> Policy | None:
    if what == "inherit":
        return None
    if what in {"off", "built-in"}:
        return BUILT_IN if what == "built-in" else Policy()
    try:
        return from_json(json.loads(Path(what).read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise InvalidPolicy("cannot_read_file", file=what, reason=error.strerror) from None
    except (ValueError, RecursionError):
        raise InvalidPolicy("policy_not_json", file=what) from None


def _find_village_id(session: Session, code: str | None) -> int | None:
    if code is None:
        return None
    found = directory.find_village(session, code)
    if found is None:
        raise NoSuchVillage(code[:16])
    return found[0]


overseer_commands = AppGroup("overseers", help="Who is told at once, with a link, when an incident opens.")


@overseer_commands.command("show")
@_VILLAGE
def show_overseers(code: str | None) -> None:
    """Show which kinds are told, whose choice that is, and who would be told at this moment. Numbers are masked."""
    try:
        with get_runtime().database.begin(reads=True) as session:
            village_id = _find_village_id(session, code)
            chosen = overseers.read_chosen(session, village_id)
            local = read_clock(session).astimezone(get_runtime().settings.zone)
            people = directory.find_overseers(session, village_id or 0, local)
    except AlarmError as error:
        raise click.ClickException(write_both(_read_message(error))) from None
    by = f", {chosen.made_by}" if chosen.made_by else ""
    source = write_both(say("overseers_source", source=chosen.of))
    click.echo(f"{','.join(list_kinds(chosen.kinds)) or 'none'}\t{source}{by}")
    for each in people:
        texts = write_both(say("overseer_texted" if each.may_text else "overseer_without_texts"))
        click.echo(f"{each.role}\t{each.household_name}\t{mask_number(each.number)}\t{texts}")


@overseer_commands.command("set")
@click.argument("what")
@_VILLAGE
@click.option("--by", default="command", show_default=True, help="Who changes it.")
def set_overseers(what: str, code: str | None, by: str) -> None:
    """Have WHAT told: kinds with commas (head,leaders,operators), `none`, or `inherit`.

    `inherit`: the village follows the town, the town what is built in. It holds for incidents that open from now on.
    """
    words = [] if what == "none" else what.split(",")
    if what != "inherit" and set(words) - set(OverseerKind):
        raise click.ClickException(write_both(say("overseers_unknown", kinds=",".join(OverseerKind))))
    kinds = None if what == "inherit" else read_kinds(words)
    try:
        with get_runtime().database.begin() as session:
            changed = overseers.choose(session, _find_village_id(session, code), kinds, by, read_clock(session))
    except AlarmError as error:
        raise click.ClickException(write_both(_read_message(error))) from None
    click.echo(write_both(say("overseers_saved" if changed else "policy_unchanged")))


spool = AppGroup("spool", help="What this machine keeps on its disk because it could not be taken in.")


@spool.command("list", help="All that is kept, a line each: its name, when it came, what it is, from whom.")
def list_spool() -> None:
    """All that is kept. Numbers are masked."""
    zone = get_runtime().settings.zone
    for each in get_runtime().spool.list_kept():
        state = "aside" if each.aside else "waits"
        if each.event is None:
            click.echo(f"{each.name}\t-\t{'sealed' if each.sealed else 'unreadable'}\t-\t{state}")
            continue
        event = each.event
        click.echo(
            f"{each.name}\t{event.received_at.astimezone(zone):%Y-%m-%d %H:%M:%S}\t{event.kind}\t"
            f"{mask_number(event.number)}\t{state}"
        )


@spool.command("retry", help="Let everything that was set aside be tried again.")
def retry_spool() -> None:
    """What is aside waits again; the running processes take it in."""
    count = get_runtime().spool.try_again()
    click.echo(write_both(say("spool_tried_again", count=count)))


@spool.command("set-aside", help="Do not try this one again. It stays on the disk.")
@click.argument("name")
def set_aside(name: str) -> None:
    """Set one aside, by the name that `spool list` gives it."""
    if not re.fullmatch("[0-9a-z]{1,64}", name) or not get_runtime().spool.set_aside(name):
        click.echo(write_both(say("no_event_waits", name=name)), err=True)
        sys.exit(1)
