"""The liaison's own check: household by household why each counts on a day or does not, from the rows; and whether
the books are sound.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, aliased

from groups.coverage import figures, readiness, trends
from groups.coverage.figures import Scope
from groups.coverage.issued import find_damaged
from groups.coverage.rules.query import CoverageQuery
from groups.coverage.rules.report import KINDS, DayFigures, write_known_at
from groups.errors import InvalidDay, Message, NothingCounted, say
from groups.files.writing import Cell, Look, Table, as_workbook
from groups.models.enrolment import EndReason, Subscription, is_active, match_living_there
from groups.models.figures import Residence
from groups.models.known_at import as_known
from groups.models.roster import Group, Household, Village
from groups.models.seals import find_damaged_months
from groups.rules.counting import CountKind

MOST_ROWS = 200_000
"""More than a workbook that somebody opens: a county is audited village by village."""
HEADINGS = ("代码", "村居", "联防组", "户主", "门牌", "居住起", "居住止", "套餐", "开通起", "开通止", "计入", "原因")
_WIDTHS = (8, 14, 12, 12, 14, 12, 12, 16, 12, 12, 6, 46)
_PRINTED = Look(printed=True, landscape=True, filtered=True)
_ENDED = {
    EndReason.CANCELLED: "退订",
    EndReason.SUSPENDED: "停机",
    EndReason.MOVED: "迁出",
    EndReason.REPLACED: "换套餐",
    EndReason.ARCHIVED: "移出名册",
}


@dataclass(frozen=True, slots=True)
class AuditedHousehold:
    """A household that lived in the town on the day: where, what it had signed up for, and why it counts or not."""

    code: str
    village: str
    group: str
    head: str
    door: str
    lived_from: date
    lived_until: date | None
    plan: str
    starts_on: date | None
    ends_on: date | None
    counts: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Audit:
    """The households of a day, and the report that they are held against."""

    report: DayFigures
    rows: tuple[AuditedHousehold, ...]
    known_at: datetime | None = None
    """As of when it was known, in the town's time; None: all that is known."""

    @property
    def counted(self) -> int:
        """How many of them count."""
        return sum(row.counts for row in self.rows)

    @property
    def agrees(self) -> bool:
        """Whether the households, added up, are what the report says of every village."""
        own = Counter(row.code for row in self.rows if row.counts)
        return all(each.figure.subscribed == own[each.code] for each in self.report.rows)


def make_audit(session: Session, query: CoverageQuery, zone: ZoneInfo) -> Audit:
    """Every household of the day. Raises what `coverage_on` raises, and InvalidDay where they are too many."""
    with as_known(session, query.known_at):
        report = figures.read_coverage(session, query.as_of, Scope(zone, query.kind, query.village))
        homes = _read_homes(session, report)
        if len(homes) > MOST_ROWS:
            raise InvalidDay(say("too_many_households_for_a_page", most=f"{MOST_ROWS:,}"))
        rows = _read_subscriptions(session, report, {home.household_id for home in homes})
    counted = {village.code for village in report.villages if village.figure.households is not None}
    return Audit(
        report,
        tuple(_audit_household(home, rows.get(home.household_id, ()), report.as_of, counted) for home in homes),
        query.known_at.astimezone(zone) if query.known_at is not None else None,
    )


def as_xlsx(audit: Audit) -> bytes:
    """The audit as a workbook: a row a household, each village's sum, the town's sum at the foot; of when it is."""
    rows = (_list_cells(row) for row in audit.rows)
    table = Table("逐户核对", HEADINGS, rows, foot=_list_foot(audit), widths=_WIDTHS, look=_PRINTED)
    notes = Table("说明", (), _list_notes(audit), widths=(16, 80), look=Look(wrapped=True, heads_rows=True))
    return as_workbook([table, notes], f"十户联防逐户核对 {audit.report.as_of}", streamed=True)


def _list_notes(audit: Audit) -> Iterable[Sequence[Cell]]:
    kind = KINDS[CountKind(audit.report.denominator)]
    return [
        ("统计日期", audit.report.as_of),
        ("知悉时点", write_known_at(audit.known_at)),
        ("户数口径", f"{kind}（各村截至当日最近一次统计）"),
        ("在册", "当日按名册住在该村居的户；居住止、开通止的当日不再计算。"),
        ("计入", "1为当日已开通，计入分子；0为不计入，原因见末列。一户只计一次。"),
        ("小计、合计", "末尾为各村居小计与全镇合计，与覆盖率报表逐一核对；户数为报表的分母。"),
    ]


