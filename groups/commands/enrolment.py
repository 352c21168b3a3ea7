"""The enrolment's commands: `enrolment import`, `bill show`, `bill export`, `tariff list`, `tariff add`.

A domain error is one line on stderr and exit code 1.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database as the_database
from config.services import get_settings
from groups.commands.common import (
    check_meant,
    column_option,
    meant_option,
    open_transaction,
    read_content,
    tell,
    tell_in_one_line,
    tell_reading,
    write,
)
from groups.enrolment import bills as enrolment_bills
from groups.enrolment import exports as bill_exports
from groups.enrolment import paid_for
from groups.enrolment.carrier_lists import exports as list_exports
from groups.enrolment.carrier_lists.jobs import CarrierLists
from groups.enrolment.carrier_lists.preview import rebuild_rows
from groups.enrolment.carrier_lists.rules.judgement import LEFT_OUT, Judged, Verdict
from groups.enrolment.carrier_lists.rules.rows import COLUMN_WORDS
from groups.enrolment.rules.bill import Bill, read_fen, read_month, write_yuan
from groups.errors import CarrierListError, ChangedSince, InvalidTariff, Message, say
from groups.errors.words import write_both
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.roster.villages import get_village
from groups.rules.days import find_local_day, read_day
from groups.rules.findings import show
from groups.uploads import jobs, uploads
from groups.uploads.columns_said import read_columns_of_shown
from groups.uploads.kinds import Progress, ReadList
from groups.uploads.uploads import KeptRows

enrolment = AppGroup("enrolment", help="Who has signed up.")
bills = AppGroup("bill", help="What a month's subscriptions cost the villages and the carrier.")
tariffs = AppGroup("tariff", help="What a month of a plan costs, since when.")
_BY = Author("enrolment import", Source.COMMAND)
_month = click.option("--month", required=True, help="The month, like 2026-11.")
_village = click.option("--village", "code", help="Only the village of this code.")


@enrolment.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@click.option("--errors", type=click.Path(path_type=Path), help="A workbook to write the rows that were left out to.")
@column_option
def import_list(file: Path, dry_run: bool, as_json: bool, errors: Path | None, columns: tuple[str, ...]) -> None:
    """Take the carrier's list (.xlsx, .xls, .csv) in: all rows that are certain, in one go.

    Rows in error and doubtful ones are left out; doubtful ones can be decided on the page.
    """
    with tell_in_one_line():
        brought = Upload(name=file.name, content=read_content(file), columns=[], decisions={}, layouts=[])
        was_read = _read(brought)
        if columns:
            said = read_columns_of_shown(columns, was_read.layouts, COLUMN_WORDS)
            brought.columns = [[sheet, column, field] for (sheet, column), field in said.items()]
            was_read = _read(brought)
        if was_read.reason:
            raise CarrierListError(was_read.reason)
        if dry_run:
            rows = _with_a_bar(say("checking"), partial(_look_through, brought, was_read))
        else:
            rows = _with_a_bar(say("writing"), partial(_write, brought))
    left_out = [row for row in rows if row.verdict in LEFT_OUT]
    if errors is not None and left_out:
        write(errors, list_exports.export_rows_to_mend(left_out))
    if as_json:
        told = list_exports.as_json(rows, was_read.left_out, written=not dry_run)
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        tell_reading(was_read.layouts, was_read.left_out, COLUMN_WORDS)
        _tell(rows, dry_run)


def _read(brought: Upload) -> ReadList:
    return CarrierLists().read(brought, jobs.make_ground(get_settings()), lambda percent: None)


def _look_through(brought: Upload, was_read: ReadList, progress: Progress) -> list[Judged]:
    """What writing a list would do now. Keeps nothing of it."""
    database = the_database()
    matched = CarrierLists().prepare(database, brought, was_read, jobs.make_ground(get_settings()), progress)
    return CarrierLists().judge(database, matched).rows


def _write(brought: Upload, progress: Progress) -> list[Judged]:
    """Write a list; what became of its rows. It stands among those of the page then."""
    database = the_database()
    with database.begin() as session:
        now = read_clock(session)
        upload = uploads.keep_upload(session, UploadKind.CARRIER, brought.name, brought.content, _BY, now)
        upload.columns = brought.columns
        uploads.start_writing(upload, _BY, now)
    jobs.work_on(database, get_settings(), {UploadKind.CARRIER: CarrierLists()}, upload.id, progress)
    with database.begin() as session:
        seen = session.get_one(Upload, upload.id)
        if seen.state is UploadState.WRITTEN:
            return rebuild_rows(row.data for row in KeptRows(seen.id).page(session))
        session.delete(seen)
    raise ChangedSince(say("roster_being_changed"), [])


def _with_a_bar(label: Message, work: Callable[[Progress], list[Judged]]) -> list[Judged]:
    """What the work comes to, which says on stderr how far it is."""
    bar: Any = click.progressbar(length=100, label=write_both(label), file=sys.stderr)
    with bar:
        return work(lambda percent: bar.update(percent - bar.pos))


@bills.command("show")
@_month
@_village
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table")
def show_bill(month: str, code: str | None, form: str) -> None:
    """Print the bill of a month, by village and plan."""
    with open_transaction(reads=True) as session:
        bill = _read_bill(session, month, code)
    if form == "json":
        click.echo(bill_exports.export_bill_json(bill))
    elif form == "csv":
        click.echo(bill_exports.export_bill_csv(bill).encode("utf-8-sig"), nl=False)
    else:
        _print(bill)


@bills.command("export")
@_month
@_village
@click.option("--output", type=click.Path(path_type=Path), required=True, help="The workbook to write.")
def export_bill(month: str, code: str | None, output: Path) -> None:
    """Write the bill of a month as a workbook, with every household of it."""
    kept = get_settings()
    with open_transaction(reads=True) as session:
        bill = _read_bill(session, month, code)
        village_id = get_village(session, code).id if code else None
        households = [
            *paid_for.list_paid_for(session, bill.month, village_id),
            *paid_for.list_differences(session, bill, village_id),
        ]
        today = find_local_day(read_clock(session), kept.zone)
    write(output, bill_exports.export_bill_xlsx(bill, households, today, kept.default_region))
    tell("bill_written", file=output, households=bill.total.households, sum=write_yuan(bill.total.fen))


@bills.command("settle")
@_month
def settle(month: str) -> None:
    """Settle a month: its bill stays as it is, and what is known later goes to the next."""
    with open_transaction() as session:
        first = read_month(month, find_local_day(read_clock(session), get_settings().zone))
        bill = enrolment_bills.settle_month(session, first, "command", read_clock(session))
    month = f"{bill.month:%Y-%m}"
    tell("month_settled", month=month, households=bill.total.households, sum=write_yuan(bill.total.fen))


@tariffs.command("correct")
@click.argument("plan")
@click.option("--from", "day", required=True, help="The first day of the tariff that is wrong.")
@click.option("--village", help="The village's share of a month in yuan.")
@click.option("--carrier", help="The carrier's share of a month in yuan.")
@click.option("--remove", is_flag=True, help="Take it out instead: the one before goes on.")
@click.option("--dry-run", is_flag=True, help="Only say what it changes in the months billed.")
def correct_tariff(plan: str, day: str, village: str | None, carrier: str | None, remove: bool, dry_run: bool) -> None:
    """Put a tariff of PLAN right that was entered wrong, or take it out; says which months that changes."""
    with open_transaction() as session:
        starts_on = read_day(day)
        action = Action.REMOVE_TARIFF if remove else Action.SET_TARIFF
        batch = Batch(session, Author("command", Source.COMMAND), action, read_clock(session), get_settings().zone)
        change = _change_of_tariff(plan, starts_on, village, carrier, remove=remove)
        for each in enrolment_bills.preview_change(batch, change):
            settled = f" {write_both(say('settled_before'))}" if each.settled else ""
            click.echo(f"{each.month:%Y-%m}: ￥{write_yuan(each.before.fen)} → ￥{write_yuan(each.after.fen)}{settled}")
        if not dry_run:
            change(batch)
    tell("dry_run" if dry_run else "written")


def _change_of_tariff(
    plan: str, starts_on: date, village: str | None, carrier: str | None, *, remove: bool
) -> Callable[[Batch], object]:
    if remove:
        return lambda batch: enrolment_bills.remove_tariff(batch, plan, starts_on)
    village_fen, carrier_fen = read_fen(village or ""), read_fen(carrier or "")
    if village_fen is None or carrier_fen is None:
        raise InvalidTariff(say("no_amount"))
    return lambda batch: enrolment_bills.correct_tariff(batch, plan, starts_on, village_fen, carrier_fen)


@tariffs.command("list")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, in fen.")
def list_tariffs(as_json: bool) -> None:
    """Say every tariff, plan by plan, the latest first."""
    with open_transaction(reads=True) as session:
        found = enrolment_bills.read_tariffs(session)
    if as_json:
        told = [
            {
                "plan": each.plan,
                "starts_on": str(each.starts_on),
                "village_fen": each.village_fen,
                "carrier_fen": each.carrier_fen,
            }
            for each in found
        ]
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    for each in found:
        tell("tariff_line", plan=each.plan, day=each.starts_on, **_write_shares(each.village_fen, each.carrier_fen))


@tariffs.command("add")
@click.argument("plan")
@click.option("--village", required=True, help="The village's share of a month in yuan, like 3.50.")
@click.option("--carrier", required=True, help="The carrier's share of a month in yuan.")
@click.option("--from", "day", help="The first day; today where none is named.")
@meant_option
def add_tariff(plan: str, village: str, carrier: str, day: str | None, meant: bool) -> None:
    """Let a month of PLAN cost so much from a day on. A plan comes to be with its first tariff."""
    village_fen, carrier_fen = read_fen(village), read_fen(carrier)
    with open_transaction() as session:
        if village_fen is None or carrier_fen is None:
            raise InvalidTariff(say("no_amount"))
        batch = Batch(
            session, Author("command", Source.COMMAND), Action.SET_TARIFF, read_clock(session), get_settings().zone
        )
        starts_on = read_day(day) if day else batch.day
        check_meant(starts_on, batch.day, meant=meant)
        enrolment_bills.set_tariff(batch, plan, starts_on, village_fen, carrier_fen)
    tell("tariff_written", plan=plan, day=starts_on, **_write_shares(village_fen, carrier_fen))


def _read_bill(session: Session, month: str, code: str | None) -> Bill:
    today = find_local_day(read_clock(session), get_settings().zone)
    first: date = read_month(month, today)
    return enrolment_bills.read_bill(session, first, get_village(session, code).id if code else None)


def _print(bill: Bill) -> None:
    for line in bill.lines:
        shares = say("bill_shares", **_write_shares(line.village_fen, line.carrier_fen))
        money = write_both(shares if line.priced else say("bill_no_tariff"))
        households = write_both(say("so_many_households", count=line.households))
        click.echo(f"{line.code}  {line.village}  {line.label}  {households}  {money}")
    total = bill.total
    shares = say("bill_shares", **_write_shares(total.village_fen, total.carrier_fen))
    month = f"{bill.month:%Y-%m}"
    tell("bill_total", month=month, households=total.households, shares=shares, sum=write_yuan(total.fen))
    if total.unpriced:
        tell("bill_unpriced", count=total.unpriced)


def _write_shares(village_fen: int, carrier_fen: int) -> dict[str, str]:
    return {"village": write_yuan(village_fen), "carrier": write_yuan(carrier_fen)}


def _tell(rows: Sequence[Judged], dry_run: bool) -> None:
    for judged in rows:
        row = judged.entry.row
        where = write_both(
            say("row_of_sheet", sheet=row.sheet, row=row.number) if row.sheet else say("row_number", row=row.number)
        )
        for finding in judged.findings:
            who, words = show(judged.entry.name), write_both(finding.message)
            click.echo(f"{where} {judged.verdict.value} {finding.reason} {who}: {words}")
        if judged.candidates:
            perhaps = write_both(say("perhaps", names=tuple(show(each.label) for each in judged.candidates)))
            click.echo(f"{where} doubtful {show(judged.entry.name)}: {perhaps}")
    counts = Counter(row.verdict for row in rows)
    news = counts[Verdict.NEW] + counts[Verdict.ENDED] + counts[Verdict.CHANGED]
    tell("dry_run" if dry_run else "written" if news else "nothing_imported")
    tell("list_taken", **{verdict.value: counts[verdict] for verdict in Verdict})
