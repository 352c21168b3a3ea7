"""The figures' commands: `coverage show|export`, `counts set|import`, `thresholds set|list`, `api-clients …`.

A domain error is one line on stderr and exit code 1.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_settings
from groups.accounts import api_clients
from groups.commands.common import (
    check_meant,
    column_option,
    meant_option,
    open_transaction,
    read_content,
    tell,
    tell_reading,
    write,
)
from groups.coverage import exports, figures, issued
from groups.coverage import report as coverage_report
from groups.coverage.rules.figures import read_basis_points
from groups.coverage.rules.query import CoverageQuery, Step, make_unknown_choice, read_query
from groups.coverage.rules.report import KINDS, Level
from groups.errors import InvalidChoice, say
from groups.errors.words import write_both
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from groups.models.figures import Threshold
from groups.rules.counting import CountKind
from groups.rules.days import find_local_day, read_day

coverage_commands = AppGroup("coverage", help="How many households have signed up, of how many.")
counts_commands = AppGroup("counts", help="How many households each village has, by day and kind of count.")
thresholds_commands = AppGroup("thresholds", help="From which coverage a village is a demonstration village.")
clients_commands = AppGroup("api-clients", help="Programs that may read the figures.")

_FORMS = ("table", *exports.FORMS)
_ENDINGS = {"txt": "table"}
"""Of files whose ending is not their form's name."""
_NOT_FOR_EYES = frozenset({"xlsx", "pdf"})


def _list_choices(words: Iterable[str]) -> str:
    return "|".join(words)


def _add_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options by which figures are asked for, and where they go."""
    options = (
        click.option("--as-of", help="The day of the figures; today where none is named."),
        click.option("--from", "first", help="Also how they moved from this day …"),
        click.option("--to", "last", help="… to this one."),
        click.option(
            "--by", "step", metavar=_list_choices(Step), help="With --from or --to: month ends, or every day."
        ),
        click.option(
            "--level", metavar=_list_choices(Level), help="What a row stands for; a village where none is named."
        ),
        click.option("--village", help="Only the village with this code."),
        click.option("--denominator", metavar=_list_choices(CountKind), help="The kind of count that is divided by."),
        click.option("--known-at", help="As it was known at this moment, like 2026-11-23 18:00; a day: at its end."),
        click.option("--since", help="Also what changed since the report of this day, line by line to its sum."),
        click.option("--since-known-at", help="With --since: as that was known then; else when it was issued."),
        click.option(
            "--format", "form", metavar=_list_choices(_FORMS), help="The ending of the file where none is named."
        ),
        click.option(
            "--output", type=click.Path(path_type=Path), help="The file to write; standard output where none is named."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@coverage_commands.command("show")
@_add_options
def show(form: str | None, output: Path | None, **words: str | None) -> None:
    """Say how many households have signed up."""
    _tell(words, form, output, usual="table")


@coverage_commands.command("export")
@_add_options
def export(form: str | None, output: Path | None, **words: str | None) -> None:
    """Write the figures as a file; its ending tells the form where none is named."""
    _tell(words, form, output, usual="csv")


@coverage_commands.command("audit")
@click.option("--as-of", help="The day; today where none is named.")
@click.option("--known-at", help="As it was known at this moment.")
@click.option("--village", help="Only the village with this code.")
@click.option("--denominator", metavar=_list_choices(CountKind), help="The kind of count that is divided by.")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="The workbook to write.")
def audit_day(output: Path, **words: str | None) -> None:
    """Write household by household why each counts on a day or does not, with the town's sum at the foot."""
    from groups.coverage import audit

    given = {name: word for name, word in words.items() if word}
    with open_transaction(reads=True) as session:
        audited = audit.make_audit(session, _read_query(session, given), get_settings().zone)
    write(output, audit.as_xlsx(audited))
    tell("audit_written", file=output, households=len(audited.rows), counted=audited.counted)
    tell("audit_as_reported" if audited.agrees else "audit_not_as_reported")
    if not audited.agrees:
        sys.exit(1)


@coverage_commands.command("check")
@click.option("--as-of", help="The day; today where none is named.")
def check_books(as_of: str | None) -> None:
    """Look whether the books are sound: nobody counts twice or nowhere, each village is the sum of its groups."""
    from groups.coverage import audit

    with open_transaction(reads=True) as session:
        day = read_day(as_of) if as_of else find_local_day(read_clock(session), get_settings().zone)
        flaws = audit.find_flaws(session, day, get_settings().zone)
    for flaw in flaws:
        click.echo(write_both(flaw), err=True)
    if flaws:
        sys.exit(1)
    tell("books_are_sound", day=day)


