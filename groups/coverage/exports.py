"""Coverage in each of its forms, from one report: CSV, XLSX, JSON, PDF, for command, page and API."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from typing import Any

import xlsxwriter

from groups.coverage import pdf
from groups.coverage.rules.figures import Figure, threshold_percent
from groups.coverage.rules.report import CoverageReport, Level, PlaceCoverage, Series, VillageCoverage
from groups.coverage.rules.statement import Line, Statement
from groups.coverage.rules.table import (
    DEFINED,
    KINDS,
    VERSION,
    Cell,
    Table,
    notes,
    series_table,
    shown,
    statement_sums,
    statement_table,
    statement_title,
    table_of,
)
from groups.files.writing import harmless
from groups.rules.counting import CountKind

_WIDE = {
    "村居": 16,
    "名称": 14,
    "示范起始日": 13,
    "一年前在组户": 14,
    "其中未换组": 13,
    "备注": 32,
    "日期": 13,
    "户": 20,
    "录入时间": 17,
    "经办": 12,
    "办理": 13,
    "指标": 12,
}
_AS_TEXT = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def as_csv(report: CoverageReport) -> bytes:
    """One table in UTF-8 with the mark that spreadsheets ask for; the series where the report has one.

    Every row carries the day and the kind of count. A coverage has four places after the point: 0.6560.
    """
    table = series_table(report) if report.series else table_of(report)
    kind = KINDS[CountKind(report.denominator)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    known_at = report.known_at.isoformat() if report.known_at else ""
    writer.writerow([*table.headings, *([] if report.series else ["统计日期"]), "户数口径", "知悉时点"])
    for row in [*table.rows, *([table.total] if table.total else [])]:
        day = [] if report.series else [report.as_of.isoformat()]
        writer.writerow([*(_as_text(cell) for cell in row), *day, kind, known_at])
    if report.statement is not None:
        # A second table below, as on the page: only where somebody has asked what changed.
        writer.writerow([])
        writer.writerow([statement_title(report.statement)])
        for below in (statement_sums(report), statement_table(report)):
            writer.writerow(below.headings)
            writer.writerows([_as_text(cell) for cell in row] for row in below.rows)
            writer.writerow([])
    return text.getvalue().encode("utf-8-sig")


def as_text(report: CoverageReport) -> str:
    """A table for a terminal, in columns."""
    kind = KINDS[CountKind(report.denominator)]
    known_at = f" 按{report.known_at:%Y-%m-%d %H:%M}所知" if report.known_at else ""
    about = f"{report.as_of} {kind} 标准{threshold_percent(report.threshold)}%{known_at}"
    town = report.town
    sum_up = (
        f"全镇 {report.started}/{len(report.villages)} 个村居已开展，"
        f"{town.subscribed:,}/{town.households or 0:,} 户，{shown(town)}"
    )
    parts = [f"{about}\n{sum_up}", _columns(table_of(report), report.threshold)]
    if report.series:
        parts.append(_columns(series_table(report)))
    if report.statement is not None:
        sums, lines = _columns(statement_sums(report)), _columns(statement_table(report))
        parts.append(f"{statement_title(report.statement)}\n{sums}\n\n{lines}")
    return "\n\n".join(parts) + "\n"


def as_json(report: CoverageReport) -> str:
    """The report as the API answers: coverages as exact decimals of four places beside the two whole numbers."""
    town = report.town
    told: dict[str, Any] = {
        "version": VERSION,
        "as_of": report.as_of.isoformat(),
        "known_at": report.known_at.isoformat() if report.known_at else None,
        "denominator": report.denominator,
        "threshold": report.threshold_decimal,
        "town": {
            "villages": len(report.villages),
            "villages_started": report.started,
            "households": town.households,
            "subscribed": town.subscribed,
            "coverage": town.decimal(),
        },
    }
    if report.level is Level.VILLAGE:
        told["villages"] = [_village(village) for village in report.rows]
    elif report.level is not Level.TOWN:
        told[f"{report.level}s"] = [_place(place, report.level) for place in report.places]
    if report.series:
        told["series"] = [_series(each, report.level) for each in report.series]
    if report.statement is not None:
        told["changes"] = _statement(report.statement)
    told["definitions"] = {name: cell for name, cell in notes(report) if name in DEFINED}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def as_xlsx(report: CoverageReport) -> bytes:
    """A workbook: the figures, how they moved where that was asked, and a sheet that says what they mean."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _AS_TEXT) as book:
        book.set_properties({"title": f"十户联防覆盖率 {report.as_of}"})
        styles = _Styles(book)
        _write_table(book.add_worksheet("覆盖率"), table_of(report), styles)
        if report.series:
            _write_table(book.add_worksheet("走势"), series_table(report), styles)
        if report.statement is not None:
            _write_table(book.add_worksheet("变化汇总"), statement_sums(report), styles)
            _write_table(book.add_worksheet("变化明细"), statement_table(report), styles)
        sheet = book.add_worksheet("说明")
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, 1, 80)
        about = [("比较对象", statement_title(report.statement))] if report.statement else []
        for at, (name, cell) in enumerate([*notes(report), *about]):
            sheet.write_string(at, 0, name, styles.heading)
            _write(sheet, at, 1, cell, styles, styles.note)
    return content.getvalue()


