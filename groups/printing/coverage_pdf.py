"""The coverage report as a PDF: figures, the page's own drawings, the table, and what the figures mean."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import cast

import typst

from groups.printing.glyphs import FAMILY, FONTS
from groups.rules.coverage import Figure
from groups.rules.coverage_charts import WIDE, ChartWords, bars, trend
from groups.rules.coverage_report import CountKind, CoverageReport, Level
from groups.rules.coverage_table import KINDS, Table, notes, series_table, shown, table_of

_TEMPLATE = Path(__file__).parent / "coverage.typ"
WORDS = ChartWords("各村覆盖率", "覆盖率走势", "示范村标准", "未开展", "未统计户数", "示范村")


def as_pdf(report: CoverageReport) -> bytes:
    """The report, with its one series and the thresholds of that one's days, on A4 pages.

    The same report gives the same bytes.
    """
    # One series is drawn and listed: every village's months would fill twenty pages, and stand in the workbook.
    (drawn,) = report.series
    told = {
        "family": FAMILY,
        "title": "十户联防覆盖率报告",
        "as_of": _written(report.as_of),
        "kind": KINDS[CountKind(report.denominator)],
        "threshold": shown(Figure(report.threshold, 10_000)),
        "started": f"{report.started}/{len(report.villages)}",
        "households": f"{report.town.subscribed:,}/{report.town.households or 0:,}",
        "coverage": shown(report.town),
        "demonstrations": "、".join(
            f"{each.name}（{shown(each.figure)}）" for each in report.demonstrations
        ) or "尚无",
        "reachable": f"{report.readiness.reachable:,}",
        "complete": f"{report.readiness.groups_complete}/{report.readiness.groups}",
        "bars": bars(report, WORDS, WIDE) if report.level is Level.VILLAGE else "",
        "trend": trend(drawn.points, report.thresholds, WORDS, WIDE),
        "trend_of": drawn.name or "全镇",
        "table": _plain(table_of(report)),
        "series": _plain(series_table(report)),
        "notes": [[name, shown(cell)] for name, cell in notes(report)],
    }  # fmt: skip
    midnight = (report.as_of - date(1970, 1, 1)).days * 86_400
    compiler = typst.Compiler(
        _TEMPLATE, font_paths=_fonts(), sys_inputs={"report": json.dumps(told, ensure_ascii=False)}
    )
    return cast(bytes, compiler.compile(format="pdf", timestamp=midnight))


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def _plain(table: Table) -> dict[str, object]:
    rows = [*table.rows, *([table.total] if table.total else [])]
    return {
        "headings": list(table.headings),
        "rows": [[shown(cell) for cell in row] for row in rows],
        "summed": table.total is not None,
    }


def _written(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
