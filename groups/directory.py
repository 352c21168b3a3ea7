"""The door through which joint_defense sees the roster: plain, frozen values and six questions.

It answers from the roster as it is now; whoever needs it to stay so keeps a snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session


class Role(StrEnum):
    """Why a phone is rung."""

    MEMBER = "member"
    LEADER = "leader"
    DEPUTY = "deputy"


@dataclass(frozen=True, slots=True)
class Caller:
    """A phone of the roster, its household, and where a neighbour goes to find it.

    `household_name` is how neighbours call the house ("王建国家"); `place` is how they find it
    ("墙下陶村3组·桥东第2家"). `group_id` is None for a household that no group has taken in yet.
    """

    phone_id: int
    number: str
    language: str
    may_call: bool
    may_text: bool
    household_id: int
    household_name: str
    household_name_en: str
    place: str
    place_en: str
    door: str
    silent: bool
    village_id: int
    village_name: str
    group_id: int | None
    group_name: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """A phone to reach. `phone_rank` 1 is the household's first; `distance` counts doors from the caller's."""

    phone_id: int
    number: str
    language: str
    may_call: bool
    may_text: bool
    household_id: int
    household_name: str
    phone_rank: int
    distance: int
    role: Role
    call_refused: bool
    text_refused: bool


def find_caller(session: Session, number: str) -> Caller | None:
    """Who calls from this E.164 number: one query on the index of active phones. None for a stranger."""
    raise NotImplementedError


def recipients_for(session: Session, caller: Caller) -> list[Recipient]:
    """Every phone that is to be reached when `caller` calls for help.

    All phones that can take a call or a text, of every other household of the group, and of leader and deputy
    wherever they live; never the caller's own household; every phone once. Order: the first phone of each household
    before second ones, within that the nearest doors first. Empty when the household is in no group.
    """
    raise NotImplementedError


def leader_phones(session: Session, group_id: int) -> list[Recipient]:
    """The phones of the group's leader, or of its deputy where no leader is set; empty where neither is."""
    raise NotImplementedError


def lock_group(session: Session, group_id: int) -> None:
    """Hold the group's row until the transaction ends, so that two neighbours' alarms come one after the other."""
    raise NotImplementedError


def mark_refused(session: Session, phone_id: int, *, text: bool, code: str, now: datetime) -> None:
    """Note that the carrier refused this number for good, for texts or for calls; the roster shows it.

    Later alarms still try it, after all others: a wrong verdict must not silence a neighbour for ever.
    """
    raise NotImplementedError


def clear_refused(session: Session, phone_id: int, *, text: bool) -> None:
    """A ring or text got through: the number is not refused on that channel any more."""
    raise NotImplementedError
