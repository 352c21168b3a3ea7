"""The town's monthly summary, held against figures computed by hand; as page, workbook, PDF and JSON."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from math import inf
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import Database
from groups.models.accounts import AccountRole
from groups.models.enrolment import Subscription
from groups.models.figures import HouseholdCount, ProofKind, ReachProof
from groups.models.roster import Household, Phone, Village
from groups.rules.counting import CountKind
from joint_defense.incidents.record import note_update
from joint_defense.models.incidents import Acknowledgement, Alert, Incident
from joint_defense.models.upkeep import PhoneTask, VillageCheck
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel, ClosingOutcome, IncidentKind
from joint_defense.rules.tasks import TaskOutcome, TaskReason, TaskStage
from joint_defense.rules.timeline import UpdateKind
from joint_defense.upkeep.monthly_summary import Coming, read_month, read_summary
from joint_defense.upkeep.summary_files import as_json, round_seconds, write_share
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, SignedIn
from tests.edges.web.scenes import settle_group
from tests.support.factories import home_since

ZONE = ZoneInfo("Asia/Shanghai")
OCTOBER = date(2026, 10, 1)
LATER = datetime(2026, 11, 20, 4, tzinfo=UTC)


def moment(month: int, day: int, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=ZONE)


def incident(
    session: Session, village: Village, opened: datetime, came: dict[int, float], *, calls: int = 0, **more: Any
) -> None:
    """`came`: after how many seconds each household was coming (a minus: it could not)."""
    given: dict[str, Any] = {"kind": IncidentKind.ALARM, "group_id": 1, "closed_at": opened + timedelta(hours=1)} | more
    made = Incident(village_id=village.id, village_name=village.name, group_name="3组", opened_at=opened, **given)
    session.add(made)
    session.flush()
    if calls:
        whose = {"household_id": calls, "household_name": "-", "household_name_en": "-", "place": "", "place_en": ""}
        phone = {"phone_id": 1, "number": "+8613900000001", "language": "zh", "channel": Channel.CALL}
        session.add(Alert(incident_id=made.id, raised_at=opened, **whose, **phone))
    for household, seconds in came.items():
        answer = Answer.CANNOT if seconds < 0 else Answer.COMING
        said = {"household_id": household or None, "responder_id": None if household else 7, "household_name": "-"}
        at = opened + timedelta(seconds=abs(seconds))
        row = Acknowledgement(incident_id=made.id, number="+8613900000009", channel=Channel.CALL, at=at, **said)
        row.answer = answer
        session.add(row)


@pytest.fixture
def told(store: Database) -> dict[str, int]:
    """October of two villages: what each row comes to is written beside the figures below."""
    with store.begin() as session:
        settle_group(session, VILLAGE)
        villages = {each.code: each for each in session.scalars(select(Village)).all()}
        own, other = villages[VILLAGE], villages[OTHER_VILLAGE]
        houses = session.scalars(select(Household).order_by(Household.position)).all()
        session.add_all(home_since(each, date(2026, 1, 1)) for each in houses)
        alone = Household(village_id=other.id, head="钱", door="1号", position=1)
        session.add(alone)
        session.flush()
        session.add(home_since(alone, date(2026, 10, 10)))
        # Eight of twelve signed up at the end of the month, one of those proven on the 2nd, one on the 1st: too old.
        for place, house in enumerate(houses[:9]):
            ends = date(2026, 10, 31) if place == 8 else None
            session.add(Subscription(household_id=house.id, starts_on=date(2026, 2, 1), ends_on=ends))
        session.add(Subscription(household_id=alone.id, starts_on=date(2026, 10, 31)))
        session.add(
            HouseholdCount(village_id=own.id, counted_on=date(2026, 1, 1), kind=CountKind.RESIDENT, households=12)
        )
        for house, day in ((houses[0], date(2026, 10, 2)), (houses[1], date(2026, 10, 1))):
            phone = session.scalars(select(Phone.id).where(Phone.household_id == house.id)).first()
            proof = {"phone_id": phone, "household_id": house.id, "kind": ProofKind.CALL}
            session.add(ReachProof(**proof, proven_on=day))
        # Alarms: second households after 30, 90 and never: the median is 90; first ones after 10, 20 and 50: 20.
        incident(session, own, moment(10, 1, 0), {101: 30, 102: 10, 103: -5})
        incident(session, own, moment(10, 31, 23, 59), {101: 90, 102: 20})
        incident(session, own, moment(10, 15), {104: 50, 105: 1, 0: 2}, calls=105)
        # Another village's: nobody came. Over the town the first are 10, 20, 50, never: 35; the second 30, 90, never.
        incident(session, other, moment(10, 16), {})
        # What does not count: in vain, without a word, before and after the month.
        incident(session, own, moment(10, 5), {101: 1, 102: 2}, outcome=ClosingOutcome.ACCIDENTAL)
        incident(session, own, moment(10, 6), {101: 1, 102: 2}, kind=IncidentKind.WORDLESS)
        incident(session, own, moment(9, 30, 23, 59, 59), {101: 1, 102: 2})
        incident(session, own, moment(11, 1, 0), {101: 1, 102: 2})
        # Drills: of a group after 15 and 40; a test of single phones counts nowhere.
        incident(session, own, moment(10, 8), {101: 15, 102: 40}, kind=IncidentKind.DRILL)
        incident(session, own, moment(10, 8, 13), {101: 3, 102: 4}, kind=IncidentKind.DRILL, group_id=None)
        # Tasks: one from September closed in October, one opened and closed, one opened and left, one of November.
        for opened, closed in ((moment(9, 20), moment(10, 3)), (moment(10, 4), moment(10, 9))):
            _add_task(session, own.id, opened, closed)
        _add_task(session, own.id, moment(10, 20), moment(11, 2))
        _add_task(session, own.id, moment(11, 2), None)
        # The check of the 1st was signed off, that of the 16th by nobody; the other village's first one is the 16th.
        session.add(
            VillageCheck(
                village_id=own.id,
                due_on=OCTOBER,
                signed_at=moment(10, 3),
                signed_by="村长",
                stood_open={"failing": [[1, 1]]},
            )
        )
        session.add(
            VillageCheck(
                village_id=other.id,
                due_on=date(2026, 10, 16),
                signed_at=moment(10, 20),
                signed_by="村长",
                stood_open={},
            )
        )
        return {"own": own.id, "other": other.id}


def _add_task(session: Session, village_id: int, opened: datetime, closed: datetime | None) -> None:
    many = len(session.scalars(select(PhoneTask.id)).all())
    session.add(
        PhoneTask(
            village_id=village_id,
            household_id=1,
            phone_id=900 + many,
            reason=TaskReason.FAILED,
            stage=TaskStage.HEAD,
            opened_at=opened,
            closed_at=closed,
            outcome=TaskOutcome.CHANGED if closed else None,
        )
    )
    session.flush()


def test_a_months_figures_are_those_computed_by_hand(told: dict[str, int], store: Database) -> None:
    with store.begin() as session:
        found = read_summary(session, OCTOBER, LATER, ZONE)
    own, other = found.villages
    assert (found.whole, found.as_of, own.code, other.code) == (True, date(2026, 10, 31), VILLAGE, OTHER_VILLAGE)
    assert (own.covered, own.households, own.signed_up, own.proven) == (8, 12, 8, 1)
    assert own.alarms == Coming(3, 20.0, 90.0, 1)
    assert (own.in_vain, own.drills) == (1, Coming(1, 15.0, 40.0, 0))
    assert (own.tasks_opened, own.tasks_closed, own.tasks_open) == (2, 2, 1)
    assert (own.checks_due, own.checks_signed, own.overdue) == (2, 1, 1)
    assert (other.covered, other.households, other.signed_up, other.proven) == (0, None, 1, 0)
    assert (other.alarms, other.drills) == (Coming(1, inf, inf, 1), Coming())
    assert (other.checks_due, other.checks_signed, other.overdue) == (1, 1, 0)
    town = found.town
    assert (town.covered, town.households, town.signed_up, town.proven) == (8, 12, 9, 1)
    assert town.alarms == Coming(4, 35.0, inf, 2)
    assert (town.in_vain, town.drills, town.tasks_open) == (1, Coming(1, 15.0, 40.0, 0), 1)
    assert (town.checks_due, town.checks_signed, town.overdue) == (3, 2, 1)


def test_a_running_month_ends_now_and_a_check_is_late_from_the_day_after(told: dict[str, int], store: Database) -> None:
    with store.begin() as session:
        first = read_summary(session, OCTOBER, moment(10, 16, 23), ZONE)
        day_after = read_summary(session, OCTOBER, moment(10, 17, 1), ZONE)
    assert (first.whole, first.as_of, first.town.alarms.incidents) == (False, date(2026, 10, 16), 3)
    assert [each.overdue for each in first.villages] == [0, 0]
    assert [each.overdue for each in day_after.villages] == [1, 0]


def test_page_files_and_command_say_the_same(
    told: dict[str, int], signed_in: SignedIn, web: Flask, tmp_path: Path
) -> None:
    liaison = signed_in(AccountRole.LIAISON)
    page = liaison.get("/summary?month=2026-10").text
    assert [
        each for each in ("66.7%", "11.1%", "首户35秒", "次户90秒", "半数以上没有", "1个村居逾期") if each not in page
    ] == []
    book = load_workbook(BytesIO(liaison.get("/summary.xlsx?month=2026-10").data))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert rows[0][0] == "十户联防月度汇总 2026年10月"
    by_name = {row[0]: dict(zip(rows[1], row, strict=True)) for row in rows[2:]}
    own = by_name["墙下陶村"]
    assert (own["已开通"], own["户数"], own["警情次户（秒）"], own["演练首户（秒）"], own["检查逾期"]) == (
        8,
        12,
        90,
        15,
        "逾期",
    )
    assert own["覆盖率"] == pytest.approx(8 / 12)
    # Each column adds up to the town's, and each share has its denominator in the row: (9 - 1) / 12 and 1 / 9.
    apart = "其中未统计户数的村居"
    assert [
        (by_name[each]["已开通"], by_name[each][apart], by_name[each]["户数"], by_name[each]["近30天打通"])
        for each in ("墙下陶村", "四甲村", "全镇")
    ] == [(8, 0, 12, 1), (1, 1, None, 0), (9, 1, 12, 1)]
    assert by_name["全镇"]["打通率"] == pytest.approx(1 / 9)
    assert [each for each in ("1/–", "8/12 · 未统计户数的村居另有1户", "1/9") if each not in page] == []
    assert (by_name["四甲村"]["户数"], by_name["四甲村"]["覆盖率"], by_name["四甲村"]["警情首户（秒）"]) == (
        None,
        None,
        "半数以上没有",
    )
    assert (by_name["全镇"]["警情首户（秒）"], by_name["全镇"]["检查逾期"]) == (35, 1)
    pdf = PdfReader(BytesIO(liaison.get("/summary.pdf?month=2026-10").data))
    text = "".join("".join(each.extract_text().split()) for each in pdf.pages)
    assert [
        each
        for each in ("2026年10月", "66.7%", "35秒", "半月检查逾期", "8/12户，未统计村居另有1户", "1/9户")
        if each not in text
    ] == []
    run = web.test_cli_runner().invoke
    said = json.loads(run(args=["upkeep", "summary", "--month", "2026-10"]).output)
    assert (said["town"]["incidents"]["first"], said["town"]["incidents"]["second"]) == (35.0, "never")
    assert said["town"]["coverage"] == {"covered": 8, "households": 12, "uncounted": 1}
    output = tmp_path / "summary.pdf"
    assert (
        run(args=["upkeep", "summary", "--month", "2026-10", "--format", "pdf", "--output", str(output)]).exit_code == 0
    )
    assert output.read_bytes().startswith(b"%PDF")
    for wrong in ("2026-13", "0001-01", "0999-05", "1999-12"):
        assert "2000-01" in run(args=["upkeep", "summary", "--month", wrong]).output
    assert run(args=["upkeep", "summary", "--format", "pdf"]).exit_code == 1
    for wrong in ("2026-13", "2999-01", "October", "0001-01", "0999-05", "1999-12"):
        answer = liaison.get(f"/summary?month={wrong}")
        assert (answer.status_code, "请写2000-01以后已经开始的月份" in answer.text) == (422, True)
        assert [liaison.get(f"/summary.{form}?month={wrong}").status_code for form in ("pdf", "xlsx")] == [422, 422]
    oldest = liaison.get("/summary?month=2000-01").text
    assert ("month=1999-12" in oldest, "month=2000-02" in oldest) == (False, True)
    assert liaison.get("/summary.csv").status_code == 404


def test_a_drill_that_was_broken_off_says_nothing_of_who_had_not_answered_yet(
    told: dict[str, int], store: Database
) -> None:
    # Broken off before anybody answered, and after two; one came to its end by itself, and nobody had answered.
    ended: tuple[tuple[datetime, dict[int, float], str], ...] = (
        (moment(10, 9), {}, "#7"),
        (moment(10, 10), {101: 5, 102: 6}, "村长"),
        (moment(10, 11), {}, ""),
    )
    with store.begin() as session:
        own = session.get_one(Village, told["own"])
        for opened, came, by in ended:
            incident(session, own, opened, came, kind=IncidentKind.DRILL)
            drill = session.scalars(select(Incident.id).order_by(Incident.id.desc()).limit(1)).one()
            note_update(session, drill, UpdateKind.CLOSED, opened, by=by)
    with store.begin() as session:
        found = read_summary(session, OCTOBER, LATER, ZONE)
    assert found.villages[0].drills == found.town.drills == Coming(3, 15.0, 40.0, 1, broken_off=1)
    assert as_json(found)["town"]["drills"]["broken_off"] == 1


def test_what_is_written_is_rounded_half_up_and_a_month_is_one_that_has_begun() -> None:
    assert [write_share(*each) for each in ((1, 8), (1, 16), (2, 3), (0, 5), (1, 0), (1, None))] == [
        *("12.5%", "6.3%", "66.7%", "0.0%", "—", "—")
    ]
    assert [round_seconds(each) for each in (34.5, 35.49, 35.5)] == [35, 35, 36]
    assert read_month("2026-11", date(2026, 11, 1)) == date(2026, 11, 1)
    assert [read_month(each, date(2026, 11, 1)) for each in ("2026-12", "0000-01", "0001-01", "1999-12", "2026-1")] == [
        None
    ] * 5