def find_flaws(session: Session, day: date, zone: ZoneInfo) -> list[Message]:
    """What is wrong with the books, as far as the rows tell: on any day, and with the figures of this one.

    Also where a report that was issued, or a month that was settled, is not any more what it was.
    """
    return [
        *_find_twice(session, Subscription),
        *_find_twice(session, Residence),
        *_find_homeless(session),
        *_find_unequal(session, day),
        *_find_recount_differences(session, day, zone),
        *(say("books_report", number=number) for number in find_damaged(session)),
        *(say("books_month", month=f"{month:%Y-%m}") for month in find_damaged_months(session)),
    ]


def _read_homes(session: Session, report: DayFigures) -> Sequence[Row[*tuple[Any, ...]]]:
    question = (
        select(
            Residence.household_id,
            Village.code,
            Village.name.label("village"),
            Group.name.label("group"),
            Household.head,
            Household.door,
            Residence.starts_on,
            Residence.ends_on,
        )
        .join(Household, Household.id == Residence.household_id)
        .join(Village, Village.id == Residence.village_id)
        .outerjoin(Group, Group.id == Residence.group_id)
        .where(match_living_there(report.as_of))
        .order_by(Village.code, Group.position, Group.id, Household.position, Household.id)
        .limit(MOST_ROWS + 1)
    )
    if report.village is not None:
        question = question.where(Village.code == report.village)
    return session.execute(question).all()


def _read_subscriptions(
    session: Session, report: DayFigures, households: set[int]
) -> Mapping[int, Sequence[Subscription]]:
    question = select(Subscription).order_by(Subscription.starts_on, Subscription.id)
    if report.village is not None:
        lived = select(Residence.household_id).join(Village, Village.id == Residence.village_id)
        question = question.where(
            Subscription.household_id.in_(lived.where(match_living_there(report.as_of), Village.code == report.village))
        )
    found: dict[int, list[Subscription]] = defaultdict(list)
    for row in session.scalars(question.execution_options(yield_per=5000)):
        if row.household_id in households:
            found[row.household_id].append(row)
    return found


def _audit_household(
    home: Row[*tuple[Any, ...]], rows: Sequence[Subscription], day: date, counted: set[str]
) -> AuditedHousehold:
    held = next((row for row in rows if row.starts_on <= day and (row.ends_on is None or day < row.ends_on)), None)
    before = [row for row in rows if row.starts_on <= day]
    shown = held or (before[-1] if before else rows[0] if rows else None)
    reason = _find_reason(held, shown, day)
    if held is not None and home.code not in counted:
        reason += "；本村当日尚无户数统计，不计入全镇合计"
    return AuditedHousehold(
        home.code,
        home.village,
        home.group or "（未编组）",
        home.head,
        home.door,
        home.starts_on,
        home.ends_on,
        shown.plan if shown else "",
        shown.starts_on if shown else None,
        shown.ends_on if shown else None,
        held is not None,
        reason,
    )


def _find_reason(held: Subscription | None, shown: Subscription | None, day: date) -> str:
    if held is not None:
        return f"{held.starts_on}起开通" + (f"，{held.ends_on}起{_write_end(held)}" if held.ends_on else "，仍在用")
    if shown is None:
        return "从未开通"
    if shown.starts_on > day:
        return f"当日尚未开通，{shown.starts_on}起开通"
    if shown.ends_on == shown.starts_on:
        return f"{shown.starts_on}开通，当日{_write_end(shown)}，未计一天"
    return f"{shown.ends_on}起已{_write_end(shown)}"


def _write_end(row: Subscription) -> str:
    return _ENDED[row.end_reason] if row.end_reason else "结束"


def _list_cells(row: AuditedHousehold) -> Sequence[Cell]:
    return (
        row.code, row.village, row.group, row.head, row.door, row.lived_from, row.lived_until, row.plan,
        row.starts_on, row.ends_on, int(row.counts), row.reason,
    )  # fmt: skip


def _list_foot(audit: Audit) -> Iterable[Sequence[str]]:
    """Each village's households as they are listed, beside the report's figure; last the town's sum."""
    own, living = Counter(row.code for row in audit.rows if row.counts), Counter(row.code for row in audit.rows)
    for each in audit.report.rows:
        says = "一致" if each.figure.subscribed == own[each.code] else f"不符：报表为{each.figure.subscribed}"
        if each.figure.households is None:
            says += "；当日尚无户数统计，不计入全镇合计"
        yield (each.code, each.name, "小计", f"在册{living[each.code]}户", f"计入{own[each.code]}户", "与报表", says)
    town = audit.report.town
    summed = sum(own[each.code] for each in audit.report.rows if each.figure.households is not None)
    left_out = sum(own[each.code] for each in audit.report.rows if each.figure.households is None)
    if audit.report.village is None:
        counted = f"计入{summed}户" + (f"（另有{left_out}户在尚无户数统计的村居）" if left_out else "")
        says = "一致" if summed == town.subscribed else f"不符：报表为{town.subscribed}"
        yield ("", "全镇", "合计", f"户数{town.households or 0}", counted, "与报表", says)


