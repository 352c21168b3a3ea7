"""The town's monthly summary as files: a workbook by the one writer, a PDF set in a process of its own, JSON."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

from groups.directory.town_figures import FAMILY, Cell, Look, Share, Table, as_workbook, print_apart
from joint_defense.upkeep.monthly_summary import Coming, MonthlySummary, SummaryLine

_TEMPLATE = Path(__file__).parent / "summary.typ"
MOST_LINES = 400
"""So many villages stand in the PDF; of more, the workbook has all."""
MOST_NAMED = 40
NEVER = "半数以上没有"
"""Of half the incidents or more there was none: no number of seconds says that."""
NOTHING = "—"
TOWN = "全镇"
HEADINGS = (
    *("村居", "代码", "已开通", "其中未统计户数的村居", "户数", "覆盖率", "近30天打通", "打通率"),
    *("警情", "警情首户（秒）", "警情次户（秒）", "警情无次户", "误报误按"),
    *("演练", "演练首户（秒）", "演练次户（秒）", "演练无次户", "演练中止"),
    *("新增待办", "办结待办", "月末待办", "应签检查", "已签检查", "检查逾期"),
)
NOTES = (
    (
        "覆盖率",
        "截止日已开通户数与截止日现行常住户数之比；没有统计户数的村居没有覆盖率，其已开通户单列，不计入全镇覆盖率，仍计入全镇已开通和打通率。",
    ),
    ("近30天打通", "截止日已开通的户中，当天及前29天内有人按键、回复或来电的户数；打通率是它与已开通户数之比。"),
    ("首户、次户", "从警情（演练）开始，到第一户、第二户首次答复赶来或到场的秒数；求助户和值班队员不算户。"),
    (
        "中位数",
        "按警情（演练）逐起排列取中位，没有第一户或第二户的排在最后；一半或更多没有时写“半数以上没有”。全镇按全部警情取，不是各村的平均。",
    ),
    ("警情", "当月开始的求助，不含以误报、误按、恶意结束的，这些单列。无声来电不算。"),
    (
        "演练",
        "当月开始的联防组演练，不含单户、单部电话的测试。第二户答复前就被警情或人员中止的单列，不计入次数和中位数。",
    ),
    ("待办", "当月新增、办结的号码待办，和截止时还没有办结的。"),
    ("检查", "每月1日、16日的半月检查；到期日过后没有签字为逾期。逾期看当月最近一次。"),
)


def as_xlsx(summary: MonthlySummary) -> bytes:
    """The workbook: a row a village, the town's below them, and what the figures mean on a second sheet."""
    table = Table(
        name=f"{summary.month:%Y-%m}",
        heading=HEADINGS,
        rows=(make_cells(each) for each in summary.villages),
        total=make_cells(summary.town),
        widths=(14, 9, 9, 13, 9, 9, 11, 9, 7, 13, 13, 10, 9, 7, 13, 13, 10, 9, 9, 9, 9, 9, 9, 9),
        title=f"十户联防月度汇总 {write_span(summary)}",
        look=Look(printed=True, landscape=True, filtered=True),
    )
    notes = Table("说明", ("项目", "含义"), NOTES, widths=(14, 90), look=Look(wrapped=True, printed=True))
    return as_workbook([table, notes], f"十户联防月度汇总 {summary.month:%Y-%m}")


def as_pdf(summary: MonthlySummary) -> bytes:
    """The same on A4 pages: the town's figures first, who is overdue, a line a village, what the figures mean."""
    town = summary.town
    overdue = [each.name for each in summary.villages if each.overdue]
    shown = summary.villages[:MOST_LINES]
    told = {
        "family": FAMILY,
        "title": "十户联防月度汇总",
        "span": write_span(summary),
        "tiles": [
            ("覆盖率", f"{write_share(town.covered, town.households)}", _write_covered(town)),
            ("近30天打通", write_share(town.proven, town.signed_up), _write_of(town.proven, town.signed_up)),
            ("警情：首户、次户", _write_both(town.alarms), f"{town.alarms.incidents}起"),
            ("演练：首户、次户", _write_both(town.drills), _write_drills(town.drills)),
            ("待办：新增、办结", f"{town.tasks_opened}、{town.tasks_closed}", f"月末{town.tasks_open}"),
            ("检查逾期村居", f"{town.overdue}", f"已签{town.checks_signed}/{town.checks_due}"),
        ],
        "overdue": "、".join(overdue[:MOST_NAMED]) + (f"等{len(overdue)}个" if len(overdue) > MOST_NAMED else ""),
        "headings": [
            *("村居", "覆盖率", "打通率", "警情", "首户", "次户", "演练", "首户", "次户"),
            *("新增", "办结", "月末", "检查"),
        ],
        "rows": [_make_row(each) for each in (*shown, town)],
        "more": f"另有{len(summary.villages) - MOST_LINES}个村居，见同月的XLSX。"
        if summary.villages[MOST_LINES:]
        else "",
        "notes": NOTES,
    }
    return print_apart(_TEMPLATE, told, summary.as_of)


