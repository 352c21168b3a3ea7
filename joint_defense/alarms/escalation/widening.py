"""Escalation: the steps of an incident's policy that are due are carried out, in their order, each once.

`clock` asks every second. The incident's row says how far it has come, and is held while a step is carried out: two
clocks do it once, and a clock that was down carries out what is late. The policy is the one the incident opened with;
who is called in a step is asked of the roster when the step is due.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from groups import directory
from groups.directory import Recipient
from joint_defense.delivery.plan import insert_deliveries, queue_behind_waiting
from joint_defense.incidents.answers import is_anybody_left, match_still_calling, read_answers
from joint_defense.incidents.policies import read_progress
from joint_defense.incidents.record import note_update
from joint_defense.models.incidents import Alert, Delivery, Incident
from joint_defense.rules.answers import Answers
from joint_defense.rules.escalation import Step, Whom
from joint_defense.rules.parties import Party, Planned, get_party, plan_rings
from joint_defense.rules.states import FIRST_TIME, OVER, RINGS, Channel, IncidentKind, Occasion, Purpose
from joint_defense.rules.timeline import UpdateKind

log = structlog.stdlib.get_logger(__name__)


HELD_FOR = timedelta(seconds=60)
"""A step that enough answers hold is looked at again so often; one who turns back has it looked at at once."""
LOOK_LATER = timedelta(seconds=30)
"""An incident whose step could not be carried out is tried again after so long."""


def find_due(session: Session, now: datetime) -> list[int]:
    """The open incidents with a step that is due, the longest due first."""
    due = select(Incident.id).where(*_match_due(now))
    return list(session.scalars(due.order_by(Incident.next_step_at, Incident.id)))


def match_due(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether there is any of these."""
    return exists().where(*_match_due(now))


def _match_due(now: datetime | ColumnElement[datetime]) -> tuple[ColumnElement[bool], ...]:
    return Incident.closed_at.is_(None), Incident.held_until.is_(None), Incident.next_step_at <= now


def widen_due(session: Session, now: datetime, zone: ZoneInfo) -> int:
    """Carry out what is due in all open incidents, in one transaction. Returns how many steps that were."""
    return sum(widen(session, incident_id, now, zone) for incident_id in find_due(session, now))


def widen(session: Session, incident_id: int, now: datetime, zone: ZoneInfo) -> int:
    """Carry out an incident's due steps. Returns how many that were; what cannot be done is logged and tried later."""
    try:
        with session.begin_nested():
            return _widen(session, incident_id, now, zone)
    except SQLAlchemyError:
        raise
    except Exception as error:
        # A policy that another release has written, say: the other incidents are widened all the same.
        log.error("widening_failed", incident_id=incident_id, error=type(error).__name__, reason=str(error))
        later = update(Incident).where(Incident.id == incident_id).values(next_step_at=now + LOOK_LATER)
        session.execute(later.execution_options(synchronize_session=False))
        return 0


