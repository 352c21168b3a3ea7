"""Consent: which text a household agreed to, and that it does not agree any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groups.enrolment.records import list_subscriptions
from groups.enrolment.subscriptions import cancel
from groups.errors import NoConsent, say
from groups.models.batch import Batch
from groups.models.consents import ConsentText
from groups.models.enrolment import EndReason

LONGEST_TEXT = 8000


def list_texts(session: Session) -> Sequence[ConsentText]:
    """The versions, the newest first."""
    return session.scalars(select(ConsentText).order_by(ConsentText.version.desc())).all()


def add_text(session: Session, text: str, by: str, now: datetime) -> ConsentText:
    """A new version, in force from now on; the newest once more where nothing is other in it. Raises NoConsent."""
    plain = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not plain or len(plain) > LONGEST_TEXT or "\0" in plain:
        raise NoConsent(say("no_consent_text", most=LONGEST_TEXT))
    newest = next(iter(list_texts(session)), None)
    if newest is not None and newest.text == plain:
        return newest
    last = session.scalar(select(func.max(ConsentText.version))) or 0
    made = ConsentText(version=last + 1, text=plain, made_at=now, made_by=by[:64])
    session.add(made)
    session.flush()
    return made


def find_version(session: Session, agreed_on: date, zone: ZoneInfo) -> int | None:
    """The version that was in force on a day of the town's; None where there was none, or nobody kept it."""
    for each in list_texts(session):
        if each.made_at.astimezone(zone).date() <= agreed_on:
            return each.version
    return None


def withdraw(batch: Batch, household_id: int) -> None:
    """The household does not agree any more: what it has signed up for ends today, and that is on record.

    Raises NoConsent where no consent of it is kept that still stands.
    """
    rows = list_subscriptions(batch.session, household_id)
    standing = [row for row in rows if row.consent_by and row.consent_withdrawn_on is None]
    if not standing:
        raise NoConsent(say("no_consent_to_withdraw"))
    last = rows[-1]
    if last.ends_on is None or last.ends_on > batch.day or last.end_reason is EndReason.SUSPENDED:
        cancel(batch, household_id, batch.day)
    kept = {row.id for row in list_subscriptions(batch.session, household_id)}
    for row in standing:
        if row.id in kept:
            batch.change(row, consent_withdrawn_on=batch.day)
