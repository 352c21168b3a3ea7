"""News that is sent: to a caller who has hung up, by text; where no text gets there, by a call.

A call tells all that is known by then. Nobody is rung for each piece of news: `CALLS_APART` and `MOST_CALLS` see to it.

Which callers may have news to be sent: asked every second of all open incidents, in one statement and no lock.

What is found here is looked at closely, one incident after the other, under its lock (`news_sent.send_milestones`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from config.database import UtcDateTime, insert_or_skip
from groups import directory
from joint_defense.alarms.news_on_line import Patience, name_those, read_called_since
from joint_defense.delivery.plan import LOOK_AGAIN, make_callers_phone, make_row
from joint_defense.incidents import conference
from joint_defense.incidents.answers import match_coming, read_answers
from joint_defense.incidents.record import mask_number, note_update
from joint_defense.models.incidents import (
    Acknowledgement,
    Alert,
    Attempt,
    Delivery,
    Incident,
    is_in_state,
    is_same_party,
)
from joint_defense.rules.answers import Answers, Given
from joint_defense.rules.escalation import Whom
from joint_defense.rules.parties import NOTICE, Party
from joint_defense.rules.replies import COMES, Answer
from joint_defense.rules.states import OVER, RINGS, Channel, DeliveryState, IncidentKind, Milestone, Occasion, Purpose
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.wording import written

MILESTONES = {Milestone.FIRST: 1, Milestone.THIRD: 3}
"""The acknowledgements at which a caller who has hung up gets a text.

