"""Commands of upkeep: a village's hours, holidays, tasks, half-monthly checks, the town's monthly summary."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import delete

from config.database import read_clock
from groups import directory
from groups.errors import say
from groups.errors.words import write_both
from joint_defense.incidents.record import mask_number
from joint_defense.models.upkeep import Holiday
from joint_defense.operations.alarm_commands import find_village
from joint_defense.processes.runtime import get_runtime
from joint_defense.rules.errors import DrillRefused
from joint_defense.rules.hours import read_spans
from joint_defense.upkeep import (
    device_tests,
    monthly_summary,
    rolling_tests,
    summary_files,
    tasks,
    village_checks,
    village_hours,
)

upkeep_commands = AppGroup("upkeep", help="Numbers that fail, and the hours in which a village's are looked after.")


@upkeep_commands.command("hours", help="A village's hours, or set them: spans like 9-11,15-19, or `off`.")
@click.option("--village", "code", required=True, help="The village's code.")
@click.option("--set", "words", default="", help="The spans, or `off`: nothing rings or texts by itself.")
@click.option("--by", default="command", show_default=True, help="Who does it.")
def choose_hours(code: str, words: str, by: str) -> None:
    """Show or set the hours in which a village's numbers are asked for and tested by themselves."""
    spans = None if words in {"", "off"} else read_spans(words)
    if words not in {"", "off"} and spans is None:
        raise click.ClickException(write_both(say("upkeep_no_hours", text=words[:64])))
    with get_runtime().database.begin() as session:
        village_id, _ = find_village(session, code)
        if words:
            village_hours.set_upkeep(session, village_id, spans, by, read_clock(session))
        found = village_hours.read_upkeep(session, village_id)
    click.echo(found.written or "off")


@upkeep_commands.command("holidays", help="Days on which nothing rings or texts by itself, in any village.")
@click.option("--add", "added", nargs=2, metavar="DAY NAME", help="Add one: 2027-02-06 春节.")
@click.option("--remove", "removed", metavar="DAY", help="Take one out.")
def change_holidays(added: tuple[str, str] | None, removed: str | None) -> None:
    """List the holidays from today on, after adding or taking out one."""
    days = [each for each in (added[0] if added else None, removed) if each is not None]
    try:
        read = [date.fromisoformat(each) for each in days]
    except ValueError:
        raise click.ClickException(write_both(say("upkeep_no_day", text="、".join(days)[:64]))) from None
    with get_runtime().database.begin() as session:
        if added:
            session.merge(Holiday(day=read[0], name=added[1][:40]))
        if removed:
            session.execute(delete(Holiday).where(Holiday.day == read[-1]))
        today = read_clock(session).astimezone(get_runtime().settings.zone).date()
        for each in village_hours.list_holidays(session, today):
            click.echo(f"{each.day}\t{each.name}")


@upkeep_commands.command(
    "tasks", help="Numbers to be mended, a line each: id, since, household, number, why, who is asked."
)
@click.option("--village", "code", required=True, help="The village's code.")
def list_tasks(code: str) -> None:
    """The open tasks of a village. Numbers are masked."""
    zone = get_runtime().settings.zone
    with get_runtime().database.begin(reads=True) as session:
        village_id, _ = find_village(session, code)
        for each in tasks.list_open(session, village_id):
            click.echo(
                f"{each.task.id}\t{each.task.opened_at.astimezone(zone):%Y-%m-%d %H:%M}\t{each.phone.household_name}\t"
                f"{mask_number(each.phone.number)}\t{each.task.reason}\t{each.task.stage}"
            )


@upkeep_commands.command("checks", help="How the half-monthly check stands, a line a village: code, name, state, days.")
@click.option("--overdue", "only_overdue", is_flag=True, help="Only those that are overdue.")
def list_checks(only_overdue: bool) -> None:
    """The present check of every village, those overdue first; of one signed off when and by whom."""
    zone = get_runtime().settings.zone
    with get_runtime().database.begin(reads=True) as session:
        found = village_checks.list_town(session, read_clock(session).astimezone(zone).date())
    for village, check in found:
        if check.overdue or not only_overdue:
            at, by = check.line.signed_at, check.line.signed_by
            signed = f"\t{at.astimezone(zone):%Y-%m-%d %H:%M}\t{by}" if at is not None else ""
            click.echo(f"{village.code}\t{village.name}\t{check.state}\t{check.overdue}{signed}")


