"""A coverage report as plain values: what the page, the table, the files and the API all show.

And as a table: the same columns and cells for the command, CSV, workbook and paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from groups.coverage.rules.figures import BASIS_POINTS, Figure, sum_figures, write_percent, write_threshold
from groups.coverage.rules.reachability import Readiness
from groups.coverage.rules.statement import Cause, Measure, Statement
from groups.rules.counting import CountKind

Village = TypeVar("Village", bound="VillageFigure")


class Level(StrEnum):
    """What a row of a report stands for."""

    TOWN = "town"
    VILLAGE = "village"
    GRID = "grid"
    GROUP = "group"


class Anomaly(StrEnum):
    """Why a figure must not be believed without a look."""

    MORE_THAN_COUNTED = "more_than_counted"
    NOT_COUNTED = "not_counted"


@dataclass(frozen=True, slots=True)
class VillageFigure:
    """A village's figure on a day."""

    village_id: int
    code: str
    name: str
    figure: Figure
    demonstration: bool

    @property
    def started(self) -> bool:
        """Whether anybody has signed up; a village where nobody has is 未开展, not 0 %."""
        return self.figure.subscribed > 0

    @property
    def anomaly(self) -> Anomaly | None:
        """What is wrong with the figure, if anything is."""
        if self.figure.households is None:
            return Anomaly.NOT_COUNTED
        return Anomaly.MORE_THAN_COUNTED if self.figure.exceeds else None


@dataclass(frozen=True, slots=True)
class VillageCoverage(VillageFigure):
    """A village's figure on the day, and what stands beside it.

    `since`: from when on it has been a demonstration village without a break. Both are as nothing where nobody asks.
    """

    since: date | None = None
    readiness: Readiness = field(default_factory=Readiness)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The figures of one day and nothing beside them: of all the town's villages by their code.

    `village`: the code of the one that is asked about, None: all.
    """

    as_of: date
    denominator: str
    threshold: int
    villages: tuple[VillageFigure, ...]
    village: str | None = None

    @property
    def rows(self) -> tuple[VillageFigure, ...]:
        """The villages that are asked about."""
        return tuple(each for each in self.villages if self.village in {None, each.code})

    @property
    def town(self) -> Figure:
        """The sum of numerators over the sum of denominators."""
        return sum_figures(village.figure for village in self.villages)

    @property
    def by_coverage(self) -> list[VillageFigure]:
        """The villages, best first; those where nobody has signed up, or nobody has counted, last."""
        return _sort_best_first(self.rows)


@dataclass(frozen=True, slots=True)
class PlaceCoverage:
    """A grid's or group's figure: of the households that the roster had in it on the day.

    `name` is empty for the households of a village that are in none.
    """

    village_code: str
    village_name: str
    name: str
    figure: Figure
    reachable: int
    groups: int
    groups_complete: int


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The town's figure, or a village's, on a day."""

    day: date
    figure: Figure


@dataclass(frozen=True, slots=True)
class Series:
    """How a figure moved: the town's (`code` is empty), a village's, or that of the grid or group `place` in it."""

    code: str
    name: str
    place: str
    points: tuple[TrendPoint, ...]


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """The figures of one day, and how they came about: built once, with all that was asked for.

    `denominator` is the kind of count. `villages` are all of the town's, so that its sum stands in every report;
    `village` is the code of the one that the report is about, None: all. `places` is filled for the levels grid and
    group (`places_in_all`: how many there are of which these are a page), `series` where two days were named,
    `thresholds` for each of its days where it is to be drawn. `known_at` is the moment that was asked for (None: all
    that is known), `statement` what changed since an earlier report.

    `whole` is False for a page of a county: `since` and readiness are those of the villages on the page, of a village's
    page there is no other village, and no sum of them says anything.
    """

    as_of: date
    denominator: str
    threshold: int
    villages: tuple[VillageCoverage, ...]
    level: Level = Level.VILLAGE
    places: tuple[PlaceCoverage, ...] = ()
    series: tuple[Series, ...] = ()
    thresholds: tuple[int, ...] = ()
    village: str | None = None
    known_at: datetime | None = None
    statement: Statement | None = None
    whole: bool = True
    places_in_all: int = 0

    @property
    def rows(self) -> tuple[VillageCoverage, ...]:
        """The villages that the report is about."""
        return tuple(each for each in self.villages if self.village in {None, each.code})

    @property
    def town(self) -> Figure:
        """The sum of numerators over the sum of denominators."""
        return sum_figures(village.figure for village in self.villages)

    @property
    def readiness(self) -> Readiness:
        """That of all villages which the report is about."""
        return sum((village.readiness for village in self.rows), Readiness())

    @property
    def reached(self) -> int:
        """Of the households signed up that the headline counts, those proven to be reached."""
        return sum(
            village.readiness.reachable
            for village in self.rows
            if self.village is not None or village.figure.households is not None
        )

    @property
    def started(self) -> int:
        """In how many villages somebody has signed up."""
        return sum(village.started for village in self.villages)

    @property
    def demonstrations(self) -> list[VillageCoverage]:
        """The demonstration villages, best first."""
        return _sort_best_first(village for village in self.rows if village.demonstration)

    @property
    def anomalies(self) -> list[VillageCoverage]:
        """The villages whose figure must not be believed without a look."""
        return [village for village in self.rows if village.anomaly is not None]

    @property
    def threshold_decimal(self) -> str:
        """The threshold as the exports write a coverage: 0.8000."""
        return Figure(self.threshold, BASIS_POINTS).decimal() or ""

    @property
    def by_coverage(self) -> list[VillageCoverage]:
        """The villages, best first; those where nobody has signed up, or nobody has counted, last."""
        return _sort_best_first(self.rows)