The last one is another, and each step of widening; nobody is rung for these alone.
"""
MOST_CALLS = 3
"""So often a caller is rung with news in one incident, however much there is."""
CALLS_APART = timedelta(seconds=60)
"""From the end of a call with news to the next one."""


def send_all(session: Session, now: datetime, patience: Patience) -> int:
    """`send_milestones` for every incident that is open and young, and may have news. Returns how many were told."""
    found = [incident_id for incident_id, _ in find_with_news(session, now, patience.nobody_after)]
    wanted = select(Incident).where(Incident.id.in_(found))
    incidents = session.scalars(wanted.order_by(Incident.id).with_for_update(key_share=True, skip_locked=True)).all()
    return sum(send_milestones(session, incident, now, patience.nobody_after) for incident in incidents)


_UNLESS_IN_HAND = (
    select(Incident).where(Incident.id == bindparam("incident_id")).with_for_update(key_share=True, skip_locked=True)
)


def send_of(session: Session, incident_id: int, now: datetime, patience: Patience) -> bool | None:
    """`send_milestones` for one incident; None where somebody has it in hand at this moment."""
    incident = session.scalars(_UNLESS_IN_HAND, {"incident_id": incident_id}).first()
    return None if incident is None else send_milestones(session, incident, now, patience.nobody_after)


def send_milestones(session: Session, incident: Incident, now: datetime, nobody_after: timedelta | None = None) -> bool:
    """Text the callers who have hung up, at the first, the third and the last acknowledgement; call them without texts.

    And when somebody of whom they have heard cannot come after all, when nobody has said to come for `nobody_after`
    (None: that is not asked now), and when others are called because too few come. Idempotent: each text and call has
    its number and is planned once. Returns whether one was.
    """
    if incident.kind is not IncidentKind.ALARM or incident.closed_at is not None:
        return False
    planned = False
    answers = read_answers(session, incident.id)
    for alert in incident.alerts:
        off_line = alert.on_line_until is None or alert.on_line_until <= now
        if alert.silent or alert.withdrawn_at is not None or not off_line:
            continue
        due = _find_milestones_due(session, incident, alert, answers, now, nobody_after)
        if alert.may_text:
            planned |= _text_caller(session, incident, alert, due, answers, now)
        elif due:
            planned |= _call_without_text(session, incident, alert, due[-1], answers, now)
    return planned


def _text_caller(
    session: Session,
    incident: Incident,
    alert: Alert,
    due: list[Milestone],
    answers: Answers,
    now: datetime,
) -> bool:
    """The texts that are due and, in the same one or in one of its own, who is being called because too few come."""
    step, called = alert.heard_step, list[Whom]()
    if incident.steps_done > alert.heard_step:
        step, called = read_called_since(session, incident.id, alert.heard_step)
    planned = [
        _plan_text(session, incident, alert, _make_occasion(session, milestone, alert, answers), answers, called, now)
        for milestone in due
    ]
    if called and not any(planned):
        occasion = Occasion(step=step, milestone=Milestone.STEP)
        planned.append(_plan_text(session, incident, alert, occasion, answers, called, now))
    if any(planned) or not called:
        # A step that found nobody to call is no news.
        alert.heard_step = step
    return any(planned)


def _find_milestones_due(
    session: Session,
    incident: Incident,
    alert: Alert,
    answers: Answers,
    now: datetime,
    nobody_after: timedelta | None,
) -> list[Milestone]:
    if _choose_turned_back(answers, alert):
        return [Milestone.TURNED_BACK]
    others = _choose_others(answers.coming, alert)
    if not others:
        alone = nobody_after is not None and now - alert.raised_at >= nobody_after
        return [Milestone.NOBODY] if alone and not _find_last_return(session, alert) else []
    due = [
        milestone
        for milestone, count in MILESTONES.items()
        if len(others) >= count and others[count - 1].id > alert.heard_answer_id
    ]
    if _have_all_answered(session, incident, answers) and others[-1].id > alert.heard_answer_id:
        due.append(Milestone.LAST)
    # One text that says it all is worth more than two in the same minute.
    return due[-1:]


def _choose_others(coming: Sequence[Given], alert: Alert) -> list[Given]:
    return [each for each in coming if each.party.household_id != alert.household_id]


def _choose_turned_back(answers: Answers, alert: Alert) -> list[Given]:
    """Those of whom this caller has heard that they come, and who cannot after all."""
    return _choose_others(answers.list_given_up_since(alert.heard_answer_id), alert)


def _make_occasion(session: Session, milestone: Milestone, alert: Alert, answers: Answers) -> Occasion:
    """Each return is told, and after one the first to come is so once more."""
    match milestone:
        case Milestone.TURNED_BACK:
            line_id = max(each.id for each in _choose_turned_back(answers, alert))
        case Milestone.FIRST:
            line_id = _find_last_return(session, alert)
        case _:
            line_id = 0
    return Occasion(milestone=milestone, line_id=line_id)


def _find_last_return(session: Session, alert: Alert) -> int:
    """The answer of the last one of whom this caller has read that they cannot come after all; 0 for none.

    Whom to dial, where nobody comes any more, stands with it.
    """
    told = select(func.max(Delivery.line_id)).where(
        Delivery.incident_id == alert.incident_id,
        Delivery.number == alert.number,
        Delivery.purpose == Purpose.NEWS,
        Delivery.milestone == Milestone.TURNED_BACK,
    )
    return session.scalar(told) or 0


def _have_all_answered(session: Session, incident: Incident, answers: Answers) -> bool:
    rung = session.execute(_RUNG, {"incident_id": incident.id})
    # A second household that calls for help was rung for the first one, and has other things to do than to answer.
    callers = {Party(alert.household_id, None) for alert in incident.alerts}
    return {Party(*row) for row in rung} <= answers.parties | callers


_RUNG = (
    select(Delivery.household_id, Delivery.responder_id)
    .where(Delivery.incident_id == bindparam("incident_id"), Delivery.purpose.in_(RINGS))
    .distinct()
)


def _write_news(incident: Incident, alert: Alert, answers: Answers, called: Sequence[Whom]) -> str:
    language, others = alert.language, _choose_others(answers.coming, alert)
    coming, there = name_those(others, Answer.COMING, language), name_those(others, Answer.ON_SCENE, language)
    turned_back = name_those(_choose_turned_back(answers, alert), Answer.CANNOT, language)
    return written.write_news(coming, there, incident.category, language, called, turned_back)


def _plan_text(
    session: Session,
    incident: Incident,
    alert: Alert,
    occasion: Occasion,
    answers: Answers,
    called: Sequence[Whom],
    now: datetime,
) -> bool:
    text = _write_news(incident, alert, answers, called)
    made = _plan(session, incident, alert, Channel.SMS, occasion, text, now)
    if made:
        _mark_as_heard(alert, answers)
    return made


def _mark_as_heard(alert: Alert, answers: Answers) -> None:
    """They are told of everybody who comes, and of everybody of whom they had heard and who does not."""
    told = [*_choose_others(answers.coming, alert), *_choose_turned_back(answers, alert)]
    alert.heard_answer_id = max((alert.heard_answer_id, *(each.id for each in told)))


def _plan(
    session: Session, incident: Incident, alert: Alert, channel: Channel, occasion: Occasion, text: str, now: datetime
) -> bool:
    """Whether it was: `occasion` makes it the only one of its kind."""
    row = make_row(
        make_callers_phone(alert),
        incident.id,
        channel,
        Purpose.NEWS,
        now,
        occasion=occasion,
        urgency=NOTICE,
        turn=0,
        text=text,
    )
    return session.execute(insert_or_skip(session, Delivery, row).returning(Delivery.id)).scalar() is not None


class Call(NamedTuple):
    """Whether a call with news was planned; or when to look again, where that could not be now."""

    planned: bool
    look_again: datetime | None = None


_NO_CALL = Call(planned=False)


def call_with_news(
    session: Session, incident: Incident, alert: Alert, milestone: Milestone, now: datetime, *, kind: UpdateKind
) -> Call:
    """Have a caller rung whom no text reaches, once a milestone; they hear all that is known by now.

    Not who asked for help by text; not while they are on the phone, not soon after the last such call, not more than
    `MOST_CALLS` times, and never where an intruder may hear it ring. `kind` is the timeline's line.
    """
    if alert.silent or alert.withdrawn_at is not None or incident.closed_at is not None:
        return _NO_CALL
    if alert.channel is Channel.SMS and not alert.by_others:
        return _NO_CALL  # who asks for help by text may have to be quiet
    calls = _read_calls(session, incident, alert)
    if any(each.milestone is milestone for each, _ in calls):
        return _NO_CALL
    answers = read_answers(session, incident.id)
    called = [] if _choose_others(answers.coming, alert) else read_called_since(session, incident.id, 0)[1]
    text = _write_news(incident, alert, answers, called)
    rung = [(each, over_at) for each, over_at in calls if each.attempt_count or each.state not in OVER]
    if rung:
        last, over_at = rung[-1]
        if last.state is DeliveryState.WAITING and not last.attempt_count:
            return _tell_more(session, last, milestone, text, now)
        if last.state not in OVER:
            return Call(planned=False, look_again=now + LOOK_AGAIN)
        if len(rung) >= MOST_CALLS or (last.state is DeliveryState.REACHED and last.text == text):
            return _NO_CALL
        if over_at is not None and over_at + CALLS_APART > now:
            return Call(planned=False, look_again=over_at + CALLS_APART)
    if conference.find_in_a_call(session, {alert.number}, now, over=alert.call_sid):
        return Call(planned=False, look_again=now + LOOK_AGAIN)
    phones = directory.list_phones(session, {alert.household_id})
    if not any(each.number == alert.number and each.may_call for each in phones):
        return _NO_CALL
    planned = _plan(session, incident, alert, Channel.CALL, Occasion(milestone=milestone), text, now)
    if planned:
        told = {"household": alert.household_name, "number": mask_number(alert.number), "channel": Channel.CALL}
        note_update(session, incident.id, kind, now, **told)
    return Call(planned)


def _read_calls(session: Session, incident: Incident, alert: Alert) -> list[tuple[Delivery, datetime | None]]:
    """The calls with news to this caller, in their order, and when each was over."""
    rows = session.execute(
        select(Delivery, func.coalesce(Attempt.ended_at, Attempt.requested_at))
        .outerjoin(Attempt, and_(Attempt.delivery_id == Delivery.id, Attempt.number == Delivery.attempt_count))
        .where(
            Delivery.incident_id == incident.id,
            Delivery.number == alert.number,
            Delivery.channel == Channel.CALL,
            Delivery.purpose == Purpose.NEWS,
        )
        .order_by(Delivery.id)
    )
    return [(row[0], row[1]) for row in rows]


def _tell_more(session: Session, waiting: Delivery, milestone: Milestone, text: str, now: datetime) -> Call:
    """A call that has not left yet tells this as well; where it leaves at this moment, another one may have to."""
    changed = session.execute(
        update(Delivery)
        .where(Delivery.id == waiting.id, is_in_state(DeliveryState.WAITING), Delivery.attempt_count == 0)
        .values(text=text, milestone=milestone)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    return _NO_CALL if changed is not None else Call(planned=False, look_again=now + LOOK_AGAIN)


def _call_without_text(
    session: Session,
    incident: Incident,
    alert: Alert,
    milestone: Milestone,
    answers: Answers,
    now: datetime,
) -> bool:
    """A caller on a landline, say: what others read at this milestone is told by a call."""
    call = call_with_news(session, incident, alert, milestone, now, kind=UpdateKind.NEWS_BY_CALL)
    if call.look_again is None:
        _mark_as_heard(alert, answers)
    return call.planned


NEWS_UNTIL = timedelta(hours=1)


Mark = tuple[int, ...]
"""Where an incident stands, for its callers' news: what has not changed brings no other news."""
LOOK_ANYWAY = timedelta(seconds=5)
"""After so long an incident is looked at though its mark is the same."""


