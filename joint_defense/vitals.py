"""Signs of life: when worker and clock last said that they live, and what the carrier last said of our account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from config.database import insert_or_update
from joint_defense import owners
from joint_defense.health_models import AccountCheck

SILENT_AFTER = timedelta(seconds=30)
"""A worker or clock that has said nothing for so long is taken for dead."""
ROLES = ("worker", "clock")
WELL = "ok"
ASK_ACCOUNT_EVERY = timedelta(seconds=60)
ASK_ILL_ACCOUNT_EVERY = timedelta(seconds=5)
ACCOUNT_KNOWN_FOR = timedelta(minutes=3)
"""A carrier's word older than this says nothing of now: whoever asks (the worker) has stopped."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """`ages`: how long each role has been silent, None for never seen. `account`: ok, unknown, or what is wrong."""

    ages: dict[str, timedelta | None]
    account: str

    def word(self, role: str) -> str:
        """Ok or silent."""
        age = self.ages[role]
        return WELL if age is not None and age <= SILENT_AFTER else "silent"


def read_vitals(session: Session, account: str, now: datetime) -> Vitals:
    """All of them, for the account with this id."""
    beats = {role: owners.last_beat(session, role) for role in ROLES}
    check = session.get(AccountCheck, account)
    fresh = check is not None and now - check.at <= ACCOUNT_KNOWN_FOR
    return Vitals(
        ages={role: None if at is None else max(now - at, timedelta(0)) for role, at in beats.items()},
        account=check.word if check is not None and fresh else "unknown",
    )


def account_is_due(session: Session, account: str, now: datetime) -> bool:
    """Whether the carrier is to be asked again: every minute, and soon after a bad word."""
    check = session.get(AccountCheck, account)
    if check is None:
        return True
    return now - check.at >= (ASK_ACCOUNT_EVERY if check.word == WELL else ASK_ILL_ACCOUNT_EVERY)


def note_account(session: Session, account: str, word: str, now: datetime) -> None:
    """Write down what the carrier said."""
    statement = insert_or_update(session, AccountCheck, keys=("account",), update=("word", "at"))
    session.execute(statement, [{"account": account, "word": word[:32], "at": now}])
