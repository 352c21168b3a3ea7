"""Commands about what people are told of the service itself: `alerts list`, `take-on`, `quiet`, `test`."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from config.database import read_clock
from joint_defense.incidents import service_alerts
from joint_defense.processes import service_alerts as telling
from joint_defense.processes.runtime import get_runtime
from joint_defense.rules.wording.service import name_alert

LONGEST_QUIET = 72

alerts = AppGroup("alerts", help="What people are told of the service itself (ALERT_PEOPLE).")


@alerts.command("list", help="What is not well now, who was told and who sees to it; and the maintenance that goes on.")
def list_alerts() -> None:
    """A line each."""
    runtime = get_runtime()
    zone = runtime.settings.zone
    with runtime.database.begin(reads=True) as session:
        for each in service_alerts.list_open(session):
            by = f"由{each.taken_on_by}处理 / {each.taken_on_by} sees to it" if each.taken_on_at else "-"
            what = " / ".join(name_alert(each.kind, each.detail, language) for language in ("zh", "en"))
            since = f"{each.opened_at.astimezone(zone):%Y-%m-%d %H:%M}"
            click.echo(f"{each.id}\t{since}\t{what}\t{each.told}\t{by}")
        quiet = service_alerts.find_quiet(session, read_clock(session))
        if quiet is not None:
            click.echo(f"维护中，到 / quiet until {quiet.ends_at.astimezone(zone):%Y-%m-%d %H:%M}: {quiet.reason}")


@alerts.command("take-on", help="Somebody sees to it: nobody else is told.")
@click.argument("alert_id", type=int)
@click.option("--by", "name", required=True, help="Who.")
def take_on(alert_id: int, name: str) -> None:
    """Exit code 1 where there is none, or somebody does already."""
    with get_runtime().database.begin() as session:
        if not service_alerts.take_on_by_id(session, alert_id, name, read_clock(session)):
            raise click.ClickException("没有这条待处理的提醒 / there is no such alert that waits for somebody")
    click.echo(f"{alert_id}: {name}")


@alerts.command("quiet", help="Maintenance from now on: nobody is told, unless nobody comes to a call for help.")
@click.option("--hours", type=click.FloatRange(0, LONGEST_QUIET), required=True, help="So long; 0 ends it.")
@click.option("--reason", default="", help="Why.")
@click.option("--by", "name", default="", help="Who.")
def keep_quiet(hours: float, reason: str, name: str) -> None:
    """A new span, or the end of the one that goes on."""
    runtime = get_runtime()
    with runtime.database.begin() as session:
        until = service_alerts.keep_quiet(session, hours, reason, name, read_clock(session))
    if hours:
        click.echo(f"维护到 / quiet until {until.astimezone(runtime.settings.zone):%Y-%m-%d %H:%M}")
    else:
        click.echo("维护已结束 / not quiet any more")


@alerts.command(
    "test",
    help="Tell the first of the people on duty, as if something were wrong, and ask PING_URL; it is over at once.",
)
def tell_for_a_test() -> None:
    """Call, text, mail and webhook leave as in earnest. Exit code 1 where mail, webhook or PING_URL did not go."""
    runtime = get_runtime()
    settings = runtime.settings
    if not settings.alert_people:
        raise click.ClickException("没有设置 / nobody is named: ALERT_PEOPLE")
    with runtime.database.begin() as session:
        letters = telling.tell_a_test(session, settings, read_clock(session))
    failed = [f"{letter.person.name} {way}" for letter in letters for way in telling.send_letter(settings, letter, ())]
    told = "、".join(dict.fromkeys(letter.person.name for letter in letters))
    click.echo(f"已提醒 / told: {told or '-'}")
    if settings.ping_url:
        word = "ok" if telling.send_ping(settings.ping_url) else "failed"
        click.echo(f"PING_URL: {word}")
        failed += [] if word == "ok" else ["PING_URL"]
    if failed:
        raise click.ClickException(f"没有送到 / did not arrive: {', '.join(failed)}")
