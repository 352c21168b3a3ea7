"""What was found when the books were looked at: whether each figure is what the rows say, counted in other ways.

`jobs.check_books` looks every night.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import insert_or_skip, read_clock
from config.services import Service
from groups.errors import Message
from groups.models.figures import BooksCheck

MOST_KEPT = 50
"""So many flaws are kept of a check; of more, only how many there are."""
LATE_AFTER = 2
"""Days after which somebody is told that nobody has looked at the books."""
ENLIST_CHECK = Service[Callable[[], bool]]("enlist_books_check")
"""Have the bulk worker look at the books; False where none can be called."""


def is_checked(session: Session, day: date) -> bool:
    """Whether somebody has looked on this day of the town's."""
    return session.scalar(select(BooksCheck.id).where(BooksCheck.day == day)) is not None


def read_last_checks(session: Session, most: int = 30) -> Sequence[BooksCheck]:
    """The last ones, the latest first."""
    return session.scalars(select(BooksCheck).order_by(BooksCheck.day.desc()).limit(most)).all()


def read_flaws(check: BooksCheck) -> list[Message]:
    """What was found, as far as it was kept."""
    return [Message(each["code"], each["values"]) for each in check.flaws]


def read_gauges(session: Session, now: datetime) -> dict[str, tuple[str, float]]:
    """For whoever watches from outside: how much was found, and how long ago; nothing before the first check."""
    checks = read_last_checks(session, 1)
    if not checks:
        return {}
    age = (now - checks[0].checked_at).total_seconds()
    return {
        "books_flaws": ("Found at the last look at the books: 0 is sound.", float(checks[0].found)),
        "books_check_age_seconds": ("Since the books were last looked at.", age),
    }


def keep_check(session: Session, day: date, flaws: Sequence[Message], seconds: float) -> None:
    """Note what was found; a second look on one day takes the place of the first."""
    row: dict[str, Any] = {
        "day": day,
        "checked_at": read_clock(session),
        "seconds": round(seconds, 3),
        "found": len(flaws),
        "flaws": [{"code": each.code, "values": dict(each.values)} for each in flaws[:MOST_KEPT]],
    }
    session.execute(insert_or_skip(session, BooksCheck, row))
    check = session.scalars(select(BooksCheck).where(BooksCheck.day == day)).one()
    for name, value in row.items():
        setattr(check, name, value)