def as_json(summary: MonthlySummary) -> dict[str, Any]:
    """The same for programs.

    Seconds are `null` where there was no incident, and `"never"` where in half of them or more nobody came.
    """
    return {
        "month": f"{summary.month:%Y-%m}",
        "as_of": summary.as_of.isoformat(),
        "whole": summary.whole,
        "town": _describe(summary.town),
        "villages": [{"code": each.code, "name": each.name} | _describe(each) for each in summary.villages],
    }


def make_cells(line: SummaryLine) -> list[Cell]:
    """A line as the cells of the workbook, one for each heading."""
    late: Cell = line.overdue if not line.code else ("逾期" if line.overdue else "")
    return [
        *(line.name or TOWN, line.code, line.signed_up, line.uncounted),
        *(line.households, Share(line.covered, line.households or 0), line.proven, Share(line.proven, line.signed_up)),
        *(line.alarms.incidents, _make_seconds(line.alarms.first), _make_seconds(line.alarms.second)),
        *(line.alarms.without_second, line.in_vain),
        *(line.drills.incidents, _make_seconds(line.drills.first), _make_seconds(line.drills.second)),
        *(line.drills.without_second, line.drills.broken_off, line.tasks_opened, line.tasks_closed, line.tasks_open),
        *(line.checks_due, line.checks_signed, late),
    ]


def write_share(part: int, of: int | None) -> str:
    """In per cent with one place, half rounded up; a dash where there is nothing to divide by."""
    if not of:
        return NOTHING
    tenths = (2000 * part + of) // (2 * of)
    return f"{tenths // 10}.{tenths % 10}%"


def round_seconds(seconds: float) -> int:
    """To a whole second, half rounded up."""
    return int(seconds + 0.5)


def write_span(summary: MonthlySummary) -> str:
    """The month, and up to which day where it is not over."""
    words = f"{summary.month.year}年{summary.month.month}月"
    return words if summary.whole else f"{words}（截至{summary.as_of.month}月{summary.as_of.day}日）"


def _make_row(line: SummaryLine) -> list[str]:
    counted = f"{line.checks_signed}/{line.checks_due}"
    checks = f"{counted} 逾期{line.overdue if not line.code else ''}" if line.overdue else counted
    return [
        *(line.name or TOWN, write_share(line.covered, line.households), write_share(line.proven, line.signed_up)),
        *(str(line.alarms.incidents), _write_seconds(line.alarms.first), _write_seconds(line.alarms.second)),
        *(str(line.drills.incidents), _write_seconds(line.drills.first), _write_seconds(line.drills.second)),
        *(str(line.tasks_opened), str(line.tasks_closed), str(line.tasks_open), checks),
    ]


def _write_drills(drills: Coming) -> str:
    return f"{drills.incidents}次" + (f"，中止{drills.broken_off}次" if drills.broken_off else "")


def _write_both(coming: Coming) -> str:
    return f"{_write_seconds(coming.first)}、{_write_seconds(coming.second)}" if coming.incidents else NOTHING


def _write_seconds(seconds: float | None) -> str:
    if seconds is None:
        return NOTHING
    return NEVER if seconds == inf else f"{round_seconds(seconds)}秒"


def _make_seconds(seconds: float | None) -> Cell:
    if seconds is None:
        return None
    return NEVER if seconds == inf else round_seconds(seconds)


def _write_covered(line: SummaryLine) -> str:
    """Of the town: how many of how many, and how many stand beside that because nobody has counted their village."""
    counted = _write_of(line.covered, line.households)
    return f"{counted}，未统计村居另有{line.uncounted:,}户" if line.uncounted else counted


def _write_of(part: int, of: int | None) -> str:
    return f"{part:,}/{NOTHING if of is None else f'{of:,}'}户"


def _describe(line: SummaryLine) -> dict[str, Any]:
    def describe(coming: Coming) -> dict[str, Any]:
        times = {"first": coming.first, "second": coming.second}
        told = {name: "never" if each == inf else each for name, each in times.items()}
        return {"incidents": coming.incidents, **told, "without_second": coming.without_second}

    return {
        "coverage": {"covered": line.covered, "households": line.households, "uncounted": line.uncounted},
        "proven": {"proven": line.proven, "signed_up": line.signed_up},
        "incidents": describe(line.alarms) | {"in_vain": line.in_vain},
        "drills": describe(line.drills) | {"broken_off": line.drills.broken_off},
        "tasks": {"opened": line.tasks_opened, "closed": line.tasks_closed, "open": line.tasks_open},
        "checks": {"due": line.checks_due, "signed": line.checks_signed, "overdue": line.overdue},
    }
