"""An auditor's recount of a hostile history: by the code, by plain Python over the rows, and by the ledger.

The three must agree on every figure, and each village with its groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from groups.coverage import report as coverage_reports
from groups.coverage.audit import find_flaws, make_audit
from groups.coverage.compared import Compared
from groups.coverage.figures import Scope
from groups.coverage.issued import reprint
from groups.coverage.rules.query import CoverageQuery, Step
from groups.coverage.rules.report import Level
from groups.coverage.rules.statement import Measure
from groups.coverage.statement import make_statement
from groups.enrolment import bills as subsidies
from groups.enrolment import paid_for
from groups.errors import NothingCounted
from groups.models.changes import ERASED
from groups.models.known_at import as_known
from tests.support.attribution import Attribution, check_lines, check_rows, counted_by, demonstrates
from tests.support.histories import FIRST, KIND, PLANS, VILLAGES, ZONE, Stage, answered, billed
from tests.support.ledger import tally


def rows_of(session: Session, table: str) -> list[dict[str, Any]]:
    """A table as plain SQL has it, its days as days."""
    found = []
    for row in session.execute(text(f"SELECT * FROM {table}")).mappings():
        found.append({
            name: date.fromisoformat(value) if name.endswith("_on") and isinstance(value, str) else value
            for name, value in row.items()
        })  # fmt: skip
    return found


def _on(row: dict[str, Any], day: date) -> bool:
    return row["starts_on"] <= day and (row["ends_on"] is None or day < row["ends_on"])


def recounted(session: Session, day: date) -> dict[tuple[int, int | None], tuple[int, int]]:
    """From the rows alone: by village and group, who lived there and how many of those were signed up."""
    signed_up = [row["household_id"] for row in rows_of(session, "subscriptions") if _on(row, day)]
    living = [row for row in rows_of(session, "residences") if _on(row, day)]
    assert len(set(signed_up)) == len(signed_up), f"somebody is signed up twice on {day}"
    assert len({row["household_id"] for row in living}) == len(living), f"somebody lives in two places on {day}"
    assert set(signed_up) <= {row["household_id"] for row in living}, f"somebody signed up lives nowhere on {day}"
    places = tally((row["village_id"], row["group_id"]) for row in living)
    own = tally((row["village_id"], row["group_id"]) for row in living if row["household_id"] in set(signed_up))
    return {place: (many, own.get(place, 0)) for place, many in places.items()}


def check_day(stage: Stage, session: Session, day: date) -> None:
    """Code, rows and ledger agree on the day, at every level."""
    counted = stage.ledger.counted(day)
    houses = {name: house.place(day) for name, house in stage.ledger.houses().items() if house.stays}
    by_rows = recounted(session, day)
    names = {number: place for place, number in stage.groups.items()}
    codes = {number: code for code, number in stage.villages.items()}
    told = {
        (codes[village], names[group][1] if group is not None else ""): numbers
        for (village, group), numbers in by_rows.items()
    }
    living = tally(place for place in houses.values() if place is not None)
    signed_up = tally(place for place, _ in counted.values())
    assert told == {place: (many, signed_up.get(place, 0)) for place, many in living.items()}, f"rows, {day}"
    known = counted_by(stage, day)
    try:
        by_level = {
            level: coverage_reports.report_on(session, CoverageQuery(day, level=level), ZONE)
            for level in (Level.VILLAGE, Level.GROUP, Level.GRID)
        }
    except NothingCounted:
        assert known == {}
        return
    of_village = tally(place[0] for place, _ in counted.values())
    report = by_level[Level.VILLAGE]
    assert {each.code: (each.figure.subscribed, each.figure.households) for each in report.villages} == {
        code: (of_village.get(code, 0), known.get(code)) for code in VILLAGES
    }, f"villages, {day}"
    assert report.town.subscribed == sum(of_village.get(code, 0) for code in known)
    assert report.town.households == sum(known.values())
    for each in report.villages:
        assert each.demonstration == demonstrates(stage, each.code, day), f"{each.code}, {day}"
        assert each.since == demonstration_since(stage, each.code, day), f"{each.code} since, {day}"
    for level in (Level.GROUP, Level.GRID):
        places = by_level[level].places
        for code in VILLAGES:
            own = [each.figure for each in places if each.village_code == code]
            assert sum(each.subscribed for each in own) == of_village.get(code, 0), f"{level} of {code}, {day}"
    groups = {(each.village_code, each.name): each.figure for each in by_level[Level.GROUP].places}
    assert {place: (figure.households, figure.subscribed) for place, figure in groups.items()} == told


def demonstration_since(stage: Stage, code: str, day: date) -> date | None:
    """Since when without a break. Nothing can be one before the first act holds."""
    if not demonstrates(stage, code, day):
        return None
    while demonstrates(stage, code, day - timedelta(days=1)):
        day -= timedelta(days=1)
    return day


def check_bill(stage: Stage, session: Session, month: date) -> None:
    """The bill as counted charges each household where it lived on the first day, for its plan, at the day's price.

    A month that was settled shows what was settled; all bills together come to what is known now.
    """
    counted = stage.ledger.counted(month)
    bill = subsidies.count_bill(session, month)
    assert {(line.code, line.plan): line.households for line in bill.lines} == tally(
        (place[0], plan) for place, plan in counted.values()
    )
    fen = {(plan,): value for plan, value in zip(PLANS, (301, 299), strict=True)}
    fen |= stage.ledger.latest("tariff", ("plan",), month)
    assert bill.total.village_fen == sum(fen[plan,] for _, plan in counted.values())
    listed = paid_for.list_paid_for(session, month)
    assert paid_for.is_listed_as_billed(subsidies.read_bill(session, month), listed) or stage.erased, month
    carried = subsidies.read_bill(session, month)
    named = paid_for.list_differences(session, carried)
    differences = sum(line.village_fen + line.carrier_fen for line in carried.lines if line.of_month)
    assert sum(sum(each.shares or ()) for each in named) == differences or stage.erased, f"who differs, {month}"
    if not stage.settled or month > max(stage.settled):
        assert sorted((each.head, each.plan) for each in listed) == sorted(
            (name, plan) for name, (_, plan) in counted.items()
        )
    if month in stage.settled:
        told = [billed(line) for line in subsidies.read_bill(session, month).lines]
        assert sorted(told) == sorted(stage.settled[month]), f"{month} is not what was settled"


def check_settled(stage: Stage, session: Session) -> None:
    """What was settled, with the differences on the next bill, comes to what those months cost as is known now."""
    if not stage.settled:
        return
    last = max(stage.settled)
    following = date(last.year + last.month // 12, last.month % 12 + 1, 1)
    earlier = [date(2027, month, 1) for month in (10, 11, 12)] + [date(2028, month, 1) for month in range(1, 13)]
    earlier = [month for month in earlier if month < min(stage.settled)]
    bill = subsidies.read_bill(session, following)
    paid = sum(line[3] + line[4] for lines in stage.settled.values() for line in lines)
    paid += sum(subsidies.read_bill(session, month).total.fen for month in earlier)
    differences = sum(line.village_fen + line.carrier_fen for line in bill.lines if line.of_month)
    months = [*earlier, *stage.settled]
    assert paid + differences == sum(subsidies.count_bill(session, month).total.fen for month in months)


def check_series(stage: Stage, session: Session, first: date, last: date) -> None:
    """Every day of every series is what that day's own report says."""
    query = CoverageQuery(last, first, last, step=Step.DAY)
    try:
        report = coverage_reports.report_on(session, query, ZONE)
    except NothingCounted:
        return
    for series in report.series:
        for point in series.points:
            counted = stage.ledger.counted(point.day)
            known = counted_by(stage, point.day)
            wanted = {series.code} if series.code else set(known)
            assert point.figure.subscribed == sum(place[0] in wanted for place, _ in counted.values()), point.day


