"""What is not well with the service itself: kept while it lasts, taken on by a person, over when it is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from config.database import insert_or_skip
from joint_defense.models.incidents import Delivery
from joint_defense.models.processes import QuietSpan, ServiceAlert
from joint_defense.rules.states import Purpose
from joint_defense.rules.upkeep.service_alerts import (
    ANSWERED_WITHIN,
    ENDED_BY_HAND,
    NEVER_QUIET,
    OF_A_MACHINE,
    AlertKind,
    Trouble,
    find_first_telling,
)

LONGEST_DETAIL, LONGEST_SUBJECT, LONGEST_NAME, LONGEST_REASON = 200, 80, 80, 200
PAST = 20
TEST = "test"
"""The subject of what is told for a test."""


@dataclass(frozen=True, slots=True)
class TakenOn:
    """What became of somebody's word that they see to it. `is_open`: False where another one does, or it is over."""

    is_open: bool
    language: str


def open_alert(session: Session, trouble: Trouble, now: datetime) -> bool:
    """Keep a trouble; whether it is new. One that is kept already stays as it is."""
    row = {
        "kind": trouble.kind,
        "subject": trouble.subject[:LONGEST_SUBJECT],
        "detail": trouble.detail[:LONGEST_DETAIL],
        "opened_at": now,
        "next_at": now + find_first_telling(trouble.kind),
    }
    made = insert_or_skip(session, ServiceAlert, row).returning(ServiceAlert.id)
    return session.scalar(made) is not None


def close_alerts(session: Session, ids: Sequence[int], now: datetime) -> list[ServiceAlert]:
    """These are over. Those of which somebody was told, who are to hear that; the others are forgotten."""
    if not ids:
        return []
    session.execute(delete(ServiceAlert).where(ServiceAlert.id.in_(ids), ServiceAlert.told == 0))
    over = update(ServiceAlert).where(ServiceAlert.id.in_(ids), ServiceAlert.closed_at.is_(None))
    over = over.values(closed_at=now, next_at=None).returning(ServiceAlert.id)
    closed = session.scalars(over.execution_options(synchronize_session=False)).all()
    session.expire_all()
    return list(session.scalars(select(ServiceAlert).where(ServiceAlert.id.in_(closed)).order_by(ServiceAlert.id)))


def note_troubles(session: Session, troubles: Iterable[Trouble], place: str, now: datetime) -> list[ServiceAlert]:
    """Keep what is not well now, and close what is well again; those of which somebody is to hear that it is over.

    Of machines only the one at `place` is judged: how its troubles' subjects begin.
    """
    found = {(each.kind, each.subject[:LONGEST_SUBJECT]): each for each in troubles}
    known = {(each.kind, each.subject): each.id for each in list_open(session)}
    for key, trouble in found.items():
        if key not in known:
            open_alert(session, trouble, now)
    ended = [
        id_
        for (kind, subject), id_ in known.items()
        if (kind, subject) not in found
        and kind not in ENDED_BY_HAND
        and (kind not in OF_A_MACHINE or subject.startswith(place))
    ]
    return close_alerts(session, ended, now)


def list_open(session: Session) -> Sequence[ServiceAlert]:
    """All that last, the oldest first."""
    return session.scalars(select(ServiceAlert).where(ServiceAlert.closed_at.is_(None)).order_by(ServiceAlert.id)).all()


def list_due(session: Session, now: datetime) -> list[ServiceAlert]:
    """Of which somebody is to be told now: that nobody has taken on, and no maintenance keeps quiet."""
    due = select(ServiceAlert).where(
        ServiceAlert.closed_at.is_(None), ServiceAlert.taken_on_at.is_(None), ServiceAlert.next_at <= now
    )
    found = session.scalars(due.order_by(ServiceAlert.id)).all()
    quiet = find_quiet(session, now) is not None if found else False
    return [each for each in found if not quiet or each.kind in NEVER_QUIET]


def find_quiet(session: Session, now: datetime) -> QuietSpan | None:
    """The maintenance that goes on now."""
    going_on = select(QuietSpan).where(QuietSpan.begins_at <= now, QuietSpan.ends_at > now)
    return session.scalars(going_on.order_by(QuietSpan.ends_at.desc()).limit(1)).first()


def list_past(session: Session) -> Sequence[ServiceAlert]:
    """The last that are over and that somebody was told of, the newest first; tests are none."""
    past = select(ServiceAlert).where(
        ServiceAlert.closed_at.is_not(None), ServiceAlert.kind != AlertKind.SUMMARY, ServiceAlert.subject != TEST
    )
    return session.scalars(past.order_by(ServiceAlert.closed_at.desc(), ServiceAlert.id.desc()).limit(PAST)).all()


def keep_quiet(session: Session, hours: float, reason: str, name: str, now: datetime) -> datetime:
    """Maintenance for so many hours from now on, instead of any that goes on; 0 ends that. Until when."""
    while (going_on := find_quiet(session, now)) is not None:
        going_on.ends_at = now
        session.flush()
    until = now + timedelta(hours=hours)
    if hours:
        reason, name = reason[:LONGEST_REASON], name[:LONGEST_NAME]
        session.add(QuietSpan(begins_at=now, ends_at=until, reason=reason, made_by=name))
    return until


def take_turn(session: Session, alert: ServiceAlert, next_at: datetime) -> bool:
    """Whether it is ours to tell somebody now: another clock may have come first."""
    take = update(ServiceAlert).where(
        ServiceAlert.id == alert.id, ServiceAlert.told == alert.told, ServiceAlert.taken_on_at.is_(None)
    )
    take = take.values(told=alert.told + 1, next_at=next_at).returning(ServiceAlert.id)
    return session.scalar(take.execution_options(synchronize_session=False)) is not None


def find_of_delivery(session: Session, delivery: Delivery) -> ServiceAlert | None:
    """What a call or text is about; the row is locked."""
    asked = select(ServiceAlert).where(ServiceAlert.incident_id == delivery.incident_id)
    return session.scalars(asked.with_for_update()).first()


def find_told(session: Session, number: str, now: datetime) -> Delivery | None:
    """The last that this number was told of, lately: what a text "1" is about."""
    return session.scalars(
        select(Delivery)
        .join(ServiceAlert, ServiceAlert.incident_id == Delivery.incident_id)
        .where(
            Delivery.number == number,
            Delivery.purpose == Purpose.SERVICE,
            ServiceAlert.opened_at > now - ANSWERED_WITHIN,
            ServiceAlert.kind != AlertKind.SUMMARY,
        )
        .order_by(ServiceAlert.taken_on_at.is_(None).desc(), Delivery.id.desc())
        .limit(1)
    ).first()


def take_on(session: Session, alert: ServiceAlert, name: str, now: datetime) -> bool:
    """Somebody sees to it: nobody else is told. False where that is so already, or it is over."""
    if alert.closed_at is not None or alert.taken_on_at is not None:
        return False
    alert.taken_on_at, alert.taken_on_by, alert.next_at = now, name[:LONGEST_NAME], None
    return True


def take_on_by_id(session: Session, alert_id: int, name: str, now: datetime) -> bool:
    """The same by its number; False where there is none, too."""
    alert = session.get(ServiceAlert, alert_id, with_for_update=True)
    return alert is not None and take_on(session, alert, name, now)


def take_on_by_delivery(session: Session, delivery: Delivery, now: datetime) -> TakenOn:
    """The same by the key of a call, or a text in answer to one."""
    alert = find_of_delivery(session, delivery)
    is_open = alert is not None and take_on(session, alert, delivery.household_name, now)
    return TakenOn(is_open, delivery.language)