@coverage_commands.command("issue")
@click.option("--as-of", help="The day of the figures; today where none is named.")
@click.option("--known-at", help="As it was known at this moment; now where none is named.")
@click.option("--since", help="With what changed since the report of this day.")
@click.option("--village", help="Only the village with this code.")
@click.option("--denominator", metavar=_list_choices(CountKind), help="The kind of count that is divided by.")
def issue_report(**words: str | None) -> None:
    """Keep a report as it stands now, in all its forms. It is never changed."""
    given = {name: word for name, word in words.items() if word}
    with open_transaction() as session:
        by = Author("command", Source.COMMAND)
        report = issued.issue(session, _read_query(session, given), by, read_clock(session), get_settings().zone)
        tell("report_issued", number=report.id, day=report.as_of, digest=report.digest)


@coverage_commands.command("issued")
@click.argument("number", type=int, required=False)
@click.option("--format", "form", metavar=_list_choices(exports.FORMS), help="Print the report again in this form …")
@click.option("--output", type=click.Path(path_type=Path), help="… into this file, byte for byte as it was issued.")
def show_issued(number: int | None, form: str | None, output: Path | None) -> None:
    """List the issued reports; print one again; or say what is known of its day today beside what was reported."""
    with open_transaction(reads=True) as session:
        if number is None:
            for each in issued.list_issued(session):
                known_at = each.known_at.astimezone(get_settings().zone)
                click.echo(f"{each.id} {each.as_of} known {known_at:%Y-%m-%d %H:%M} {each.issued_by} {each.digest}")
            return
        if form or output:
            content = issued.reprint(session, number, _choose_form(form, output, "json"))
            if output is None:
                click.echo(content, nl=False)
            else:
                write(output, content)
            return
        beside = issued.compare_with_today(session, number, read_clock(session), get_settings().zone)
    click.echo(exports.as_text(beside.then), nl=False)
    changed = replace(beside.now, statement=beside.changed)
    click.echo()
    tell("as_known_today")
    click.echo(exports.as_text(changed), nl=False)


@counts_commands.command("set")
@click.argument("village")
@click.argument("households", type=int)
@click.option("--on", "day", help="The day of the count; today where none is named.")
@click.option("--kind", type=click.Choice([kind.value for kind in CountKind]), default=CountKind.RESIDENT.value)
@meant_option
def set_count(village: str, households: int, day: str | None, kind: str, meant: bool) -> None:
    """Write down that the village with this code has so many HOUSEHOLDS from a day on."""
    from groups.coverage import counts

    with open_transaction() as session:
        batch = _make_batch(session, Action.SET_COUNT)
        counted_on = read_day(day) if day else batch.day
        if counted_on <= batch.day:
            check_meant(counted_on, batch.day, meant=meant)
        news = counts.set_count(batch, village, CountKind(kind), counted_on, households)
    tell("written" if news else "as_it_was")
    click.echo(f"{village} {counted_on} {KINDS[CountKind(kind)]} {households}")


@counts_commands.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--on", "day", help="The day of the rows that name none.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing.")
@column_option
def import_counts(file: Path, day: str | None, dry_run: bool, columns: tuple[str, ...]) -> None:
    """Take counts from a list (.xlsx, .xls, .csv): all its sound rows, or nothing."""
    from groups.coverage import counts
    from groups.coverage.rules.count_rows import COLUMN_WORDS

    with open_transaction() as session:
        opened = counts.read_counts_file(read_content(file), file.name, read_day(day) if day else None, columns)
        tell_reading(opened.sheets.shown(), opened.sheets.left_out, COLUMN_WORDS)
        batch = _make_batch(session, Action.IMPORT_COUNTS)
        judged = counts.judge(session, opened.rows, batch.day)
        for each in judged:
            if each.problem:
                tell("village_row_flaw", row=each.row.line, village=each.row.village[:20], flaw=each.problem)
            elif each.exceeded:
                counted = {"subscribed": each.subscribed, "households": each.row.households}
                flaw = say("more_signed_up_than_counted", **counted)
                tell("village_row_flaw", row=each.row.line, village=each.village_name, flaw=flaw)
        news = sum(each.is_new for each in judged) if dry_run else counts.take(batch, judged)
    wrong = sum(bool(each.problem) for each in judged)
    tell("dry_run" if dry_run else "imported" if news else "nothing_imported")
    tell("counts_taken", news=news, same=len(judged) - wrong - news, wrong=wrong)