def check_statements(stage: Stage, session: Session) -> None:
    """Between any two reports every difference is explained line by line, for the town and for each village."""
    days = sorted({min(stage.any_day(), stage.today) for _ in range(2)} | {stage.today})
    own = Attribution(stage)
    for since, until in pairwise(days):
        later = recounted_villages(session, until)
        for moment in {stage.rng.choice(stage.told)[0] if stage.told else stage.now, stage.now}:
            with as_known(session, moment):
                then = recounted_villages(session, since)
            for code in (None, *VILLAGES):
                compared = Compared(since, moment, until)
                found = make_statement(session, compared, Scope(ZONE, KIND, code))
                check_lines(own, compared, code, found)
                assert all(part.adds_up for part in found.parts), (since, moment, until, code, found)
                below = replace(compared, level=Level.GROUP)
                if code is None:
                    check_rows(own, below, make_statement(session, below, Scope(ZONE, KIND, None)))
                for measure, before, after in summed_up(then, later, code):
                    part = found.part(measure)
                    assert (part.before or 0, part.after or 0) == (before, after), (since, moment, until, code, part)


def summed_up(
    then: dict[str, tuple[int, int | None]], later: dict[str, tuple[int, int | None]], code: str | None
) -> Iterator[tuple[Measure, int, int]]:
    """What the rows say of a village, or of all that were counted, on the earlier day and on the later one."""
    both = [[one for each, one in state.items() if code == each or (code is None and one[1] is not None)]
            for state in (then, later)]  # fmt: skip
    yield Measure.SUBSCRIBED, *(sum(one[0] for one in state) for state in both)  # type: ignore[misc]
    yield Measure.HOUSEHOLDS, *(sum(one[1] or 0 for one in state) for state in both)  # type: ignore[misc]