def _widen(session: Session, incident_id: int, now: datetime, zone: ZoneInfo) -> int:
    """Carry out an incident's due steps, unless another clock has it in hand."""
    incident = session.scalars(
        select(Incident)
        .where(Incident.id == incident_id, Incident.closed_at.is_(None))
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()
    if incident is None:
        return 0
    answers = read_answers(session, incident.id)
    coming = len(answers.coming)
    done = 0
    while True:
        progress = read_progress(incident.policy, incident.opened_at, incident.steps_done)
        incident.next_step_at = progress.next_at
        step = progress.next_step
        if step is None or not (progress.is_due(now) or _is_nobody_left(session, incident, answers)):
            return done
        if progress.is_too_late(now):
            incident.next_step_at = None
            return done
        if progress.is_held(coming):
            _hold(session, incident, step, coming, now)
            incident.next_step_at = now + HELD_FOR
            return done
        incident.steps_done += 1
        _carry_out(session, incident, step, coming, now, zone)
        log.info("widened", incident_id=incident.id, step=incident.steps_done, level=step.level)
        done += 1


def _is_nobody_left(session: Session, incident: Incident, answers: Answers) -> bool:
    """Whether nobody who was rung may still come: the next people are called before their time."""
    return incident.kind is IncidentKind.ALARM and not is_anybody_left(session, incident.id, answers)


def _hold(session: Session, incident: Incident, step: Step, coming: int, now: datetime) -> None:
    """Enough are coming: the timeline says so once, and the step waits in case they turn back."""
    if incident.step_held <= incident.steps_done:
        incident.step_held = incident.steps_done + 1
        whom = " ".join(step.whom)
        note_update(session, incident.id, UpdateKind.ENOUGH, now, step=incident.step_held, coming=coming, whom=whom)


def _carry_out(session: Session, incident: Incident, step: Step, coming: int, now: datetime, zone: ZoneInfo) -> None:
    """Call whom the step names, and put it on the timeline; `whom` in there are those of whom a phone was found."""
    reached, phones, households = [], set(), set()
    for whom in step.whom:
        planned = _plan_for(session, incident, whom, now, zone)
        occasion = Occasion(step=incident.steps_done) if whom is Whom.LEADERS else FIRST_TIME
        insert_deliveries(session, incident.id, Purpose.WIDENING, planned, now, occasion=occasion)
        if planned:
            reached.append(whom)
        phones |= {each.phone.number for each in planned}
        households |= {get_party(each.phone) for each in planned}
    note_update(
        session,
        incident.id,
        UpdateKind.WIDENED,
        now,
        step=incident.steps_done,
        level=step.level,
        whom=" ".join(reached),
        missing=" ".join(each for each in step.whom if each not in reached),
        coming=coming,
        households=len(households),
        phones=len(phones),
    )
    session.flush()


def _plan_for(
    session: Session, incident: Incident, whom: Whom, now: datetime, zone: ZoneInfo
) -> list[Planned[Recipient]]:
    found = look_up(session, incident.village_id, incident.group_id, whom, now.astimezone(zone))
    in_trouble, callers = _find_calling_for_help(session, incident, now)
    others = [each for each in found if each.household_id not in in_trouble and each.number not in callers]
    if whom is Whom.LEADERS:
        chosen = _choose_once_more(session, incident, others)
    else:
        rung = set(
            session.scalars(
                select(Delivery.number).where(Delivery.incident_id == incident.id, Delivery.purpose.in_(RINGS))
            )
        )
        chosen = [each for each in _keep_each_number_once(others) if each.number not in rung]
    return queue_behind_waiting(session, incident.id, plan_rings(chosen, drill=incident.kind is IncidentKind.DRILL))


def _find_calling_for_help(session: Session, incident: Incident, now: datetime) -> tuple[set[int], set[str]]:
    """The households that call for help themselves, here or in another open incident, and the phones they called from.

    A back-up group or a neighbouring one may be in trouble as well, and somebody may be listening there.
    """
    rows = session.execute(
        select(Alert.household_id, Alert.number)
        .join(Incident)
        .where((Alert.incident_id == incident.id) | match_still_calling(now))
    ).all()
    return {row.household_id for row in rows}, {row.number for row in rows}


def look_up(
    session: Session, village_id: int | None, group_id: int | None, whom: Whom, local: datetime
) -> list[Recipient]:
    """Whom a step's word means for an alarm of this group at this local time."""
    if whom is Whom.DUTY:
        return directory.list_on_duty(session, village_id, local)
    if whom is Whom.CENTRE:
        return directory.list_on_duty(session, None, local)
    if group_id is None:
        return []
    of_group: dict[Whom, Callable[[Session, int, datetime], list[Recipient]]] = {
        Whom.LEADERS: directory.list_officers,
        Whom.BACKUP: directory.list_backup,
        Whom.NEIGHBOURS: directory.list_neighbours,
    }
    return of_group[whom](session, group_id, local)


def _keep_each_number_once(phones: Sequence[Recipient]) -> list[Recipient]:
    """A volunteer may stand in the village's list and in the centre's."""
    return list({each.number: each for each in phones}.values())


def _choose_once_more(session: Session, incident: Incident, phones: list[Recipient]) -> list[Recipient]:
    """Leader and deputy, unless they have answered, are being called at this moment, or are about to be."""
    open_calls = session.execute(
        select(Delivery.household_id, Delivery.responder_id).where(
            Delivery.incident_id == incident.id,
            Delivery.purpose.in_(RINGS),
            Delivery.channel == Channel.CALL,
            Delivery.state.not_in(OVER),
        )
    )
    left_in_peace = {Party(*row) for row in open_calls} | read_answers(session, incident.id).parties
    return [each for each in phones if get_party(each) not in left_in_peace]
