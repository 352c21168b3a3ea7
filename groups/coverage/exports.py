"""Coverage in each of its forms, from one report: CSV, XLSX, JSON, PDF, for command, page and API."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from groups.coverage import pdf
from groups.coverage.rules.figures import Figure, write_decimal, write_percent, write_threshold
from groups.coverage.rules.reachability import Readiness
from groups.coverage.rules.report import (
    DEFINED,
    KINDS,
    VERSION,
    Cell,
    CoverageReport,
    Level,
    PlaceCoverage,
    Series,
    Table,
    VillageCoverage,
    list_notes,
    make_series_table,
    make_statement_sums,
    make_statement_table,
    make_table,
    show_cell,
    write_statement_title,
)
from groups.coverage.rules.statement import Line, Statement
from groups.files import writing
from groups.files.writing import Look, Share, as_workbook, mark_encoding
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
    "原为": 24,
    "现为": 24,
    "经办": 12,
    "办理": 13,
    "指标": 12,
}


_SAID_BELOW = ("知悉时点", "格式版本", *DEFINED)
"""What a terminal says below the table, besides what stands above it."""


def as_csv(report: CoverageReport) -> bytes:
    """One table in UTF-8 with the mark that spreadsheets ask for; the series where the report has one.

    Every row carries the day, the kind of count, what was known when, and the version. A coverage has four places after
    the point, 0.6560, or as many as it takes to tell it from the threshold. Where somebody has asked what changed, that
    and what the figures mean stand below; else a program that reads it meets one table and nothing else.
    """
    table = make_series_table(report) if report.series else make_table(report)
    kind = KINDS[CountKind(report.denominator)]
    known_at = report.known_at.isoformat() if report.known_at else ""
    day = [] if report.series else [report.as_of]
    rows: list[Sequence[Cell]] = [[*table.headings, *(["统计日期"] if day else []), "户数口径", "知悉时点", "格式版本"]]
    rows += [[*row, *day, kind, known_at, VERSION] for row in [*table.rows, *([table.total] if table.total else [])]]
    if report.statement is not None:
        # A second table below, as on the page: only where somebody has asked what changed.
        rows += [[], [write_statement_title(report.statement)]]
        for below in (make_statement_sums(report), make_statement_table(report)):
            rows += [below.headings, *below.rows, []]
        rows += [["说明"], *([name, show_cell(cell)] for name, cell in list_notes(report))]
    return mark_encoding(writing.as_csv([_make_csv_cell(cell, report.threshold) for cell in row] for row in rows))


def as_text(report: CoverageReport) -> str:
    """A table for a terminal, in columns."""
    kind = KINDS[CountKind(report.denominator)]
    known_at = f" 按{report.known_at:%Y-%m-%d %H:%M}所知" if report.known_at else ""
    about = f"{report.as_of} {kind} 标准{write_threshold(report.threshold)}%{known_at}"
    town = report.town
    sum_up = (
        f"全镇 {report.started}/{len(report.villages)} 个村居已开展，"
        f"{town.subscribed:,}/{town.households or 0:,} 户，{show_cell(town)}"
    )
    parts = [f"{about}\n{sum_up}", _list_columns(make_table(report), report.threshold)]
    if report.series:
        parts.append(_list_columns(make_series_table(report)))
    if report.statement is not None:
        sums, lines = _list_columns(make_statement_sums(report)), _list_columns(make_statement_table(report))
        parts.append(f"{write_statement_title(report.statement)}\n{sums}\n\n{lines}")
    parts.append("\n".join(f"{name}：{show_cell(cell)}" for name, cell in list_notes(report) if name in _SAID_BELOW))
    return "\n\n".join(parts) + "\n"


def as_json(report: CoverageReport) -> str:
    """The report as the API answers: coverages as decimals beside the two whole numbers. They have four places, and
    more where four would not tell them from the threshold.
    """
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
            "coverage": write_decimal(town, report.threshold),
        },
    }
    if report.level is Level.VILLAGE and report.village is None:
        # As the page's tiles and the last line of the table have it.
        told["town"] |= {"reachable": report.reached} | _describe_stood(report.readiness)
    if report.level is Level.VILLAGE:
        told["villages"] = [_describe_village(village, report.threshold) for village in report.rows]
    elif report.level is not Level.TOWN:
        told[f"{report.level}s"] = [_describe_place(place, report.level, report.threshold) for place in report.places]
    if report.series:
        told["series"] = [_describe_series(each, report.level, report.threshold) for each in report.series]
    if report.statement is not None:
        told["changes"] = _describe_statement(report.statement)
    told["definitions"] = {name: cell for name, cell in list_notes(report) if name in DEFINED}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def as_xlsx(report: CoverageReport) -> bytes:
    """A workbook: the figures, how they moved where that was asked, and a sheet that says what they mean."""
    tables = [_make_sheet("覆盖率", make_table(report), report.threshold)]
    if report.series:
        tables.append(_make_sheet("走势", make_series_table(report)))
    if report.statement is not None:
        tables.append(_make_sheet("变化汇总", make_statement_sums(report)))
        tables.append(_make_sheet("变化明细", make_statement_table(report)))
    about = [("比较对象", write_statement_title(report.statement))] if report.statement else []
    meaning = [(name, _make_workbook_cell(cell)) for name, cell in [*list_notes(report), *about]]
    tables.append(writing.Table("说明", (), meaning, widths=[16, 80], look=_NOTES))
    return as_workbook(tables, f"十户联防覆盖率 {report.as_of}")


_PRINTED = Look(bordered=True, printed=True, landscape=True, filtered=True, heading_height=22)
_NOTES = Look(bordered=True, wrapped=True, heads_rows=True)


def _make_sheet(name: str, table: Table, threshold: int = 0) -> writing.Table:
    return writing.Table(
        name,
        table.headings,
        [[_make_workbook_cell(cell, threshold) for cell in row] for row in table.rows],
        total=[_make_workbook_cell(cell) for cell in table.total or ()],
        widths=[_WIDE.get(heading, 10) for heading in table.headings],
        look=_PRINTED,
    )


def _make_workbook_cell(cell: Cell, threshold: int = 0) -> writing.Cell:
    """A coverage is a number, shown in per cent as exactly as it takes to tell it from the threshold."""
    if not isinstance(cell, Figure):
        return cell
    _, _, places = (write_percent(cell, threshold) or "").partition(".")
    return Share(cell.subscribed, cell.households or 0, max(2, len(places)))


def _make_csv_cell(cell: Cell, threshold: int) -> writing.Cell:
    return write_decimal(cell, threshold) if isinstance(cell, Figure) else cell


def _list_columns(table: Table, threshold: int = 0) -> str:
    """Columns of even width, where a Chinese character is two wide."""
    rows = [[*table.headings], *([show_cell(cell, threshold) for cell in row] for row in table.rows)]
    if table.total:
        rows.append([show_cell(cell) for cell in table.total])
    widths = [max(_measure_width(row[column]) for row in rows) for column in range(len(table.headings))]
    return "\n".join(
        "  ".join(cell + " " * (width - _measure_width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _measure_width(text: str) -> int:
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)


def _describe_village(village: VillageCoverage, threshold: int) -> dict[str, Any]:
    return {
        "code": village.code,
        "name": village.name,
        **_describe_figure(village.figure, threshold),
        "started": village.started,
        "demonstration": village.demonstration,
        "demonstration_since": village.since.isoformat() if village.since else None,
        "anomaly": village.anomaly.value if village.anomaly else None,
        "reachable": village.readiness.reachable,
        **_describe_stood(village.readiness),
    }


def _describe_stood(readiness: Readiness) -> dict[str, Any]:
    return {
        "groups": readiness.groups,
        "groups_complete": readiness.groups_complete,
        "grouped_a_year_before": readiness.grouped_before,
        "stayed_in_their_group": readiness.settled,
    }


def _describe_statement(statement: Statement) -> dict[str, Any]:
    parts = [
        {
            "figure": part.measure.value,
            "before": part.before,
            "corrected": part.corrected,
            "gained": part.gained,
            "lost": part.lost,
            "after": part.after,
            "lines": [_describe_line(line) for line in part.lines],
        }
        for part in statement.parts
    ]
    return {
        "since": statement.since.isoformat(),
        "since_known_at": statement.since_known_at.isoformat(),
        "report": statement.report,
        "figures": parts,
    }


def _describe_line(line: Line) -> dict[str, Any]:
    return {
        "cause": line.cause.value,
        "delta": line.delta,
        "village": line.village or None,
        "place": line.place or None,
        "household": line.household or None,
        "day": line.on.isoformat() if line.on else None,
        "before": line.before or None,
        "after": line.after or None,
        "action": line.action or None,
        "by": line.by or None,
        "at": line.at.isoformat() if line.at else None,
    }


def _describe_place(place: PlaceCoverage, level: Level, threshold: int) -> dict[str, Any]:
    return {
        "code": place.village_code,
        "name": place.village_name,
        level.value: place.name or None,
        **_describe_figure(place.figure, threshold),
        "reachable": place.reachable,
        "groups": place.groups,
        "groups_complete": place.groups_complete,
    }


def _describe_series(each: Series, level: Level, threshold: int) -> dict[str, Any]:
    below = {level.value: each.place or None} if level in {Level.GRID, Level.GROUP} else {}
    points = [{"day": point.day.isoformat(), **_describe_figure(point.figure, threshold)} for point in each.points]
    return {"code": each.code or None, "name": each.name or None, **below, "points": points}


def _describe_figure(figure: Figure, threshold: int) -> dict[str, Any]:
    coverage = write_decimal(figure, threshold)
    return {"households": figure.households, "subscribed": figure.subscribed, "coverage": coverage}


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
