"""A coverage report as a table: the same columns and cells for the command, CSV, workbook and paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from groups.coverage.rules.figures import Figure
from groups.coverage.rules.report import Anomaly, CoverageReport, Level, PlaceCoverage, VillageCoverage
from groups.rules.counting import CountKind

Cell = str | int | date | Figure | None
"""A figure stands for its coverage; None for what there is nothing to say of."""
Row = TypeVar("Row")

NOT_STARTED, DEMONSTRATION, TOTAL, NOBODY = "未开展", "示范村", "合计", "（未编组）"
COVERAGE = "覆盖率"
KINDS = {CountKind.RESIDENT: "常住户", CountKind.REGISTERED: "户籍户", CountKind.LANDLINE: "固话户"}
ANOMALIES = {
    Anomaly.MORE_THAN_COUNTED: "已开通多于户数，请核对",
    Anomaly.NOT_COUNTED: "当日尚无户数统计，未计入合计",
}


class Table(NamedTuple):
    """Headings, rows, and the row that sums them up (None: there is none)."""

    headings: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    total: tuple[Cell, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Column(Generic[Row]):
    heading: str
    cell: Callable[[Row], Cell]
    total: Callable[[CoverageReport], Cell] = lambda _: None


_VILLAGE: tuple[_Column[VillageCoverage], ...] = (
    _Column("代码", lambda village: village.code),
    _Column("村居", lambda village: village.name, lambda _: TOTAL),
    _Column("户数", lambda village: village.figure.households, lambda report: report.town.households),
    _Column("已开通", lambda village: village.figure.subscribed, lambda report: report.town.subscribed),
    _Column(COVERAGE, lambda village: village.figure if village.started else NOT_STARTED, lambda report: report.town),
    _Column("示范村", lambda village: DEMONSTRATION if village.demonstration else ""),
    _Column("示范起始日", lambda village: village.since),
    _Column("可达户", lambda village: village.readiness.reachable, lambda report: report.readiness.reachable),
    _Column("联防组", lambda village: village.readiness.groups, lambda report: report.readiness.groups),
    _Column(
        "完整组", lambda village: village.readiness.groups_complete, lambda report: report.readiness.groups_complete
    ),
    _Column(
        "一年前在组户", lambda village: village.readiness.grouped_before, lambda report: report.readiness.grouped_before
    ),
    _Column("其中未换组", lambda village: village.readiness.settled, lambda report: report.readiness.settled),
    _Column("备注", lambda village: ANOMALIES[village.anomaly] if village.anomaly else ""),
)
_PLACE: tuple[_Column[PlaceCoverage], ...] = (
    _Column("代码", lambda place: place.village_code),
    _Column("村居", lambda place: place.village_name),
    _Column("名称", lambda place: place.name or NOBODY),
    _Column("在册户数", lambda place: place.figure.households),
    _Column("已开通", lambda place: place.figure.subscribed),
    _Column(COVERAGE, lambda place: place.figure if place.figure.subscribed else NOT_STARTED),
    _Column("可达户", lambda place: place.reachable),
    _Column("联防组", lambda place: place.groups),
    _Column("完整组", lambda place: place.groups_complete),
)
_TOWN: tuple[_Column[CoverageReport], ...] = (
    _Column("村居数", lambda report: len(report.villages)),
    _Column("已开展", lambda report: report.started),
    _Column("户数", lambda report: report.town.households),
    _Column("已开通", lambda report: report.town.subscribed),
    _Column(COVERAGE, lambda report: report.town),
    _Column("示范村", lambda report: sum(village.demonstration for village in report.villages)),
    # A report about one village knows the readiness of no other.
    _Column("可达户", lambda report: None if report.village else report.readiness.reachable),
    _Column("联防组", lambda report: None if report.village else report.readiness.groups),
    _Column("完整组", lambda report: None if report.village else report.readiness.groups_complete),
)


def table_of(report: CoverageReport) -> Table:
    """The figures of the day at the report's level."""
    if report.level is Level.TOWN:
        return _table(_TOWN, [report])
    if report.level is Level.VILLAGE:
        # The sum of the town would not be that of the one row above it.
        summed = None if report.village else tuple(column.total(report) for column in _VILLAGE)
        return _table(_VILLAGE, report.rows)._replace(total=summed)
    return _table(_PLACE, report.places)


def series_table(report: CoverageReport) -> Table:
    """How the figures moved: a row for every place and day."""
    headings = ("日期", "代码", "村居", "名称", "户数", "已开通", COVERAGE)
    rows: list[tuple[Cell, ...]] = [
        (point.day, each.code, each.name or TOTAL, each.place, point.figure.households, point.figure.subscribed,
         point.figure if point.figure.subscribed else NOT_STARTED)
        for each in report.series
        for point in each.points
    ]  # fmt: skip
    return Table(headings, rows)


def notes(report: CoverageReport) -> list[tuple[str, Cell]]:
    """What the figures mean: day, denominator, threshold, definitions, the town's sum."""
    kind = KINDS[CountKind(report.denominator)]
    demonstrations = "、".join(village.name for village in report.demonstrations) or "无"
    return [
        ("统计日期", report.as_of),
        ("户数口径", f"{kind}（各村截至当日最近一次统计）"),
        ("示范村标准", Figure(report.threshold, 10_000)),
        ("全镇村居", len(report.villages)),
        ("已开展", report.started),
        ("全镇户数", report.town.households),
        ("全镇已开通", report.town.subscribed),
        ("全镇覆盖率", report.town),
        ("示范村", demonstrations),
        ("覆盖率", "当日已开通户数÷当日户数，一户只计一次。"),
        ("全镇", "各村分子之和÷分母之和，不是各村百分比的平均。"),
        ("未开展", "尚无一户开通的村居，仍列入表中并计入合计。"),
        ("可达户", "已开通户中，近30日内有电话接听并按键、短信送达或演练应答者。"),
        ("完整组", "可达户不少于8户的联防组。"),
        ("未换组", "一年前已在联防组、今日仍在同一组的户。"),
        ("网格、联防组", "以当日名册中居住在该处的户为分母。"),
        ("比较", "是否达到示范村标准按未四舍五入的数值比较。"),
    ]  # fmt: skip


def shown(cell: Cell) -> str:
    """A cell as somebody reads it: a coverage with one place after the point."""
    if isinstance(cell, Figure):
        percent = cell.percent()
        return "" if percent is None else f"{percent}%"
    return "" if cell is None else str(cell)


def _table(columns: Sequence[_Column[Row]], rows: Sequence[Row]) -> Table:
    return Table(
        tuple(column.heading for column in columns),
        [tuple(column.cell(row) for column in columns) for row in rows],
    )