@thresholds_commands.command("set")
@click.argument("percent")
@click.option("--from", "day", help="The first day; today where none is named.")
@meant_option
def set_threshold(percent: str, day: str | None, meant: bool) -> None:
    """Let a village be a demonstration village from PERCENT coverage on."""
    from groups.coverage import counts

    with open_transaction() as session:
        batch = _make_batch(session, Action.SET_THRESHOLD)
        starts_on = read_day(day) if day else batch.day
        check_meant(starts_on, batch.day, meant=meant)
        basis_points = read_basis_points(percent)
        counts.set_threshold(batch, starts_on, basis_points)
    tell("threshold_from", day=starts_on, percent=f"{basis_points / 100:g}")


@thresholds_commands.command("list")
def list_thresholds() -> None:
    """Say every threshold and its first day."""
    with open_transaction() as session:
        for threshold in session.scalars(select(Threshold).order_by(Threshold.starts_on)):
            click.echo(f"{threshold.starts_on} {threshold.basis_points / 100:g}%")


@clients_commands.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, type=click.Choice([scope.value for scope in api_clients.Scope]))
@click.option("--per-minute", type=int, default=api_clients.USUAL_PACE, show_default=True, help="Requests a minute.")
def create_client(name: str, scopes: tuple[str, ...], per_minute: int) -> None:
    """Let the program NAME in, and print its token once. Without a scope it reads the figures, and raises no alarm."""
    chosen = [api_clients.Scope(scope) for scope in scopes] or [*api_clients.READ_ONLY]
    with open_transaction() as session:
        client, token = api_clients.create_client(session, name, chosen, per_minute, "command", read_clock(session))
        made = say("client_created", name=client.name, scopes=client.scopes, pace=per_minute)
        click.echo(write_both(made), err=True)
    click.echo(token)


@clients_commands.command("list")
def list_clients() -> None:
    """Say which programs may read the figures."""
    with open_transaction() as session:
        for client in api_clients.list_clients(session):
            state = (
                say("client_revoked_on", day=_write_local(client.revoked_at))
                if client.revoked_at
                else say("client_good")
            )
            made = f"{_write_local(client.created_at)} {client.created_by}"
            click.echo(f"{client.name}: {client.scopes}, {client.requests_per_minute}/min, {made}, {write_both(state)}")


@clients_commands.command("revoke")
@click.argument("name")
def revoke_client(name: str) -> None:
    """Let the token of the program NAME be good for nothing from now on."""
    with open_transaction() as session:
        api_clients.revoke_client(session, name, read_clock(session))
    tell("client_revoked", name=name)


def _read_query(session: Session, given: dict[str, str]) -> CoverageQuery:
    now, zone = read_clock(session), get_settings().zone
    return read_query(given, figures.find_latest_day(session, find_local_day(now, zone)), zone, now)


def _tell(words: dict[str, Any], form: str | None, output: Path | None, *, usual: str) -> None:
    named = {"first": "from", "last": "to", "step": "by"}
    given = {named.get(name, name): word for name, word in words.items() if word}
    with open_transaction(reads=True) as session:
        form = _choose_form(form, output, usual)
        report = coverage_report.report_on(session, _read_query(session, given), get_settings().zone, form=form)
    content = exports.as_text(report).encode() if form == "table" else exports.write(report, form)
    if output is None:
        click.echo(content, nl=False)
    else:
        write(output, content)


def _choose_form(form: str | None, output: Path | None, usual: str) -> str:
    """What is named, or what the file's ending says, or the usual. Raises InvalidChoice."""
    ending = output.suffix.removeprefix(".").lower() if output is not None else ""
    chosen = form or _ENDINGS.get(ending, ending) or usual
    if chosen not in _FORMS:
        raise make_unknown_choice(chosen, _FORMS)
    if output is None and chosen in _NOT_FOR_EYES and sys.stdout.isatty():
        raise InvalidChoice(say("not_for_a_terminal", form=chosen))
    return chosen


def _make_batch(session: Session, action: Action) -> Batch:
    return Batch(session, Author("command", Source.COMMAND), action, read_clock(session), get_settings().zone)


def _write_local(moment: datetime) -> str:
    return f"{moment.astimezone(get_settings().zone):%Y-%m-%d}"
