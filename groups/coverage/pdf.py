"""The coverage report as a PDF: figures, the page's own drawings, the table, and what the figures mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from groups.coverage.rules.charts import WIDE, ChartWords, draw_bars, draw_trend
from groups.coverage.rules.figures import Figure, write_threshold
from groups.coverage.rules.report import (
    COVERAGE,
    KINDS,
    NOT_STARTED,
    CoverageReport,
    Level,
    Table,
    list_notes,
    make_series_table,
    make_statement_sums,
    make_statement_table,
    make_table,
    show_cell,
    write_statement_title,
)
from groups.files.typeset import FAMILY, set_pages
from groups.rules.counting import CountKind

_TEMPLATE = Path(__file__).parent / "coverage.typ"
MOST_LINES = 400
WORDS = ChartWords("各村覆盖率", "覆盖率走势", "示范村标准", "未开展", "未统计户数", "示范村")


def as_pdf(report: CoverageReport) -> bytes:
    """The report, with its one series and the thresholds of that one's days, on A4 pages.

    The same report gives the same bytes.
    """
    # One series is drawn and listed: every village's months would fill twenty pages, and stand in the workbook.
    (drawn,) = report.series
    told = {
        "family": FAMILY,
        "title": f"十户联防覆盖率报告{f' · {drawn.name}' if report.village else ''}",
        "as_of": _write_day(report.as_of),
        "kind": KINDS[CountKind(report.denominator)],
        "threshold": f"{write_threshold(report.threshold)}%",
        "known_at": f"{report.known_at:%Y-%m-%d %H:%M}" if report.known_at else "",
        "changes": _describe_changes(report),
        "tiles": _list_tiles(report),
        "summary": f"{_name_demonstrations(report)}近30天打通：{report.reached:,}户。",
        "bars": draw_bars(report, WORDS, WIDE) if report.level is Level.VILLAGE and not report.village else "",
        "trend": draw_trend(drawn.points, report.thresholds, WORDS, WIDE),
        "trend_of": drawn.name or "全镇",
        "table": _describe_table(make_table(report), threshold=report.threshold),
        # The heading says whose it is.
        "series": _describe_table(make_series_table(report), ("日期", "户数", "已开通", COVERAGE)),
        "notes": [[name, show_cell(cell)] for name, cell in list_notes(report)],
    }  # fmt: skip
    return set_pages(_TEMPLATE, told, report.as_of)


def _list_tiles(report: CoverageReport) -> list[tuple[str, str]]:
    """What is read first: of the town, or of the one village beside the town's coverage."""
    first, figure = ("已开展村居", f"{report.started}/{len(report.villages)}"), report.town
    if report.village:
        (own,) = report.rows
        first, figure = (
            (f"{own.name}覆盖率", show_cell(own.figure, report.threshold) if own.started else NOT_STARTED),
            own.figure,
        )
    complete = f"{report.readiness.groups_complete}/{report.readiness.groups}"
    households = "—" if figure.households is None else f"{figure.households:,}"
    signed_up = f"{figure.subscribed:,}/{households}"
    return [first, ("已开通户数", signed_up), ("全镇覆盖率", show_cell(report.town)), ("完整组", complete)]


def _name_demonstrations(report: CoverageReport) -> str:
    if report.village:
        (own,) = report.rows
        if not own.demonstration:
            return "尚未达到示范村标准。"
        return f"{own.since}起为示范村。" if own.since else "示范村。"
    named = "、".join(f"{each.name}（{show_cell(each.figure, report.threshold)}）" for each in report.demonstrations)
    return f"示范村：{named or '尚无'}。"


def _describe_changes(report: CoverageReport) -> dict[str, object] | None:
    """What changed since an earlier report: its sums, and of its lines so many as somebody reads on paper."""
    if report.statement is None:
        return None
    lines = make_statement_table(report)
    more = len(lines.rows) - MOST_LINES
    return {
        "title": write_statement_title(report.statement),
        "sums": _describe_table(make_statement_sums(report)),
        "lines": _describe_table(lines._replace(rows=lines.rows[:MOST_LINES])),
        "more": f"另有{more}项，见同一报告的XLSX。" if more > 0 else "",
    }


def _describe_table(table: Table, chosen: Sequence[str] = (), *, threshold: int = 0) -> dict[str, object]:
    """The table as words, or only its chosen columns; `numbers` are the columns of figures."""
    columns = [at for at, word in enumerate(table.headings) if not chosen or word in chosen]
    rows = [[row[at] for at in columns] for row in [*table.rows, *([table.total] if table.total else [])]]
    return {
        "headings": [table.headings[at] for at in columns],
        "rows": [[show_cell(cell, threshold) for cell in row] for row in rows],
        "numbers": [any(isinstance(row[at], int | Figure) for row in rows) for at in range(len(columns))],
        "summed": table.total is not None,
    }


def _write_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