class InVain:
    """The incidents in which there was nothing to send, so that they are not locked and read again every second."""

    def __init__(self) -> None:
        self._looked: dict[int, tuple[Mark, datetime]] = {}

    def leave_out(self, found: Collection[tuple[int, Mark]], now: datetime) -> list[tuple[int, Mark]]:
        """Those that are worth a look. What is not among the found is forgotten."""
        self._looked = {each: self._looked[each] for each, _ in found if each in self._looked}
        return [
            (each, mark)
            for each, mark in found
            if (before := self._looked.get(each)) is None
            or before[0] != mark
            or not timedelta(0) <= now - before[1] < LOOK_ANYWAY
        ]

    def note(self, incident_id: int, mark: Mark, now: datetime) -> None:
        """There was nothing to send, as it stands."""
        self._looked[incident_id] = (mark, now)


def find_with_news(session: Session, now: datetime, nobody_after: timedelta) -> list[tuple[int, Mark]]:
    """The open incidents of the last hour with a caller off the line for whom there may be something to send."""
    found: dict[int, list[int]] = {}
    times = {"now": now, "young": now - NEWS_UNTIL, "long_ago": now - nobody_after}
    for row in session.execute(_WITH_NEWS, times):
        found.setdefault(row[0], []).extend(row[1:])
    return [(incident_id, tuple(mark)) for incident_id, mark in found.items()]


