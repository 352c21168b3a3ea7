"""Closed incidents, as long ago as a test wants them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from joint_defense.models.incidents import Acknowledgement, Alert, Attempt, Delivery, Incident
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import (
    AttemptState,
    Channel,
    ClosingOutcome,
    DeliveryState,
    IncidentKind,
    Purpose,
    Role,
)
from joint_defense.rules.triggers import Category


def close_past(
    session: Session,
    head: str,
    opened_at: datetime,
    outcome: ClosingOutcome = ClosingOutcome.HELPED,
    *,
    comers: tuple[tuple[int, int | None], ...] = (),
    rang_after: int | None = 2,
    open_for: int = 600,
    village: tuple[int, str] = (1, "墙下陶村"),
    group: str = "3组",
    kind: IncidentKind = IncidentKind.ALARM,
    category: Category = Category.UNSPECIFIED,
    note: str = "",
) -> int:
    """A closed incident. `comers`: seconds until each household said that it comes, and until it was there."""
    incident = Incident(
        kind=kind, village_id=village[0], village_name=village[1], group_name=group, category=category, note=note,
        opened_at=opened_at, closed_at=opened_at + timedelta(seconds=open_for), outcome=outcome,
        alerts=[
            Alert(
                household_id=1, household_name=f"{head}家", household_name_en=f"the {head} household",
                place=f"{village[1]}{group}4-5", place_en="Qiangxiatao group 3 4-5", phone_id=1,
                number="+8613800001001", language="zh", channel=Channel.CALL, raised_at=opened_at,
            )
        ],
    )  # fmt: skip
    session.add(incident)
    session.flush()
    for household_id, (coming, there) in enumerate(comers, start=2):
        for answer, after in ((Answer.COMING, coming), (Answer.ON_SCENE, there)):
            if after is not None:
                session.add(
                    Acknowledgement(
                        incident_id=incident.id,
                        household_id=household_id,
                        household_name=f"邻居{household_id}家",
                        household_name_en="a neighbour",
                        number=f"+86138000020{household_id:02}",
                        answer=answer,
                        channel=Channel.CALL,
                        at=opened_at + timedelta(seconds=after),
                    )
                )
    if rang_after is not None:
        delivery = Delivery(
            incident_id=incident.id, channel=Channel.CALL, purpose=Purpose.ALARM, household_id=2, phone_id=2,
            household_name="邻居2家", household_name_en="a neighbour", number="+8613800002002", language="zh",
            role=Role.MEMBER, phone_rank=1, urgency=0, distance=1, state=DeliveryState.REACHED, due_at=opened_at,
        )  # fmt: skip
        delivery.attempts = [
            Attempt(
                number=1,
                state=AttemptState.COMPLETED,
                requested_at=opened_at,
                rang_at=opened_at + timedelta(seconds=rang_after),
            )
        ]
        session.add(delivery)
    session.flush()
    return incident.id