def _find_twice(session: Session, model: type[Subscription] | type[Residence]) -> Iterable[Message]:
    """Households that have two of a kind on one day."""
    one, other = aliased(model), aliased(model)
    rows = session.scalars(
        select(one.household_id)
        .join(
            other,
            (other.household_id == one.household_id)
            & (other.id != one.id)
            & (other.starts_on >= one.starts_on)
            & (one.ends_on.is_(None) | (other.starts_on < one.ends_on))
            & (other.ends_on.is_(None) | (other.ends_on > other.starts_on)),
        )
        .distinct()
        .limit(20)
    )
    code = "books_two_homes" if model is Residence else "books_two_subscriptions"
    return [say(code, household=number) for number in rows]


def _find_homeless(session: Session) -> Iterable[Message]:
    """Households with days of a subscription on which they lived nowhere."""
    day = func.count(Residence.id)
    starts = (
        select(Subscription.household_id)
        .outerjoin(
            Residence,
            (Residence.household_id == Subscription.household_id)
            & (Residence.starts_on <= Subscription.starts_on)
            & (Residence.ends_on.is_(None) | (Residence.ends_on > Subscription.starts_on)),
        )
        .where(Subscription.ends_on.is_(None) | (Subscription.ends_on > Subscription.starts_on))
        .group_by(Subscription.id, Subscription.household_id)
        .having(day == 0)
    )
    following = aliased(Residence)
    # A home that ends while something is paid for must be followed by another on that day.
    ends = (
        select(Subscription.household_id)
        .join(
            Residence,
            (Residence.household_id == Subscription.household_id)
            & (Residence.ends_on > Subscription.starts_on)
            & (Subscription.ends_on.is_(None) | (Residence.ends_on < Subscription.ends_on)),
        )
        .outerjoin(
            following,
            (following.household_id == Residence.household_id) & (following.starts_on == Residence.ends_on),
        )
        .where(following.id.is_(None))
    )
    rows = session.scalars(starts.union(ends).limit(20))
    return [say("books_no_home", household=number) for number in rows]


def _find_recount_differences(session: Session, day: date, zone: ZoneInfo) -> Iterable[Message]:
    """Villages of which the report says another thing than their households do one by one; and a line that differs."""
    scope = Scope(zone)
    try:
        report = figures.read_coverage(session, day, scope)
    except NothingCounted:
        return
    active = select(Subscription.id).where(Subscription.household_id == Residence.household_id, is_active(day))
    asked = select(Residence.village_id, func.count(Residence.household_id.distinct()))
    rows = session.execute(asked.where(match_living_there(day), active.exists()).group_by(Residence.village_id)).all()
    own: dict[int, int] = dict(rows)
    for each in report.villages:
        if each.figure.subscribed != own.get(each.village_id, 0):
            summed = own.get(each.village_id, 0)
            yield say("books_recount", village=each.name, own=each.figure.subscribed, summed=summed)
    drawn = trends.read_trend(session, day, day, scope)[0].figure
    if drawn.subscribed != report.town.subscribed or (drawn.households or 0) != (report.town.households or 0):
        yield say("books_line", own=report.town.subscribed, summed=drawn.subscribed)


def _find_unequal(session: Session, day: date) -> Iterable[Message]:
    """Villages whose figure is not the sum of their groups' and of those in none."""
    subscribed = figures.count_subscribed(session, day)
    summed = readiness.count_signed_up(session, day)
    names = dict(session.execute(select(Village.id, Village.name)).all())
    total = session.scalar(select(func.count()).select_from(Subscription).where(is_active(day))) or 0
    found = [
        say(
            "books_unequal",
            village=names.get(number, number),
            own=subscribed.get(number, 0),
            summed=summed.get(number, 0),
        )
        for number in sorted(subscribed.keys() | summed.keys())
        if subscribed.get(number, 0) != summed.get(number, 0)
    ]
    if total != sum(subscribed.values()):
        found.append(say("books_unequal_town", own=sum(subscribed.values()), summed=total))
    return found
