"""News for whoever called for help: who is coming, spoken while they hold the line, by text once they have hung up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import insert_or_skip
from groups import directory
from joint_defense import talking
from joint_defense.models import (
    RINGS,
    Acknowledgement,
    Alert,
    Delivery,
    Incident,
    IncidentKind,
    IncidentUpdate,
    Purpose,
)
from joint_defense.news_facts import NOBODY_MILESTONE, with_news
from joint_defense.rules import conversation
from joint_defense.rules.delivery import Channel, DeliveryState
from joint_defense.rules.escalation import Whom
from joint_defense.rules.fanout import NOTICE
from joint_defense.rules.replies import Answer
from joint_defense.timeline import note_update

MILESTONES = (1, 3)
"""The acknowledgements at which a caller who has hung up gets a text; the last one is another."""
LAST_MILESTONE = 1000
WIDENED_MILESTONE = 2000
"""And at each step of widening: this and the step's number."""
CONFERENCE_HOLD = timedelta(minutes=30)


@dataclass(frozen=True)
class Patience:
    """How long a caller waits for what."""

    nobody_after: timedelta = timedelta(seconds=60)
    """So long without anyone coming, and the caller is told to dial 110."""
    nobody_again: timedelta = timedelta(seconds=20)
    gone_after: timedelta = timedelta(seconds=30)
    """A caller who has not asked for news for so long has hung up."""


@dataclass(frozen=True, slots=True)
class News:
    """What to tell a caller on the line now, and how far that has brought them.

    `told` is the last acknowledgement spoken of, `warned` how often they were told that nobody answers, `widened` the
    last step of widening spoken of.
    """

    incident_id: int
    sentences: tuple[str, ...]
    language: str
    told: int
    warned: int
    closed: bool = False
    silent: bool = False
    joined: tuple[str, ...] = ()
    """Households that wait for the caller in the conference."""
    widened: int = 0


def coming_in_order(session: Session, incident_id: int) -> list[Acknowledgement]:
    """The households that are coming or there, by the moment they said so first; one entry a household."""
    rows = session.scalars(
        select(Acknowledgement).where(Acknowledgement.incident_id == incident_id).order_by(Acknowledgement.id)
    ).all()
    newest = {row.household_id: row for row in rows}
    return [row for row in dict.fromkeys(newest[each.household_id] for each in rows) if row.answer is not Answer.CANNOT]


def for_caller(
    session: Session,
    alert: Alert,
    told: int,
    warned: int,
    now: datetime,
    patience: Patience,
    *,
    may_join: bool = True,
    widened: int = 0,
) -> News:
    """The news since acknowledgement `told` and step `widened`. That they ask proves that they heard what came before.

    `may_join`: whether the caller is to be moved into the conference when a neighbour waits there.
    """
    incident = alert.incident
    alert.heard_answer_id = max(alert.heard_answer_id, told)
    alert.heard_step = max(alert.heard_step, widened)
    joined = talking.in_conference(session, incident.id) if may_join and not alert.silent else ()
    alert.on_line_until = now + (CONFERENCE_HOLD if joined else patience.gone_after)
    language = alert.language
    if incident.closed_at is not None or alert.withdrawn_at is not None:
        over = (conversation.OVER_FOR_CALLER[language],)
        return News(incident.id, over, language, told, warned, closed=True, silent=alert.silent)
    coming = coming_in_order(session, incident.id)
    fresh = [each for each in coming if each.id > told]
    lost = _gone_back(session, incident.id, told)
    sentences = [
        *conversation.who_comes(
            _names(fresh, Answer.COMING, language), _names(fresh, Answer.ON_SCENE, language), language
        ),
        *conversation.who_cannot_after_all(_names(lost, Answer.CANNOT, language), language),
    ]
    if not coming and now - alert.raised_at >= patience.nobody_after + warned * patience.nobody_again:
        warned += 1
        sentences.append(conversation.nobody_yet(incident.category, language))
    step, whom = _called_since(session, incident.id, widened)
    sentences += conversation.widened(whom, language)
    newest = max((each.id for each in (*fresh, *lost)), default=told)
    waiting = tuple(directory.household_name_in(language, each) for each in joined)
    return News(
        incident.id, tuple(sentences), language, newest, warned, silent=alert.silent, joined=waiting, widened=step
    )


def _called_since(session: Session, incident_id: int, step: int) -> tuple[int, list[Whom]]:
    """The last step of widening after this one (itself, if there is none), and who has been called since."""
    rows = session.scalars(
        select(IncidentUpdate.detail)
        .where(IncidentUpdate.incident_id == incident_id, IncidentUpdate.kind == "widened")
        .order_by(IncidentUpdate.id)
    )
    since = [detail for detail in rows if detail["step"] > step]
    called = (Whom(each) for detail in since for each in detail["whom"].split())
    return max((detail["step"] for detail in since), default=step), list(dict.fromkeys(called))


def _gone_back(session: Session, incident_id: int, told: int) -> list[Acknowledgement]:
    """The households of which the caller was told that they come, and that have said since that they cannot."""
    rows = session.scalars(
        select(Acknowledgement).where(Acknowledgement.incident_id == incident_id).order_by(Acknowledgement.id)
    ).all()
    known = {row.household_id: row.answer for row in rows if row.id <= told}
    newest = {row.household_id: row for row in rows}
    return [
        row
        for row in newest.values()
        if row.id > told and row.answer is Answer.CANNOT and known.get(row.household_id, Answer.CANNOT) != row.answer
    ]


def hang_up(session: Session, call_sid: str, now: datetime) -> None:
    """A call to our number is over: a caller's news comes by text from now on, a neighbour has left the conference."""
    for alert in session.scalars(select(Alert).where(Alert.call_sid == call_sid)):
        caller_gone(session, alert, now)
    talking.hung_up(session, call_sid, now)


