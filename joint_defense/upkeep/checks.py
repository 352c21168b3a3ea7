"""What drills and tests have found of each phone: when it was rung last, and how often in a row in vain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from config.database import insert_or_update, insert_rows
from groups import directory
from groups.directory import Caller
from joint_defense.delivery.plan import OnePhone, make_row
from joint_defense.models.incidents import Acknowledgement, Attempt, Delivery
from joint_defense.models.upkeep import PhoneCheck
from joint_defense.rules.parties import DRILL, NOTICE
from joint_defense.rules.states import PROVING, AttemptState, Channel, Purpose
from joint_defense.rules.tasks import TaskReason
from joint_defense.rules.upkeep.rolling_tests import (
    MISSES_FOR_TASK,
    MOST_UNSURE,
    REST,
    TRIED_AGAIN_AFTER,
    UNSURE_BY_MISS,
)
from joint_defense.rules.wording import drills as words
from joint_defense.upkeep import tasks


def make_rung_phone(phone: Caller) -> OnePhone:
    """A phone of the roster, to be tested for itself."""
    return OnePhone(
        phone.household_id,
        phone.household_name,
        phone.household_name_en,
        phone.number,
        phone.language,
        phone.phone_id,
    )


def note_rung(session: Session, villages: Mapping[int, int], on: date) -> None:
    """These phones (each with its village) are rung by a drill or test on that day."""
    rows = [
        {"phone_id": phone_id, "village_id": village_id, "rung_on": on} for phone_id, village_id in villages.items()
    ]
    if rows:
        session.execute(insert_or_update(session, PhoneCheck, keys=("phone_id",), update=("rung_on",)), rows)


def note_answer(session: Session, phone_id: int | None) -> None:
    """A person has answered a drill or test of this phone."""
    surer = case((PhoneCheck.unsure > 0, PhoneCheck.unsure - 1), else_=0)
    answered = update(PhoneCheck).where(PhoneCheck.phone_id == phone_id).values(missed=0, unsure=surer)
    session.execute(answered.execution_options(synchronize_session=False))


def note_end(session: Session, deliveries: Collection[Delivery], now: datetime, *, by_itself: bool) -> None:
    """A drill is over. What had not rung yet may be tested again; who rang in vain has missed it, where nobody broke
    it off: twice in a row make a task, and a phone that was tested alone is asked by text.
    """
    calls = [each for each in deliveries if each.channel is Channel.CALL and each.purpose in PROVING]
    rang = {each.phone_id for each in calls if each.phone_id is not None and each.attempt_count}
    not_rung = {each.phone_id for each in calls if each.phone_id is not None} - rang
    _forget_rung(session, not_rung)
    if not by_itself or not rang:
        return
    incident_id = calls[0].incident_id
    given = set(session.scalars(select(Acknowledgement.number).where(Acknowledgement.incident_id == incident_id)))
    missed = {each.phone_id for each in calls if each.phone_id in rang and each.number not in given} - {None}
    less_sure = case(
        (PhoneCheck.unsure <= MOST_UNSURE - UNSURE_BY_MISS, PhoneCheck.unsure + UNSURE_BY_MISS), else_=MOST_UNSURE
    )
    noted = session.execute(
        update(PhoneCheck)
        .where(PhoneCheck.phone_id.in_(missed))
        .values(missed=PhoneCheck.missed + 1, unsure=less_sure)
        .returning(PhoneCheck.phone_id, PhoneCheck.missed)
        .execution_options(synchronize_session=False)
    ).all()
    for phone_id, times in noted:
        if times >= MISSES_FOR_TASK:
            tasks.open_task(session, phone_id, TaskReason.UNANSWERED, now)
    _let_try_sooner(session, [each for each in calls if each.phone_id in missed])
    alone = {each.phone_id for each in calls if each.purpose is Purpose.TEST and each.phone_id in missed} - {None}
    _ask_by_text(session, incident_id, {each for each in alone if each is not None}, now)


def _let_try_sooner(session: Session, missed: Collection[Delivery]) -> None:
    """Of these calls, those that could not be put through rang nobody: the phones need not rest for a week."""
    failed = (
        select(PhoneCheck.phone_id, PhoneCheck.rung_on)
        .join(Delivery, Delivery.phone_id == PhoneCheck.phone_id)
        .join(Attempt, (Attempt.delivery_id == Delivery.id) & (Attempt.number == Delivery.attempt_count))
        .where(Delivery.id.in_([each.id for each in missed]), Attempt.state == AttemptState.FAILED)
    )
    by_day: dict[date, list[int]] = defaultdict(list)
    for phone_id, rung_on in session.execute(failed):
        if rung_on is not None:
            by_day[rung_on - (REST - TRIED_AGAIN_AFTER)].append(phone_id)
    for day, phone_ids in by_day.items():
        earlier = update(PhoneCheck).where(PhoneCheck.phone_id.in_(phone_ids)).values(rung_on=day)
        session.execute(earlier.execution_options(synchronize_session=False))


def _forget_rung(session: Session, phone_ids: Collection[int]) -> None:
    if phone_ids:
        forget = update(PhoneCheck).where(PhoneCheck.phone_id.in_(phone_ids)).values(rung_on=None)
        session.execute(forget.execution_options(synchronize_session=False))


def _ask_by_text(session: Session, incident_id: int, phone_ids: Collection[int], now: datetime) -> None:
    """A person may see a text who could not take the call: its answer proves the phone as well."""
    rows = [
        make_row(
            *(make_rung_phone(phone), incident_id, Channel.SMS, Purpose.TEST, now),
            urgency=DRILL + NOTICE,
            turn=place,
            text=words.write_test_message(name_owner(phone), phone.language),
        )
        for place, phone in enumerate(directory.list_by_ids(session, phone_ids))
        if phone.may_text and not phone.silent
    ]
    insert_rows(session, Delivery, rows)


def name_owner(caller: Caller) -> str:
    """Whose phone we think it is: village, group and household."""
    if caller.language == words.CHINESE:
        return f"{caller.village_name}{caller.group_name}{caller.household_name}"
    return f"{caller.household_name_en}, {caller.place_en}"
