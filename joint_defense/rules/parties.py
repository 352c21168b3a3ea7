"""Who is called, and whom to ring first: the plan of an alarm's deliveries.

Called are households, and responders, who live in none; overseers (负责人) are told at once when an incident opens,
with a link to its page.

A call and a message go to every phone that can take one, at once; where the carrier's pace makes them queue, the order
is: one phone of each household first, nearest doors first, then second phones, then redials, then news and
all-clears. A drill stands behind every alarm. Two alarms at once take turns: each phone has its place (`turn`) among
those of its own incident that are as urgent, and the first of both go before the second of either.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, NamedTuple, Protocol, TypeVar

from joint_defense.rules.states import Channel


class Party(NamedTuple):
    """A household or a responder: exactly one of the two ids is set."""

    household_id: int | None
    responder_id: int | None

    @property
    def key(self) -> str:
        """The same as a word, unlike any other party's: `7`, `responder-7`."""
        return f"responder-{self.responder_id}" if self.household_id is None else str(self.household_id)


class OfParty(Protocol):
    """Whatever belongs to a party."""

    @property
    def household_id(self) -> int | None: ...
    @property
    def responder_id(self) -> int | None: ...


def get_party(what: OfParty) -> Party:
    """Whose it is."""
    return Party(what.household_id, what.responder_id)


class OverseerKind(StrEnum):
    """Which of those responsible."""

    HEAD = "head"
    """The village heads of the village, by their accounts."""
    LEADERS = "leaders"
    """The group's leader and deputy."""
    OPERATORS = "operators"
    """The centre's duty phones that are on duty; where none of them takes texts, the operators' accounts."""


BUILT_IN = frozenset(OverseerKind)
"""Told where neither village nor town has chosen: all of them."""


def read_kinds(words: Iterable[str]) -> frozenset[OverseerKind]:
    """The kinds of these names; a name that is not known here (another release's) is left out."""
    return frozenset(OverseerKind) & frozenset(words)


def list_kinds(kinds: Iterable[OverseerKind]) -> list[str]:
    """Their names, in the order in which they are shown and kept."""
    chosen = frozenset(kinds)
    return [kind.value for kind in OverseerKind if kind in chosen]


ONLY_REFUSED = 1
"""A household all of whose numbers the carrier has refused: its first one still comes before any second phone."""
SECOND_ROUND = 2
LAST_ROUND = 6
"""Fourth, fifth … phones of a household stand in one last round."""
REFUSED_ROUND = 7
"""Another number that the carrier has refused for good is tried after all others."""
OVERSEER = 8
"""A text to an overseer who is no neighbour: behind every first ring and text of every alarm."""
AGAIN = 10
"""Redials, and what is tried in another way: behind every first ring of every alarm."""
NOTICE = 20
"""News and all-clears: behind every ring of every alarm."""
DRILL = 40
"""Added to everything in a drill."""


def is_first_ring(urgency: int) -> bool:
    """Whether that is the first call or text of a household."""
    return urgency % DRILL < SECOND_ROUND


class Reachable(Protocol):
    """What the plan has to know of a phone; `groups.directory.Recipient` is one."""

    @property
    def household_id(self) -> int | None: ...
    @property
    def responder_id(self) -> int | None: ...
    @property
    def may_call(self) -> bool: ...
    @property
    def may_text(self) -> bool: ...
    @property
    def phone_rank(self) -> int: ...
    @property
    def distance(self) -> int: ...
    @property
    def call_refused(self) -> bool: ...
    @property
    def text_refused(self) -> bool: ...


PhoneT = TypeVar("PhoneT", bound=Reachable)


@dataclass(frozen=True, slots=True)
class Planned(Generic[PhoneT]):
    """A phone, a channel, how urgent it is (0 first), and which turn it has within that (0 first)."""

    phone: PhoneT
    channel: Channel
    urgency: int
    turn: int = 0


def plan_rings(phones: Iterable[PhoneT], *, drill: bool = False) -> list[Planned[PhoneT]]:
    """Calls and messages for all phones that can take them, each household's phones in their order of rank.

    The first phone of a household that can take a call is in the first round of calls, and likewise for messages, so
    that a household is not put back because its first phone is a landline that takes no text.
    """
    ordered = sorted(phones, key=lambda phone: phone.phone_rank)
    return _plan_rounds(
        ordered, Channel.CALL, lambda phone: phone.may_call, lambda phone: phone.call_refused, drill
    ) + _plan_rounds(ordered, Channel.SMS, lambda phone: phone.may_text, lambda phone: phone.text_refused, drill)


def _plan_rounds(
    phones: list[PhoneT],
    channel: Channel,
    takes: Callable[[PhoneT], bool],
    refused: Callable[[PhoneT], bool],
    drill: bool,
) -> list[Planned[PhoneT]]:
    seen: Counter[Party] = Counter()
    rounds: dict[int, list[PhoneT]] = defaultdict(list)
    able = [phone for phone in phones if takes(phone)]
    for phone in sorted(able, key=refused):
        place = seen[get_party(phone)]
        seen[get_party(phone)] += 1
        if refused(phone):
            urgency = REFUSED_ROUND if place else ONLY_REFUSED
        else:
            urgency = min(SECOND_ROUND + place - 1, LAST_ROUND) if place else 0
        rounds[urgency].append(phone)
    return [
        Planned(phone, channel, urgency + (DRILL if drill else 0), turn)
        for urgency in sorted(rounds)
        for turn, phone in enumerate(sorted(rounds[urgency], key=lambda each: each.distance))
    ]