def recounted_villages(session: Session, day: date) -> dict[str, tuple[int, int | None]]:
    """From the rows alone: by village's code, who is signed up, and how many households were counted."""
    codes = {row["id"]: row["code"] for row in rows_of(session, "villages")}
    own: dict[str, int] = {}
    for (village, _), (_, many) in recounted(session, day).items():
        own[codes[village]] = own.get(codes[village], 0) + many
    counts: dict[str, tuple[date, int]] = {}
    for row in rows_of(session, "household_counts"):
        if row["counted_on"] <= day and row["kind"] == KIND:
            counts[codes[row["village_id"]]] = max(
                counts.get(codes[row["village_id"]], (date.min, 0)), (row["counted_on"], row["households"])
            )
    return {code: (own.get(code, 0), counts[code][1] if code in counts else None) for code in codes.values()}


def check_kept(stage: Stage, session: Session) -> None:
    """What was issued is printed byte for byte; what was told of a day at a moment is told again of that moment."""
    for number, content in stage.issued.items():
        assert reprint(session, number, "json") == content
    for moment, day, said in stage.told:
        with as_known(session, moment):
            assert answered(session, day) == said, f"what was known of {day} at {moment}"


def check_audit(stage: Stage, session: Session, day: date) -> None:
    """The audit names exactly the households that the ledger has."""
    try:
        audit = make_audit(session, CoverageQuery(day), ZONE)
    except NothingCounted:
        return
    assert audit.agrees, f"audit of {day}"
    counted = [ERASED if name in stage.erased else name for name in stage.ledger.counted(day)]
    assert sorted(row.head for row in audit.rows if row.counts) == sorted(counted), f"audit of {day}"


def recount(stage: Stage) -> int:
    """Hold everything against the ledger. Returns on how many days."""
    days = sorted({stage.any_day() for _ in range(10)} | {FIRST, stage.today})
    with stage.database.begin(reads=True) as session:
        for day in days:
            check_day(stage, session, day)
        for day in days[::4]:
            check_audit(stage, session, day)
        for month in (date(2028, month, 1) for month in range(1, 13)):
            if month <= stage.today:
                check_bill(stage, session, month)
        check_settled(stage, session)
        check_series(stage, session, FIRST, stage.today)
    with stage.database.begin(reads=True) as session:
        check_kept(stage, session)
        check_day(stage, session, stage.today)
        check_statements(stage, session)
        assert find_flaws(session, stage.today, ZONE) == []
    return len(days)
