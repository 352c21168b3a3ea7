"""The roster's commands: `village create`, `demo load`, `roster import`, `roster export`, `roster keys`.

A domain error is one line on stderr and exit code 1.
"""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup

from config.database import read_clock
from config.services import get_settings as app_settings
from groups.commands.common import (
    column_option,
    note_export,
    open_transaction,
    read_content,
    tell,
    tell_left_out,
    write,
)
from groups.errors import Message, RosterFileError, say
from groups.errors.words import write_both
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from groups.models.roster import VillageKind
from groups.roster import villages

if TYPE_CHECKING:
    from groups.commands.demo.load import DemoSummary
    from groups.roster.imports.reading import RosterList
    from groups.roster.imports.rules.guesses import Guess, Said
    from groups.roster.imports.rules.judgement import Judgement, RowVerdict

village = AppGroup("village", help="Villages and residents' committees.")
demo = AppGroup("demo", help="The demo town.")
roster_commands = AppGroup("roster", help="Who lives where, and by which phones they are reached.")


@village.command("create")
@click.argument("code")
@click.argument("name")
@click.option("--kind", type=click.Choice([kind.value for kind in VillageKind]), default=VillageKind.VILLAGE.value)
def create_village(code: str, name: str, kind: str) -> None:
    """Add the village NAME under CODE."""
    with open_transaction() as session:
        batch = Batch(
            session, Author("command", Source.COMMAND), Action.ADD_VILLAGE, read_clock(session), app_settings().zone
        )
        made = villages.create_village(session, code, name, VillageKind(kind), record=batch)
    click.echo(write_both(say("village_created", code=made.code, name=made.name)))


@demo.command("load")
def load() -> None:
    """Build the demo town in an empty roster; change nothing where it stands already."""
    from groups.commands.demo.load import load_demo

    started = time.monotonic()
    reaches_nobody = _has_only_the_simulator()
    with open_transaction() as session:
        summary = load_demo(session, carrier_is_simulator=reaches_nobody)
    click.echo(_write_summary(summary, time.monotonic() - started))


def _has_only_the_simulator() -> bool:
    """Whether nobody is reached: the carrier's addresses are this machine's, and what answers there is a simulator.

    A gateway may stand on this machine too. Where nothing answers, nothing is sent.
    """
    settings = app_settings()
    return settings.carrier_is_simulator and all(_is_simulator(each.address) for each in settings.accounts)


def _is_simulator(address: str) -> bool:
    from urllib.error import HTTPError
    from urllib.parse import urlsplit
    from urllib.request import ProxyHandler, build_opener

    parts = urlsplit(address)
    url = f"{parts.scheme}://{parts.netloc}/sim/healthz"
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=3) as answer:
            said = json.loads(answer.read(1000))
    except HTTPError:
        return False
    except ValueError:
        return False
    except OSError as error:
        return isinstance(getattr(error, "reason", error), ConnectionRefusedError)
    return isinstance(said, dict) and said.get("simulator") == "joint-defence"