def _sort_best_first(villages: Iterable[Village]) -> list[Village]:
    return sorted(villages, key=lambda each: (-each.figure.rank, not each.started, each.code))


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


MEASURES = {
    Measure.SUBSCRIBED: "已开通户", Measure.HOUSEHOLDS: "户数", Measure.VILLAGES: "村居数",
    Measure.STARTED: "已开展村居", Measure.DEMONSTRATION: "示范村", Measure.LIVING: "在册户数",
}  # fmt: skip
CAUSES = {
    Cause.CORRECTED: "更正", Cause.JOINED: "新增", Cause.LEFT: "退出", Cause.MOVED: "迁移", Cause.COUNTED: "重新统计",
    Cause.ENTERED: "村居计入", Cause.DROPPED: "村居不再计入", Cause.BECAME: "达到", Cause.CEASED: "不再",
}  # fmt: skip
REASONS = {"cancelled": "退订", "suspended": "停机", "moved": "迁出", "replaced": "换套餐", "archived": "已不在名册"}
ACTIONS = {
    "enrol": "开通", "cancel": "退订", "suspend": "停机", "resume": "复机", "change_plan": "换套餐",
    "change_billed": "换号码", "move_village": "迁村", "correct": "更正", "import_list": "导入电信名单",
    "archive_household": "移出名册", "import_roster": "导入名册", "undo": "撤销", "set_count": "录入户数",
    "import_counts": "导入户数", "remove_count": "删除户数", "add_village": "新建村居", "add_household": "新增住户",
    "move_household": "换组", "add_group": "新建联防组", "edit_group": "修改联防组", "split_group": "拆组",
    "merge_groups": "并组", "archive_group": "撤组", "set_threshold": "设定示范村标准",
    "remove_threshold": "删除示范村标准", "withdraw_consent": "撤回同意", "edit_household": "修改住户",
    "edit_grids": "修改网格", "erase_household": "删除个人信息",
}  # fmt: skip
DEFINED = ("户数口径", "覆盖率", "全镇", "未开展", "近30天打通户", "完整组", "未换组", "网格、联防组", "比较")
"""The notes that say what a figure means, and not how large it is."""
VERSION = 3
"""Of the exports: it counts up when a column or a word of theirs means something else, or is there no more."""


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
    _Column("近30天打通户", lambda village: village.readiness.reachable, lambda report: report.reached),
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
    _Column("近30天打通户", lambda place: place.reachable),
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
    _Column("近30天打通户", lambda report: None if report.village else report.reached),
    _Column("联防组", lambda report: None if report.village else report.readiness.groups),
    _Column("完整组", lambda report: None if report.village else report.readiness.groups_complete),
)


def make_table(report: CoverageReport) -> Table:
    """The figures of the day at the report's level."""
    if report.level is Level.TOWN:
        return _make_table(_TOWN, [report])
    if report.level is Level.VILLAGE:
        # The sum of the town would not be that of the one row above it.
        summed = None if report.village else tuple(column.total(report) for column in _VILLAGE)
        return _make_table(_VILLAGE, report.rows)._replace(total=summed)
    return _make_table(_PLACE, report.places)


