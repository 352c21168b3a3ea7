"""`responders import`, `export`, `list`: who is called when too few neighbours come, and when they are on duty."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_settings
from groups.commands.common import (
    column_option,
    note_export,
    open_transaction,
    read_content,
    tell,
    tell_reading,
    write,
)
from groups.errors import say
from groups.errors.words import write_both
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from groups.models.responders import Responder
from groups.responders import files, lists
from groups.responders import on_duty as responders_on_duty
from groups.responders.lists import Kind, Region
from groups.roster import villages
from groups.rules.phone import mask

responders = AppGroup("responders", help="Whoever is on duty: called when too few neighbours come.")
_VILLAGE = click.option("--village", "code", help="The village's code; without it, the town's centre.")


@responders.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@_VILLAGE
@click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing.")
@column_option
def import_responders(file: Path, code: str | None, dry_run: bool, columns: tuple[str, ...]) -> None:
    """Take a list (.xlsx, .xls, .csv) of names, phones, teams and duty hours: all of it, or nothing."""
    of = get_settings()
    with open_transaction() as session:
        village_id = _find_village_id(session, code)
        here = Region(of.default_region, of.default_area_code, of.countries)
        opened = files.read_file(Kind.RESPONDERS, read_content(file), file.name, columns)
        tell_reading(opened.sheets.shown(), opened.sheets.left_out, files.list_column_words(Kind.RESPONDERS))
        on_record = lists.read_list(session, Kind.RESPONDERS, village_id)
        rows = files.judge_rows(on_record, opened.rows, here)
        for row in rows:
            for words in (*row.checked.wrong.values(), *row.checked.told):
                tell("name_row_flaw", row=row.number, name=row.texts.get("name", ""), flaw=words)
        if not dry_run:
            batch = Batch(
                session,
                Author("responders import", Source.COMMAND),
                Action.EDIT_RESPONDERS,
                read_clock(session),
                of.zone,
            )
            files.import_rows(batch, on_record, rows)
    counts = {word: sum(row.change == word for row in rows) for word in ("new", "changed", "same", "error")}
    tell("dry_run" if dry_run else "imported" if counts["new"] + counts["changed"] else "nothing_imported")
    tell("responders_taken", **counts)


@responders.command("export")
@_VILLAGE
@click.option("--format", "form", type=click.Choice(["csv", "xlsx"]), default="csv")
@click.option("--output", type=click.Path(path_type=Path), help="The file to write; standard output where none is.")
def export_responders(code: str | None, form: str, output: Path | None) -> None:
    """Write the list as a file that imports again to the same list."""
    with open_transaction() as session:
        village_id = _find_village_id(session, code)
        table = files.as_texts(session, Kind.RESPONDERS, village_id, get_settings().default_region)
        note_export(session, "responders_export", form, len(table), village_id)
    content = files.as_csv(table) if form == "csv" else files.as_xlsx(table, "值班人员")
    if output is None:
        click.echo(content, nl=False)
    else:
        write(output, content)


@responders.command("list")
@_VILLAGE
def list_responders(code: str | None) -> None:
    """Show the list, and who is on duty at this minute; numbers are masked."""
    with open_transaction() as session:
        village_id = _find_village_id(session, code)
        local = read_clock(session).astimezone(get_settings().zone)
        on_duty = {each.id for each in responders_on_duty.list_on_duty(session, village_id, local)}
        for row in lists.list_rows(session, Kind.RESPONDERS, village_id):
            if isinstance(row, Responder):
                now = write_both(say("on_duty")) if row.id in on_duty else "-"
                team = responders_on_duty.TEAM_WORDS[row.team][0]
                click.echo(f"{team}\t{row.name}\t{mask(row.number)}\t{row.hours or responders_on_duty.ALWAYS}\t{now}")


def _find_village_id(session: Session, code: str | None) -> int | None:
    return None if code is None else villages.get_village(session, code).id