class _Styles:
    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.heading = book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1, "valign": "vcenter"})
        self.cell = book.add_format({"border": 1})
        self.number = book.add_format({"border": 1, "num_format": "#,##0"})
        self.percent = book.add_format({"border": 1, "num_format": "0.00%"})
        self.day = book.add_format({"border": 1, "num_format": "yyyy-mm-dd", "align": "left"})
        self.note = book.add_format({"border": 1, "text_wrap": True, "align": "left", "valign": "top"})
        self.note_percent = book.add_format({"border": 1, "num_format": "0.00%", "align": "left"})
        self.total = {
            kind: book.add_format({"bold": True, "top": 2, "bottom": 1, "num_format": form})
            for kind, form in (("text", "@"), ("number", "#,##0"), ("percent", "0.00%"))
        }


def _write_table(sheet: Any, table: Table, styles: _Styles) -> None:
    sheet.write_row(0, 0, table.headings, styles.heading)
    sheet.set_row(0, 22)
    for at, row in enumerate(table.rows, start=1):
        for column, cell in enumerate(row):
            _write(sheet, at, column, cell, styles, styles.cell)
    if table.total:
        for column, cell in enumerate(table.total):
            kind = "percent" if isinstance(cell, Figure) else "number" if isinstance(cell, int) else "text"
            _write(sheet, len(table.rows) + 1, column, cell, styles, styles.total["text"], styles.total[kind])
    for column, heading in enumerate(table.headings):
        sheet.set_column(column, column, _WIDE.get(heading, 10))
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, max(1, len(table.rows)), len(table.headings) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _write(sheet: Any, row: int, column: int, cell: Cell, styles: _Styles, plain: Any, special: Any = None) -> None:
    """The cell in its own type: a coverage is a number that the format shows as per cent."""
    if isinstance(cell, Figure):
        if cell.households:
            percent = styles.note_percent if plain is styles.note else styles.percent
            sheet.write_number(row, column, cell.subscribed / cell.households, special or percent)
        else:
            sheet.write_blank(row, column, None, special or plain)
    elif isinstance(cell, int):
        sheet.write_number(row, column, cell, special or (plain if plain is styles.note else styles.number))
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, cell, special or styles.day)
    elif cell is None:
        sheet.write_blank(row, column, None, special or plain)
    else:
        sheet.write_string(row, column, harmless(cell), special or plain)


def _as_text(cell: Cell) -> str:
    if isinstance(cell, Figure):
        return cell.decimal() or ""
    return harmless(cell) if isinstance(cell, str) else shown(cell)


def _columns(table: Table, threshold: int = 0) -> str:
    """Columns of even width, where a Chinese character is two wide."""
    rows = [[*table.headings], *([shown(cell, threshold) for cell in row] for row in table.rows)]
    if table.total:
        rows.append([shown(cell) for cell in table.total])
    widths = [max(_width(row[column]) for row in rows) for column in range(len(table.headings))]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _width(text: str) -> int:
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)


def _village(village: VillageCoverage) -> dict[str, Any]:
    return {
        "code": village.code,
        "name": village.name,
        **_figure(village.figure),
        "started": village.started,
        "demonstration": village.demonstration,
        "demonstration_since": village.since.isoformat() if village.since else None,
        "anomaly": village.anomaly.value if village.anomaly else None,
        "grouped_a_year_before": village.readiness.grouped_before,
        "stayed_in_their_group": village.readiness.settled,
        "reachable": village.readiness.reachable,
        "groups": village.readiness.groups,
        "groups_complete": village.readiness.groups_complete,
    }


def _statement(statement: Statement) -> dict[str, Any]:
    parts = [
        {
            "figure": part.measure.value,
            "before": part.before,
            "corrected": part.corrected,
            "gained": part.gained,
            "lost": part.lost,
            "after": part.after,
            "lines": [_line(line) for line in part.lines],
        }
        for part in statement.parts
    ]
    return {
        "since": statement.since.isoformat(),
        "since_known_at": statement.since_known_at.isoformat(),
        "report": statement.report,
        "figures": parts,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "cause": line.cause.value,
        "delta": line.delta,
        "village": line.village or None,
        "household": line.household or None,
        "day": line.on.isoformat() if line.on else None,
        "before": line.before or None,
        "after": line.after or None,
        "action": line.action or None,
        "by": line.by or None,
        "at": line.at.isoformat() if line.at else None,
    }


def _place(place: PlaceCoverage, level: Level) -> dict[str, Any]:
    return {
        "code": place.village_code,
        "name": place.village_name,
        level.value: place.name or None,
        **_figure(place.figure),
        "reachable": place.reachable,
        "groups": place.groups,
        "groups_complete": place.groups_complete,
    }


def _series(each: Series, level: Level) -> dict[str, Any]:
    below = {level.value: each.place or None} if level in {Level.GRID, Level.GROUP} else {}
    points = [{"day": point.day.isoformat(), **_figure(point.figure)} for point in each.points]
    return {"code": each.code or None, "name": each.name or None, **below, "points": points}


def _figure(figure: Figure) -> dict[str, Any]:
    return {"households": figure.households, "subscribed": figure.subscribed, "coverage": figure.decimal()}


FORMS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "pdf": "application/pdf",
}
"""The forms by their ending, with their type of content."""


def write(report: CoverageReport, form: str) -> bytes:
    """The report in one of the `FORMS`, for which `report_on` has drawn it up."""
    if form == "csv":
        return as_csv(report)
    if form == "xlsx":
        return as_xlsx(report)
    if form == "json":
        return as_json(report).encode()
    return pdf.as_pdf(report)


def file_name(report: CoverageReport, form: str) -> str:
    """Plain letters only: old mail programs garble others."""
    whose = f"-{report.village}" if report.village else ""
    return f"coverage{whose}-{report.as_of}.{form}"
