"""The roster's commands: `village create`, `demo load`, `roster import`, `roster export`, `roster keys`.

A domain error is one line on stderr and exit code 1.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup

from config.database import clock
from config.services import settings as app_settings
from groups.commands.common import content_of, transaction, write
from groups.models.batch import Author, Batch
from groups.models.changes import Source
from groups.models.roster import VillageKind
from groups.roster import villages

if TYPE_CHECKING:
    from groups.demo.load import DemoSummary
    from groups.roster.imports.reading import RosterList
    from groups.roster.imports.rules.judgement import Judgement

village = AppGroup("village", help="Villages and residents' committees.")
demo = AppGroup("demo", help="The demo town.")
roster_commands = AppGroup("roster", help="Who lives where, and by which phones they are reached.")


@village.command("create")
@click.argument("code")
@click.argument("name")
@click.option("--kind", type=click.Choice([kind.value for kind in VillageKind]), default=VillageKind.VILLAGE.value)
def create_village(code: str, name: str, kind: str) -> None:
    """Add the village NAME under CODE."""
    with transaction() as session:
        batch = Batch(session, Author("command", Source.COMMAND), "add_village", clock(session), app_settings().zone)
        made = villages.create_village(session, code, name, VillageKind(kind), record=batch)
    click.echo(f"已建立 {made.code} {made.name} created")


@demo.command("load")
def load() -> None:
    """Build the demo town in an empty roster; change nothing where it stands already."""
    from groups.demo.load import load_demo

    started = time.monotonic()
    with transaction() as session:
        summary = load_demo(session, carrier_is_simulator=app_settings().carrier_is_simulator)
    click.echo(_told(summary, time.monotonic() - started))


@roster_commands.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--village", "code", required=True, help="The village's code.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing.")
@click.option("--complete", is_flag=True, help="The list names every household: archive those it lacks.")
@click.option("--yes", is_flag=True, help="Even if a tenth would be archived, or a fifth become other households.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@click.option("--errors", type=click.Path(path_type=Path), help="A workbook to write the rows in error to.")
@click.option("--column", "columns", multiple=True, help="What a column holds, where it is guessed wrong: 手机=D.")
def import_roster(
    file: Path,
    code: str,
    dry_run: bool,
    complete: bool,
    yes: bool,
    as_json: bool,
    errors: Path | None,
    columns: tuple[str, ...],
) -> None:
    """Take a village's list (.xlsx, .xls, .ods, .csv, .json …) into the roster: all its sound rows, or nothing."""
    from groups.roster.imports import apply, mend, reading
    from groups.roster.imports.rules import preview

    settings = app_settings()
    with transaction() as session:
        opened = reading.open_file(content_of(file), file.name)
        read = reading.households_in(opened, reading.columns_said(opened, columns))
        of = villages.village_of(session, code, hold=True)
        judgement = apply.preview(
            session, of, read.rows, settings.default_region, settings.default_area_code, complete=complete
        )
        if errors is not None and judgement.errors:
            write(errors, mend.as_xlsx(mend.rows_to_mend(read.rows, judgement.verdicts)))
        if not as_json:
            _tell_findings(judgement, read)
        if not dry_run:
            by = Author("roster import", Source.COMMAND)
            apply.apply(session, of, judgement, by, clock(session), settings.zone, once_more=yes)
    if as_json:
        click.echo(
            json.dumps(preview.as_json(judgement, read.notes, written=not dry_run), ensure_ascii=False, indent=1)
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

    settings = app_settings()
    with transaction() as session:
        of = villages.village_of(session, code)
        households = villages.read_roster(session, of.id)
        name, today = of.name, clock(session).astimezone(settings.zone).date()
    if form == "json":
        content = exports.as_json(households).encode()
    elif form == "csv":
        # Without the mark in front, spreadsheets on a Chinese Windows read a CSV as GBK.
        content = exports.as_csv(households, settings.default_region).encode("utf-8-sig")
    else:
        content = exports.as_xlsx(households, settings.default_region, name, today)
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
        with transaction() as session:
            reached, some = refresh_keys(session, last)
        mended += some
        if reached is None:
            break
        last = reached
    click.echo(f"已更新{mended}户的检索 the keys of {mended} households were written anew")


def _told(summary: DemoSummary, seconds: float) -> str:
    figures = (
        f"{summary.villages} 个村居 villages, {summary.households} 户 households, "
        f"已开通 {summary.subscribed} subscribed, {summary.groups} 个联防组 groups, {summary.phones} 个电话 phones"
    )
    if summary.loaded:
        return f"演示镇已载入 demo town loaded: {figures} ({seconds:.1f} s)"
    return f"演示镇早已载入，未作改动 demo town already there, nothing changed: {figures}"


def _tell_findings(judgement: Judgement, read: RosterList) -> None:
    from groups.rules.findings import shown

    if read.ignored:
        click.echo(f"未采用的列 columns left out: {'、'.join(map(shown, read.ignored))}")
    if read.ignored_sheets:
        click.echo(f"不是名册的工作表 sheets left out: {'、'.join(map(shown, read.ignored_sheets))}")
    for note in (*read.notes, *judgement.notes):
        click.echo(f"提示 note {note.reason}: {note.message}")
    several_sheets = len({row.sheet for row in judgement.verdicts}) > 1
    for row in judgement.verdicts:
        where = f"{row.sheet} 第{row.row}行" if several_sheets else f"第{row.row}行"
        for finding in row.findings:
            click.echo(f"{where} {row.verdict.value} {finding.reason} {shown(row.household)}: {finding.message}")
    if judgement.missing:
        named = "、".join(household.label for household in judgement.missing[:5])
        more = "…" if len(judgement.missing) > 5 else ""
        fate = "归档 archived" if judgement.complete else "保持不变 left as they are"
        click.echo(f"名册中有而文件里没有，{fate} (not in the file): {len(judgement.missing)} ({named}{more})")


def _tell_outcome(judgement: Judgement, dry_run: bool) -> None:
    from groups.roster.imports.rules.judgement import Verdict

    counts = ", ".join(
        f"{word} {judgement.how_many(change)}"
        for word, change in (("新增 new", Verdict.NEW), ("变更 changed", Verdict.CHANGED), ("未变 same", Verdict.SAME))
    )
    warnings = sum(row.verdict is Verdict.WARNING for row in judgement.verdicts)
    heading = "试运行，未写入 dry run, nothing written" if dry_run else "已导入 imported"
    click.echo(f"{heading}: {counts}, 警告 warnings {warnings}, 有误未导入 errors left out {len(judgement.errors)}")
