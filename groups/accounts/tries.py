"""Tries: how often somebody was wrong in a row, with a password or a one-time code, and the lock-out that follows."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from config.database import insert_or_skip
from groups.models.accounts import WrongPasswords

GUESSES = 5
LOCK_OUT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)
"""Wrong passwords this old do not count any more."""


def hold_tries(session: Session, subject: str, now: datetime) -> WrongPasswords:
    """The tries of a subject, locked until the end of the transaction, so that no two guesses count as one."""
    session.execute(insert_or_skip(session, WrongPasswords, {"subject": subject, "count": 0, "last_at": now}))
    return session.get_one(WrongPasswords, subject, with_for_update=True, populate_existing=True)


def find_lock(tries: WrongPasswords | None, now: datetime) -> datetime | None:
    """Until when nobody may try; None where one may."""
    if tries is None or tries.locked_until is None or tries.locked_until <= now:
        return None
    return tries.locked_until


def count_wrong(session: Session, tries: WrongPasswords, now: datetime) -> datetime | None:
    """One more was wrong. Returns until when nobody may try, where it was one too many."""
    tries.count = 1 if now - tries.last_at > FORGOTTEN_AFTER or tries.locked_until else tries.count + 1
    tries.last_at, tries.locked_until = now, None
    if tries.count >= GUESSES:
        tries.locked_until = now + LOCK_OUT
    session.execute(delete(WrongPasswords).where(WrongPasswords.last_at < now - FORGOTTEN_AFTER))
    return tries.locked_until


def forget_tries(session: Session, account_id: int) -> None:
    """End every lock-out of an account: of all browsers, of passwords and of codes."""
    subjects = (f"account:{account_id}", f"code:{account_id}")
    session.execute(
        delete(WrongPasswords).where(
            or_(
                WrongPasswords.subject.in_(subjects),
                *(WrongPasswords.subject.startswith(f"{each}:", autoescape=True) for each in subjects),
            )
        )
    )
