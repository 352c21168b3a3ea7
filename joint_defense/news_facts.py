"""Which callers may have news to be sent: asked every second of all open incidents, in one statement and no lock.

What is found here is looked at closely, one incident after the other, under its lock (`news_sent.send_milestones`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from joint_defense.models import Acknowledgement, Alert, Delivery, Incident, IncidentKind, Purpose
from joint_defense.rules.replies import Answer

NOBODY_MILESTONE = 1060
"""The occasion of the text that nobody has said to come."""
NEWS_UNTIL = timedelta(hours=1)


def with_news(session: Session, now: datetime, nobody_after: timedelta) -> list[int]:
    """The open incidents of the last hour with a caller off the line for whom there may be something to send."""
    off_line = or_(Alert.on_line_until.is_(None), Alert.on_line_until <= now)
    alone_for_long = and_(Alert.raised_at <= now - nobody_after, ~_warned(), ~_somebody_comes())
    query = (
        select(Incident.id)
        .join(Incident.alerts)
        .where(
            Incident.kind == IncidentKind.ALARM,
            Incident.closed_at.is_(None),
            Incident.opened_at > now - NEWS_UNTIL,
            ~Alert.silent,
            Alert.withdrawn_at.is_(None),
            off_line,
            # That others are called is not worth a ring to whoever takes no texts.
            or_(and_(Alert.may_text, Incident.steps_done > Alert.heard_step), _answer_unheard(), alone_for_long),
        )
        .order_by(Incident.id)
        .distinct()
    )
    return list(session.scalars(query))


def _answer_unheard() -> ColumnElement[bool]:
    return exists().where(
        Acknowledgement.incident_id == Incident.id,
        Acknowledgement.household_id != Alert.household_id,
        Acknowledgement.answer != Answer.CANNOT,
        Acknowledgement.id > Alert.heard_answer_id,
    )


def _somebody_comes() -> ColumnElement[bool]:
    newer = aliased(Acknowledgement)
    is_newest = ~exists().where(
        newer.incident_id == Acknowledgement.incident_id,
        newer.household_id == Acknowledgement.household_id,
        newer.id > Acknowledgement.id,
    )
    return exists().where(
        Acknowledgement.incident_id == Incident.id,
        Acknowledgement.household_id != Alert.household_id,
        Acknowledgement.answer != Answer.CANNOT,
        is_newest,
    )


def _warned() -> ColumnElement[bool]:
    return exists().where(
        Delivery.incident_id == Incident.id,
        Delivery.number == Alert.number,
        Delivery.purpose == Purpose.NEWS,
        Delivery.occasion == NOBODY_MILESTONE,
    )