@roster_commands.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--village", "code", required=True, help="The village's code.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing.")
@click.option("--complete", is_flag=True, help="The list names every household: archive those it lacks.")
@click.option("--yes", is_flag=True, help="Even if a tenth would be archived, or a fifth become other households.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@click.option("--errors", type=click.Path(path_type=Path), help="A workbook for the rows in error or warned of.")
@column_option
@click.option("--guess", "guesses", multiple=True, help="What is meant instead of a guess, as --dry-run prints it.")
def import_roster(
    file: Path,
    code: str,
    dry_run: bool,
    complete: bool,
    yes: bool,
    as_json: bool,
    errors: Path | None,
    columns: tuple[str, ...],
    guesses: tuple[str, ...],
) -> None:
    """Take a village's list (.xlsx, .xls, .ods, .csv, .json …) into the roster: all its sound rows, or nothing."""
    from groups.roster.imports import apply, mend, reading
    from groups.roster.imports.rules import preview
    from groups.roster.imports.rules.guesses import Said

    settings = app_settings()
    with open_transaction() as session:
        opened = reading.open_file(read_content(file), file.name)
        decided = Said.read(guesses)
        read = reading.read_households(opened, reading.read_columns_said(opened, columns), decided)
        of = villages.get_village(session, code, hold=True)
        judgement = apply.judge_list(
            *(session, of, read.rows, settings.default_region, settings.default_area_code),
            complete=complete,
            countries=settings.countries,
            decided=decided,
        )
        _check_guesses(guesses, decided, judgement, read)
        if errors is not None:
            sheets = {label: sheet for label, (sheet, _) in read.sheets.items()}
            if to_mend := mend.list_rows_to_mend(read.rows, judgement.verdicts, sheets):
                shapes = {label: mend.describe_sheet(*one) for label, one in read.sheets.items()}
                write(errors, mend.as_xlsx(to_mend, shapes))
        if not as_json:
            _tell_findings(judgement, read)
        if not dry_run:
            by = Author("roster import", Source.COMMAND)
            apply.apply(session, of, judgement, by, read_clock(session), settings.zone, once_more=yes)
    if as_json:
        click.echo(
            json.dumps(
                preview.as_json(judgement, read.notes, write_both, written=not dry_run), ensure_ascii=False, indent=1
            )
        )
    else:
        _tell_outcome(judgement, dry_run)


@roster_commands.command("export")
@click.option("--village", "code", required=True, help="The village's code.")
@click.option("--format", "form", type=click.Choice(["json", "csv", "xlsx"]), required=True)
@click.option(
    "--output", type=click.Path(path_type=Path), help="The file to write; standard output where none is named."
)
def export_roster(code: str, form: str, output: Path | None) -> None:
    """Write a village's roster as a file that imports again to the same roster."""
    from groups.roster import exports
    from groups.roster.proofs import read_proven

    settings = app_settings()
    with open_transaction() as session:
        of = villages.get_village(session, code)
        households = villages.read_roster(session, of.id)
        name, today = of.name, read_clock(session).astimezone(settings.zone).date()
        proven = read_proven(session, of.id, today)
        note_export(session, "roster_export", form, sum(len(each.phones) for each in households), of.id)
    if form == "json":
        content = exports.as_json(households).encode()
    elif form == "csv":
        # Without the mark in front, spreadsheets on a Chinese Windows read a CSV as GBK.
        content = exports.as_csv(households, settings.default_region, proven).encode("utf-8-sig")
    else:
        content = exports.as_xlsx(households, settings.default_region, name, today, proven)
    if output is None:
        click.echo(content, nl=False)
    else:
        write(output, content)


@roster_commands.command("keys")
def keys() -> None:
    """Write anew what households are found by: once after an upgrade from a release that kept fewer keys."""
    from groups.roster.search import refresh_keys

    last, mended = 0, 0
    while True:
        with open_transaction() as session:
            reached, some = refresh_keys(session, last)
        mended += some
        if reached is None:
            break
        last = reached
    tell("keys_written", count=mended)


def _write_summary(summary: DemoSummary, seconds: float) -> str:
    figures = say(
        "town_figures",
        villages=summary.villages,
        households=summary.households,
        subscribed=summary.subscribed,
        groups=summary.groups,
        phones=summary.phones,
    )
    if summary.loaded:
        return write_both(say("demo_loaded", figures=figures, seconds=f"{seconds:.1f}"))
    return write_both(say("demo_there_already", figures=figures))


def _list_guesses(judgement: Judgement, read: RosterList) -> list[tuple[RowVerdict | None, Guess]]:
    """What was guessed, each with the row that it is about; of the list as a whole, None."""
    of_notes = [(None, guess) for note in (*read.notes, *judgement.notes) for guess in note.guesses]
    return [*of_notes, *((row, guess) for row in judgement.verdicts for guess in row.guesses)]


def _check_guesses(texts: Sequence[str], said: Said, judgement: Judgement, read: RosterList) -> None:
    """Raise RosterFileError where something is said of what was not guessed, or what nobody offers."""
    decided = {guess.key for _, guess in _list_guesses(judgement, read) if guess.decided}
    for text, key in zip(texts, (text.rpartition("=")[0] for text in texts), strict=True):
        if key not in decided:
            raise RosterFileError(say("guess_said_wrongly", text=text[:80]))


def _tell_guesses(judgement: Judgement, read: RosterList) -> None:
    from groups.roster.imports.rules.guesses import ABOUT_WORDS, write_said

    with_sheet = _has_several_sheets(judgement)
    for row, guess in _list_guesses(judgement, read):
        where = f"{_name_row(row, with_sheet=with_sheet)} " if row else ""
        about, now = say(ABOUT_WORDS[guess.about]), _name_choice(guess.now)
        if guess.decided:
            told = say("guess_said", about=about, now=now)
        else:
            options = tuple(
                say(
                    "guess_otherwise",
                    option=f"--guess {shlex.quote(write_said(guess, choice))}",
                    meaning=_name_choice(choice.value, choice.shown),
                )
                for choice in guess.others
            )
            told = say("guess_shown", about=about, now=now, options=options)
        if guess.decided or guess.others:
            click.echo(f"guess {where}{write_both(told)}")


def _name_choice(value: str, shown: str = "") -> Message | str:
    """What a choice is called: a name or a door stands for itself."""
    from groups.roster.imports.rules.guesses import APART, NEW, NONE, OUT

    words = {
        NONE: "guess_in_no_group",
        APART: "guess_each_for_itself",
        NEW: "guess_new_household",
        OUT: "guess_left_out",
    }
    return shown or (say(words[value]) if value in words else value)


def _has_several_sheets(judgement: Judgement) -> bool:
    return len({row.sheet for row in judgement.verdicts}) > 1


def _name_row(row: RowVerdict, *, with_sheet: bool) -> str:
    at = say("row_of_sheet", sheet=row.sheet, row=row.row) if with_sheet else say("row_number", row=row.row)
    return write_both(at)


def _tell_findings(judgement: Judgement, read: RosterList) -> None:
    from groups.rules.findings import show

    if read.ignored:
        tell("columns_left_out", names=tuple(map(show, read.ignored)))
    tell_left_out(read.left_out)
    for note in (*read.notes, *judgement.notes):
        click.echo(f"note {note.reason}: {write_both(note.message)}")
    _tell_guesses(judgement, read)
    with_sheet = _has_several_sheets(judgement)
    for row in judgement.verdicts:
        where = _name_row(row, with_sheet=with_sheet) if row.findings else ""
        for finding in row.findings:
            click.echo(
                f"{where} {row.verdict.value} {finding.reason} {show(row.household)}: {write_both(finding.message)}"
            )
    if judgement.missing:
        named = (*(household.label for household in judgement.missing[:5]), *("…" for _ in judgement.missing[5:6]))
        fate = "archived_not_in_file" if judgement.complete else "kept_not_in_file"
        tell(fate, count=len(judgement.missing), names=named)


def _tell_outcome(judgement: Judgement, dry_run: bool) -> None:
    from groups.roster.imports.apply import write_confirmation
    from groups.roster.imports.rules.judgement import Verdict

    tell("dry_run" if dry_run else "imported")
    if dry_run and (words := write_confirmation(judgement)):
        click.echo(write_both(words))
    tell(
        "roster_taken",
        new=judgement.how_many(Verdict.NEW),
        changed=judgement.how_many(Verdict.CHANGED),
        same=judgement.how_many(Verdict.SAME),
        warnings=sum(row.verdict is Verdict.WARNING for row in judgement.verdicts),
        errors=len(judgement.errors),
    )
