"""What needs mending in a roster (需要核实), and what a group lacks. Over plain values; words are the pages' matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

FEWEST, MOST = 5, 15
"""A group of fewer or more households than these is warned of; about ten is meant."""
FAILURES_TO_CHECK = 2
"""A number that failed in so many alarms or drills, and that nobody has answered since, is to be checked."""
FEWEST_REACHABLE = 2
"""A group with fewer reachable households cannot help: whoever calls has nobody, or one neighbour."""


class PhoneFlaw(StrEnum):
    """Why a phone is to be checked."""

    CALL_REFUSED = "call_refused"
    TEXT_REFUSED = "text_refused"
    FAILED = "failed"


class HouseFlaw(StrEnum):
    """Why a ring does not reach a household."""

    NO_PHONE = "no_phone"
    NOTHING_ALLOWED = "nothing_allowed"
    """It has phones, none of which may be called or texted."""


class GroupFlaw(StrEnum):
    """What a group lacks; the grave ones first."""

    UNREACHABLE = "unreachable"
    TOO_FEW = "too_few"
    TOO_MANY = "too_many"
    NO_LEADER = "no_leader"


@dataclass(frozen=True, slots=True)
class PhoneState:
    """What the roster knows of how a phone is reached."""

    may_call: bool = True
    may_text: bool = True
    call_refused: bool = False
    text_refused: bool = False
    failures: int = 0

    @property
    def flaws(self) -> tuple[PhoneFlaw, ...]:
        """Why it is to be checked: only on the channels it may be reached on."""
        found = (
            (PhoneFlaw.CALL_REFUSED, self.may_call and self.call_refused),
            (PhoneFlaw.TEXT_REFUSED, self.may_text and self.text_refused),
            (PhoneFlaw.FAILED, self.may_call and not self.call_refused and self.failures >= FAILURES_TO_CHECK),
        )
        return tuple(flaw for flaw, is_so in found if is_so)

    @property
    def reachable(self) -> bool:
        """Whether a call or a text may be expected to arrive."""
        called = self.may_call and not self.call_refused and self.failures < FAILURES_TO_CHECK
        return called or (self.may_text and not self.text_refused)


def find_house_flaw(phones: Sequence[PhoneState]) -> HouseFlaw | None:
    """Why no phone of a household is rung at all, or None."""
    if not phones:
        return HouseFlaw.NO_PHONE
    return None if any(phone.may_call or phone.may_text for phone in phones) else HouseFlaw.NOTHING_ALLOWED


def find_group_flaws(households: int, reachable: int, *, has_leader: bool) -> tuple[GroupFlaw, ...]:
    """What a group of so many households lacks, of which so many are reachable and at home."""
    found = (
        (GroupFlaw.UNREACHABLE, reachable < FEWEST_REACHABLE),
        (GroupFlaw.TOO_FEW, households < FEWEST),
        (GroupFlaw.TOO_MANY, households > MOST),
        (GroupFlaw.NO_LEADER, households > 0 and not has_leader),
    )
    return tuple(flaw for flaw, is_so in found if is_so)
