"""The record of everything that came in, and the answer it got.

A carrier repeats a webhook whose answer it did not see; the carrier's own id of the event makes the repetition a
no-op that gets the same answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.database import insert_or_skip
from joint_defense.models.inbound import InboundEvent, InboundKind
from joint_defense.rules import triggers


def receive(
    session: Session, carrier_key: str, kind: InboundKind, number: str, text: str, now: datetime
) -> InboundEvent | None:
    """Put the event on record; None if it is there already.

    Two at the same instant: the second waits for the first's transaction, then finds its row.
    """
    made = session.scalars(
        insert_or_skip(
            session,
            InboundEvent,
            {
                "carrier_key": carrier_key,
                "kind": kind,
                "number": number,
                "text": text,
                "received_at": now,
                "answer": {},
            },
        ).returning(InboundEvent)
    )
    found: InboundEvent | None = made.one_or_none()
    return found


def is_known(session: Session, carrier_key: str) -> bool:
    """Whether the event with this key is on record."""
    return session.scalar(select(InboundEvent.id).where(InboundEvent.carrier_key == carrier_key)) is not None


def keep_answer(event: InboundEvent, answer: dict[str, Any]) -> None:
    """What the event was answered with, for its repetition."""
    event.answer = answer


def find_answer(session: Session, carrier_key: str) -> dict[str, Any]:
    """What the event with this key was answered with."""
    return dict(session.scalars(select(InboundEvent.answer).where(InboundEvent.carrier_key == carrier_key)).one())


TEXTS = (InboundKind.ANSWER, InboundKind.TOLD, InboundKind.MACHINE, InboundKind.HELP)
"""The kinds of texts that keep the line they were answered with."""


def find_kept(session: Session, carrier_key: str) -> dict[str, Any] | None:
    """What a text with this key was answered with; None for a new one, and for an alarm, which keeps its own answer."""
    kept = session.scalars(
        select(InboundEvent.answer).where(InboundEvent.carrier_key == carrier_key, InboundEvent.kind.in_(TEXTS))
    ).one_or_none()
    return dict(kept) if kept else None


def count_same(session: Session, number: str, text: str, since: datetime) -> int:
    """How often this number has sent the very same text since then."""
    same = select(func.count()).where(
        InboundEvent.number == number, InboundEvent.received_at > since, InboundEvent.text == text
    )
    return session.scalar(same) or 0


def was_answered_since(session: Session, number: str, kind: InboundKind, since: datetime) -> bool:
    """Whether a text of this kind from this number has been answered with a line since then."""
    answers = session.scalars(
        select(InboundEvent.answer).where(
            InboundEvent.number == number, InboundEvent.received_at > since, InboundEvent.kind == kind
        )
    )
    return any(each.get("text") for each in answers)


def list_said(session: Session, sid: str, times: int) -> list[str]:
    """What was pressed or said in this call and was no alarm, in its order; the menu is put so many times."""
    # By whole keys: not every database finds the beginning of one by its index, and a caller waits for this.
    keys = [triggers.make_said_key(sid, asked) for asked in range(1, times + 1)]
    query = select(InboundEvent.text).where(InboundEvent.carrier_key.in_(keys))
    return list(session.scalars(query.order_by(InboundEvent.id)))


def is_first_from_stranger(session: Session, carrier_key: str, span: timedelta) -> bool:
    """Whether no other message from this number came in vain within `span` before this one.

    Asked again for the same event it says the same, so that a repeated webhook gets the same answer.
    """
    event = session.scalars(select(InboundEvent).where(InboundEvent.carrier_key == carrier_key)).one()
    earlier = select(InboundEvent.id).where(
        InboundEvent.number == event.number,
        InboundEvent.kind == InboundKind.STRANGER,
        InboundEvent.carrier_key.startswith(triggers.TEXTS, autoescape=True),
        InboundEvent.received_at > event.received_at - span,
        InboundEvent.id < event.id,
    )
    return session.scalar(select(~earlier.exists())) is True
