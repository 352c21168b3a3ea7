"""Whom to ring first: the plan of an alarm's deliveries.

A call and a message to every phone that can take one, at once; where the carrier's pace makes them queue, the order
is: one phone of each household first, nearest doors first, then second phones. A drill stands behind every alarm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from joint_defense.rules.delivery import Channel

LAST_ROUND = 5
"""Third, fourth … phones of a household stand in one last round."""
REFUSED_ROUND = 6
"""A number that the carrier has refused for good is tried after all others."""
NOTICE = 20
"""News and all-clears: behind every ring of every alarm."""
DRILL = 40
"""Added to everything in a drill."""


class Reachable(Protocol):
    """What the plan has to know of a phone; `groups.directory.Recipient` is one."""

    @property
    def household_id(self) -> int: ...
    @property
    def may_call(self) -> bool: ...
    @property
    def may_text(self) -> bool: ...
    @property
    def phone_rank(self) -> int: ...
    @property
    def call_refused(self) -> bool: ...
    @property
    def text_refused(self) -> bool: ...


PhoneT = TypeVar("PhoneT", bound=Reachable)


@dataclass(frozen=True, slots=True)
class Planned(Generic[PhoneT]):
    """A phone, a channel, and how urgent it is (0 first)."""

    phone: PhoneT
    channel: Channel
    urgency: int


def plan(phones: Iterable[PhoneT], *, drill: bool = False) -> list[Planned[PhoneT]]:
    """Calls and messages for all phones that can take them, each household's phones in their order of rank.

    The first phone of a household that can take a call is in the first round of calls, and likewise for messages, so
    that a household is not put back because its first phone is a landline that takes no text.
    """
    ordered = sorted(phones, key=lambda phone: phone.phone_rank)
    return _rounds(
        ordered, Channel.CALL, lambda phone: phone.may_call, lambda phone: phone.call_refused, drill
    ) + _rounds(ordered, Channel.SMS, lambda phone: phone.may_text, lambda phone: phone.text_refused, drill)


def _rounds(
    phones: list[PhoneT],
    channel: Channel,
    takes: Callable[[PhoneT], bool],
    refused: Callable[[PhoneT], bool],
    drill: bool,
) -> list[Planned[PhoneT]]:
    seen: Counter[int] = Counter()
    planned = []
    for phone in phones:
        if not takes(phone):
            continue
        if refused(phone):
            urgency = REFUSED_ROUND
        else:
            urgency = min(seen[phone.household_id], LAST_ROUND)
            seen[phone.household_id] += 1
        planned.append(Planned(phone, channel, urgency + (DRILL if drill else 0)))
    return planned