def caller_gone(session: Session, alert: Alert, now: datetime) -> None:
    """The caller has hung up, as the carrier says."""
    if alert.on_line_until is not None and alert.on_line_until > now and alert.incident.closed_at is None:
        note_update(session, alert.incident_id, "hung_up", now, household=alert.household_name)
    alert.on_line_until = now


def _names(answers: Sequence[Acknowledgement], answer: Answer, language: str) -> list[str]:
    """The households among these that gave this answer, as this language calls them."""
    return [directory.household_name_in(language, each.household_name) for each in answers if each.answer is answer]


def text_all(session: Session, now: datetime, patience: Patience) -> int:
    """`text_milestones` for every incident that is open and young, and may have news. Returns how many were texted."""
    wanted = select(Incident).where(Incident.id.in_(with_news(session, now, patience.nobody_after)))
    incidents = session.scalars(wanted.order_by(Incident.id).with_for_update(key_share=True, skip_locked=True)).all()
    return sum(text_milestones(session, incident, now, patience.nobody_after) for incident in incidents)


def text_milestones(session: Session, incident: Incident, now: datetime, nobody_after: timedelta | None = None) -> bool:
    """Text the callers who have hung up, at the first, the third and the last acknowledgement.

    And when nobody has said to come for `nobody_after` (None: that is not asked now), and when others are called
    because too few come. Idempotent: each text has its
    number and is planned once. Returns whether one was.
    """
    if incident.kind is not IncidentKind.ALARM or incident.closed_at is not None:
        return False
    planned = False
    coming = coming_in_order(session, incident.id)
    for alert in incident.alerts:
        off_line = alert.on_line_until is None or alert.on_line_until <= now
        if alert.silent or not alert.may_text or alert.withdrawn_at is not None or not off_line:
            continue
        due = _milestones_due(session, incident, alert, coming, now, nobody_after)
        planned |= _text_caller(session, incident, alert, due, coming, now)
    return planned


def _text_caller(
    session: Session, incident: Incident, alert: Alert, due: list[int], coming: Sequence[Acknowledgement], now: datetime
) -> bool:
    """The texts that are due and, in the same one or in one of its own, who is being called because too few come."""
    step, called = alert.heard_step, list[Whom]()
    if incident.steps_done > alert.heard_step:
        step, called = _called_since(session, incident.id, alert.heard_step)
    planned = [_plan_text(session, incident, alert, milestone, coming, called, now) for milestone in due]
    if called and not any(planned):
        planned.append(_plan_text(session, incident, alert, WIDENED_MILESTONE + step, coming, called, now))
    if any(planned) or not called:
        # A step that found nobody to call is no news.
        alert.heard_step = step
    return any(planned)


def _milestones_due(
    session: Session,
    incident: Incident,
    alert: Alert,
    coming: Sequence[Acknowledgement],
    now: datetime,
    nobody_after: timedelta | None,
) -> list[int]:
    others = [each for each in coming if each.household_id != alert.household_id]
    if not others:
        return [NOBODY_MILESTONE] if nobody_after is not None and now - alert.raised_at >= nobody_after else []
    due = [count for count in MILESTONES if len(others) >= count and others[count - 1].id > alert.heard_answer_id]
    if _all_have_answered(session, incident) and others[-1].id > alert.heard_answer_id:
        due.append(LAST_MILESTONE)
    # One text that says it all is worth more than two in the same minute.
    return due[-1:]


def _all_have_answered(session: Session, incident: Incident) -> bool:
    rung = set(
        session.scalars(
            select(Delivery.household_id)
            .where(Delivery.incident_id == incident.id, Delivery.purpose.in_(RINGS))
            .distinct()
        )
    )
    answered = set(
        session.scalars(
            select(Acknowledgement.household_id).where(Acknowledgement.incident_id == incident.id).distinct()
        )
    )
    # A second household that calls for help was rung for the first one, and has other things to do than to answer.
    return rung <= answered | {alert.household_id for alert in incident.alerts}


def _plan_text(
    session: Session,
    incident: Incident,
    alert: Alert,
    milestone: int,
    coming: Sequence[Acknowledgement],
    called: Sequence[Whom],
    now: datetime,
) -> bool:
    others = [each for each in coming if each.household_id != alert.household_id]
    language = alert.language
    text = conversation.news_text(
        _names(others, Answer.COMING, language),
        _names(others, Answer.ON_SCENE, language),
        incident.category,
        language,
        called,
    )
    row = _row(incident, alert, milestone, text, now)
    made = session.execute(insert_or_skip(session, Delivery, row).returning(Delivery.id)).scalar()
    if made is not None and alert.on_line_until is not None:
        alert.heard_answer_id = max((each.id for each in others), default=alert.heard_answer_id)
    return made is not None


def _row(incident: Incident, alert: Alert, milestone: int, text: str, now: datetime) -> dict[str, object]:
    """The delivery of a text to a caller; `milestone` makes it the only one of its kind."""
    return {
        "incident_id": incident.id,
        "channel": Channel.SMS,
        "purpose": Purpose.NEWS,
        "occasion": milestone,
        "household_id": alert.household_id,
        "household_name": alert.household_name,
        "phone_id": alert.phone_id,
        "number": alert.number,
        "language": alert.language,
        "role": "caller",
        "phone_rank": 1,
        "urgency": NOTICE,
        "distance": 0,
        "state": DeliveryState.WAITING,
        "due_at": now,
        "attempt_count": 0,
        "look_up_first": False,
        "unwanted": False,
        "text": text,
    }