def _answer_unheard() -> ColumnElement[bool]:
    return exists().where(
        Acknowledgement.incident_id == Incident.id,
        Acknowledgement.household_id.is_distinct_from(Alert.household_id),
        Acknowledgement.answer.in_(COMES),
        Acknowledgement.id > Alert.heard_answer_id,
    )


def _match_turned_back() -> ColumnElement[bool]:
    """An answer of somebody who cannot come, and had said to come when the caller was last told: at a second look."""
    before = aliased(Acknowledgement)
    had_come = exists().where(
        before.incident_id == Acknowledgement.incident_id,
        is_same_party(before, Acknowledgement),
        before.answer.in_(COMES),
        before.id <= Alert.heard_answer_id,
    )
    return exists().where(
        Acknowledgement.incident_id == Incident.id,
        Acknowledgement.household_id.is_distinct_from(Alert.household_id),
        Acknowledgement.answer == Answer.CANNOT,
        Acknowledgement.id > Alert.heard_answer_id,
        had_come,
    )


def _match_somebody_comes() -> ColumnElement[bool]:
    return exists().where(Acknowledgement.incident_id == Incident.id, match_coming())


def _match_warned() -> ColumnElement[bool]:
    return exists().where(
        Delivery.incident_id == Incident.id,
        Delivery.number == Alert.number,
        Delivery.purpose == Purpose.NEWS,
        Delivery.milestone.in_((Milestone.NOBODY, Milestone.TURNED_BACK)),
    )


def _ask_for_news() -> Select[int, int, int, int, int, int]:
    now = bindparam("now", type_=UtcDateTime())
    off_line = or_(Alert.on_line_until.is_(None), Alert.on_line_until <= now)
    long_alone = Alert.raised_at <= bindparam("long_ago", type_=UtcDateTime())
    alone_for_long = and_(long_alone, ~_match_warned(), ~_match_somebody_comes())
    newest = select(func.max(Acknowledgement.id)).where(Acknowledgement.incident_id == Incident.id).scalar_subquery()
    mark = (
        Alert.id,
        Alert.heard_answer_id,
        Incident.steps_done,
        func.coalesce(newest, 0),
        case((long_alone, 1), else_=0),
    )
    return (
        select(Incident.id, *mark)
        .join(Incident.alerts)
        .where(
            Incident.kind == IncidentKind.ALARM,
            Incident.closed_at.is_(None),
            Incident.opened_at > bindparam("young", type_=UtcDateTime()),
            ~Alert.silent,
            Alert.withdrawn_at.is_(None),
            off_line,
            # That others are called is not worth a ring to whoever takes no texts.
            or_(
                and_(Alert.may_text, Incident.steps_done > Alert.heard_step),
                _answer_unheard(),
                _match_turned_back(),
                alone_for_long,
            ),
        )
        .order_by(Incident.id, Alert.id)
    )


_WITH_NEWS = _ask_for_news()
