"""What a restored database must not do: ring somebody for what happened hours ago.

A copy is as old as it is. What was on its way then has arrived or has not, and the carrier knows more of it than the
copy does; whoever called for help then has been helped or needs to be asked. So nothing is sent anew by itself, and
each call for help that was open is shown to a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from joint_defense.delivery.plan import make_move
from joint_defense.incidents.record import note_update
from joint_defense.models.greetings import GreetingDay
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.models.processes import AccountCheck, Heartbeat, NumberCheck
from joint_defense.rules.redials import FollowUp
from joint_defense.rules.states import ClosingOutcome, DeliveryState, IncidentKind
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.upkeep.greetings import GreetingStep

INTERRUPTED = "restored"
"""Why a delivery is over that was with the carrier when the copy was made."""


@dataclass(frozen=True, slots=True)
class OpenThen:
    """An incident that was open when the copy was made: whom to ask how it ended."""

    incident_id: int
    opened_at: datetime
    village: str
    callers: tuple[tuple[str, str], ...]
    """Household and number of each who called."""


def settle(session: Session, made_at: datetime, now: datetime) -> list[OpenThen]:
    """Bring a database to rest that was just restored from a copy made at `made_at`.

    Every incident that was open is closed without an all-clear, with a line on its timeline; whatever was to be sent,
    or was with the carrier, is over. Who lived then does not live now. Run before any process starts. Returns the
    incidents that were open, the oldest first.
    """
    still = select(Incident).where(Incident.closed_at.is_(None), Incident.kind != IncidentKind.GREETING)
    incidents = session.scalars(still.order_by(Incident.id)).all()
    for incident in incidents:
        incident.closed_at, incident.outcome, incident.next_step_at = now, ClosingOutcome.RESTORED, None
        note_update(session, incident.id, UpdateKind.RESTORED, now, made_at=made_at.isoformat(timespec="seconds"))
    _end_deliveries(session)
    # Whether they have answered since the copy was made nobody knows: they are asked again before anybody else is,
    # and not at night (`greeting_days.go_on`).
    begun = update(GreetingDay).where(GreetingDay.closed_at.is_(None))
    session.execute(begun.values(step=GreetingStep.FIRST, next_at=now))
    session.execute(delete(Heartbeat))
    session.execute(delete(AccountCheck))
    session.execute(delete(NumberCheck))
    return [
        OpenThen(
            incident.id,
            incident.opened_at,
            incident.village_name + incident.group_name,
            tuple((alert.household_name, alert.number) for alert in incident.alerts),
        )
        for incident in incidents
    ]


def _end_deliveries(session: Session) -> None:
    for before, after, failure in (
        (DeliveryState.WAITING, DeliveryState.CANCELLED, None),
        (DeliveryState.CLAIMED, DeliveryState.UNREACHED, INTERRUPTED),
        (DeliveryState.PLACED, DeliveryState.UNREACHED, INTERRUPTED),
    ):
        columns = make_move(before, after, failure=failure, look_up_first=False)
        session.execute(update(Delivery).where(Delivery.state == before).values(**columns))
    undecided = Delivery.follow_up.in_((FollowUp.LOOK, FollowUp.REDIAL))
    session.execute(update(Delivery).where(undecided).values(follow_up=None))