@upkeep_commands.command("check", help="What a village's half-monthly check would find now, as JSON: how many of each.")
@click.option("--village", "code", required=True, help="The village's code.")
def show_check(code: str) -> None:
    """What stands open in a village, and how its check stands."""
    zone = get_runtime().settings.zone
    with get_runtime().database.begin(reads=True) as session:
        village_id, _ = find_village(session, code)
        now = read_clock(session)
        points = village_checks.read_points(session, village_id, now, zone)
        check = village_checks.read_now(session, village_id, now.astimezone(zone).date())
    told = {"due_on": str(check.line.due_on), "state": check.state, "days_overdue": check.overdue}
    click.echo(json.dumps(told | {section: len(rows) for section, rows in points.freeze().items()}))


@upkeep_commands.command("forecast", help="What the tests of a village's numbers come to: JSON, for the next 30 days.")
@click.option("--village", "code", required=True, help="The village's code.")
def show_forecast(code: str) -> None:
    """How many phones can be tested, how many are proven, and the calls of the next 30 days."""
    with get_runtime().database.begin(reads=True) as session:
        village_id, _ = find_village(session, code)
        settings = get_runtime().settings
        found = rolling_tests.read_forecast(session, village_id, read_clock(session), settings.zone)
        hours = village_hours.read_upkeep(session, village_id).written
    told = {
        "hours": hours or None,
        "phones": found.phones,
        "proven": found.proven,
        "planned_today": found.planned_today,
    }
    cost = found.count_cost(settings.call_price)
    calls = {"calls_in_30_days": found.calls, "calls_a_day": found.calls_a_day}
    click.echo(json.dumps(told | calls | {"cost_in_30_days": None if cost is None else str(cost)}))


@upkeep_commands.command("summary", help="The town's monthly summary: JSON, or a PDF or workbook.")
@click.option("--month", "text", default="", help="Like 2026-11; without it the last month that is over.")
@click.option("--format", "form", type=click.Choice(["json", "pdf", "xlsx"]), default="json", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file; needed but for JSON.")
def show_summary(text: str, form: str, output: Path | None) -> None:
    """Coverage, proof, speed of help, tasks and checks of a month, for each village and the town."""
    if form != "json" and output is None:
        raise click.ClickException(write_both(say("summary_needs_output")))
    zone = get_runtime().settings.zone
    with get_runtime().database.begin(reads=True) as session:
        now = read_clock(session)
        today = now.astimezone(zone).date()
        month = monthly_summary.read_month(text, today) if text else monthly_summary.find_last_whole_month(today)
        if month is None:
            first = f"{monthly_summary.EARLIEST:%Y-%m}"
            raise click.ClickException(write_both(say("summary_no_month", text=text[:16], first=first)))
        found = monthly_summary.read_summary(session, month, now, zone)
    if form == "json":
        content = (json.dumps(summary_files.as_json(found), ensure_ascii=False, indent=2) + "\n").encode()
    else:
        content = summary_files.as_pdf(found) if form == "pdf" else summary_files.as_xlsx(found)
    if output is None:
        click.echo(content.decode(), nl=False)
    else:
        output.write_bytes(content)


@upkeep_commands.command("devices", help="A village's silent devices: kind, serial, household, line, last test press.")
@click.option("--village", "code", required=True, help="The village's code.")
def list_silent_devices(code: str) -> None:
    """Those that were given out and not pressed for a test in 30 days, a line each; first how many were pressed."""
    zone = get_runtime().settings.zone
    with get_runtime().database.begin(reads=True) as session:
        village_id, _ = find_village(session, code)
        now = read_clock(session)
        out, pressed = directory.count_devices(session, village_id, now - directory.PRESSED_FOR)
        points = directory.read_roster_points(session, village_id, now, now.astimezone(zone).date())
    click.echo(f"{pressed}/{out}")
    for each in points.silent_devices:
        line = "tied" if each.tied else "no line"
        click.echo(
            f"{each.device_id}\t{each.kind}\t{each.serial}\t{each.household.name}\t{line}\t{each.pressed_on or ''}"
        )


@upkeep_commands.command("press", help="Ask a device's household for the test press now, in the village's hours.")
@click.option("--village", "code", required=True, help="The village's code.")
@click.option("--device", "device_id", required=True, type=int, help="Its id, as `upkeep devices` gives it.")
def ask_for_press(code: str, device_id: int) -> None:
    """Call or text the household; what is pressed until the day's hours end is asked whether it is the test."""
    zone = get_runtime().settings.zone
    try:
        with get_runtime().database.begin() as session:
            village_id, _ = find_village(session, code)
            rung = device_tests.ask_now(session, device_id, village_id, read_clock(session), zone)
    except DrillRefused as error:
        words = {
            "unknown_device": say("device_unknown_device"),
            "hours": say("device_hours"),
            "budget": say("drill_budget"),
            "alarm_open": say("device_alarm_open"),
            "nobody": say("device_nobody"),
        }
        raise click.ClickException(write_both(words[error.why])) from None
    click.echo(" ".join(str(each) for each in rung))