def make_series_table(report: CoverageReport) -> Table:
    """How the figures moved: a row for every place and day."""
    headings = ("日期", "代码", "村居", "名称", "户数", "已开通", COVERAGE)
    rows: list[tuple[Cell, ...]] = [
        (point.day, each.code, each.name or TOTAL, each.place, point.figure.households, point.figure.subscribed,
         point.figure if point.figure.subscribed else NOT_STARTED)
        for each in report.series
        for point in each.points
    ]  # fmt: skip
    return Table(headings, rows)


def write_known_at(moment: datetime | None) -> str:
    """As of when the figures were known, in the town's time; None: all that is known."""
    return f"{moment:%Y-%m-%d %H:%M:%S %z}" if moment else "出表时已知的全部"


def list_notes(report: CoverageReport) -> list[tuple[str, Cell]]:
    """What the figures mean: day, denominator, threshold, definitions, the town's sum."""
    kind = KINDS[CountKind(report.denominator)]
    demonstrations = "、".join(village.name for village in report.demonstrations) or "无"
    return [
        ("统计日期", report.as_of),
        ("知悉时点", write_known_at(report.known_at)),
        ("格式版本", VERSION),
        ("户数口径", f"{kind}（各村截至当日最近一次统计）"),
        ("示范村标准", f"{write_threshold(report.threshold)}%"),
        ("全镇村居", len(report.villages)),
        ("已开展", report.started),
        ("全镇户数", report.town.households),
        ("全镇已开通", report.town.subscribed),
        ("全镇覆盖率", report.town),
        ("示范村", demonstrations),
        ("覆盖率", "当日已开通户数÷当日户数，一户只计一次。"),
        ("全镇", "各村分子之和÷分母之和，不是各村百分比的平均。"),
        ("未开展", "尚无一户开通的村居，仍列入表中并计入合计。"),
        ("近30天打通户", "已开通户中，近30天内有人接听并按键、回复短信、求助或应答演练者。"),
        ("完整组", "近30天打通的不少于8户的联防组。"),
        ("未换组", "上年同日已在联防组、当日仍在同一组的户。"),
        ("网格、联防组", "以当日名册中居住在该处的户为分母。"),
        ("比较", "是否达到示范村标准按未四舍五入的数值比较；已开通多于户数的村居不作示范村。"),
    ]  # fmt: skip


def make_statement_table(report: CoverageReport) -> Table:
    """What changed since an earlier report, line by line; its sums are `make_statement_sums`."""
    headings = ("指标", "原因", "增减", "村居", "户", "日期", "原为", "现为", "办理", "经办", "录入时间")
    lines = report.statement.lines if report.statement else []
    rows: list[tuple[Cell, ...]] = [
        (MEASURES[line.measure], CAUSES[line.cause], line.delta, f"{line.village} {line.place}".strip(),
         f"另{line.more}户" if line.more else line.household, line.on, line.before, REASONS.get(line.after, line.after),
         ACTIONS.get(line.action, line.action), line.by, f"{line.at:%Y-%m-%d %H:%M}" if line.at else "")
        for line in lines
    ]  # fmt: skip
    return Table(headings, rows)


def make_statement_sums(report: CoverageReport) -> Table:
    """What changed since an earlier report, figure by figure: before ± corrected + gained - lost = after."""
    headings = ("指标", "上次报告", "更正", "增加", "减少", "本次")
    parts = report.statement.parts if report.statement else ()
    rows: list[tuple[Cell, ...]] = [
        (MEASURES[part.measure], part.before, part.corrected, part.gained, part.lost, part.after) for part in parts
    ]
    return Table(headings, rows)


def write_statement_title(statement: Statement) -> str:
    """Which reports it compares."""
    number = f"第{statement.report}号报告，" if statement.report else ""
    return f"与{statement.since}的报告相比（{number}按{statement.since_known_at:%Y-%m-%d %H:%M}所知）"


def show_cell(cell: Cell, threshold: int = 0) -> str:
    """A cell as somebody reads it: a coverage with one place after the point, or as many as it takes to tell it from
    the threshold (in hundredths of a per cent).
    """
    if isinstance(cell, Figure):
        percent = write_percent(cell, threshold) if threshold else cell.percent()
        return "" if percent is None else f"{percent}%"
    return "" if cell is None else str(cell)


def _make_table(columns: Sequence[_Column[Row]], rows: Sequence[Row]) -> Table:
    return Table(
        tuple(column.heading for column in columns),
        [tuple(column.cell(row) for column in columns) for row in rows],
    )
