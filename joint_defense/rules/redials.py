"""What is done about a household that has not answered: redials, the other way, and the verdict that nothing is left.

A call that brought no key (busy, no answer, failed, a voicemail, picked up in silence) is placed again after each of
the pauses in turn, counted from its end. A phone whose texts all failed, and that was not called, is called if it may
be; one that the carrier will not call, and that was not texted, is texted. Whoever is on the phone is left to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from joint_defense.rules.states import OVER, Channel, DeliveryState


class FollowUp(StrEnum):
    """What is still to be decided or done after a delivery is over."""

    LOOK = "look"
    """Nobody has looked yet whether its household needs another ring."""
    REDIAL = "redial"
    """Its phone is to be rung again when it is due."""
    GIVEN_UP = "given_up"
    """Its household is unreachable: everything was tried, and nobody answered."""


@dataclass(frozen=True, slots=True)
class Try:
    """A call or text to a phone, as far as the next one depends on it. `round` 0 is the first ring, n the nth redial.

    `hopeless`: the carrier will never take it on this channel, or did not for so long that it does not help any more.
    """

    number: str
    channel: Channel
    round: int
    state: DeliveryState
    on_line: bool = False
    hopeless: bool = False
    over_at: datetime | None = None
    """When it was over; of a text that nothing final is said of, when it left."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What to do for a household now: `redials` by number their round, `other_ways` by number the channel.

    `next_at` says when a number is to be rung again; `look_again`: something is still under way that nobody will
    report. `exhausted`: all its phones that were tried have had all their tries.
    """

    redials: dict[str, int] = field(default_factory=dict)
    other_ways: dict[str, Channel] = field(default_factory=dict)
    next_at: dict[str, datetime] = field(default_factory=dict)
    look_again: bool = False
    exhausted: bool = False


def decide_next_steps(
    tries: Iterable[Try],
    pauses: Sequence[timedelta],
    now: datetime,
    *,
    callable_: Collection[str] = (),
    texters: Collection[str] = (),
) -> Steps:
    """The next steps for a household that has not answered, from all calls and texts to it.

    `callable_` and `texters`: those of its phones that may be called where their texts fail, and that could take a
    text where they cannot be called.
    """
    calls: dict[str, list[Try]] = defaultdict(list)
    texts: dict[str, list[Try]] = defaultdict(list)
    for each in tries:
        (calls if each.channel is Channel.CALL else texts)[each.number].append(each)
    if any(each.on_line for rung in calls.values() for each in rung):
        return Steps(look_again=True)
    steps = Steps(other_ways=_find_other_ways(calls, texts, callable_, texters))
    under_way = False
    for number, rung in calls.items():
        if any(each.state not in OVER for each in rung):
            under_way = True
            continue
        due = _find_due(rung, pauses)
        if due is not None and due <= now:
            steps.redials[number] = _count_rounds(rung) + 1
        elif due is not None:
            steps.next_at[number] = due
    if under_way or steps.redials or steps.next_at or steps.other_ways:
        return steps
    out = [each for sent in texts.values() for each in sent if each.state is not DeliveryState.UNREACHED]
    # Whoever has a text gets as long to answer it as it takes to ring somebody again and again.
    patience = sum(pauses, timedelta())
    if all(_is_old(each, now - patience) for each in out):
        return Steps(exhausted=True)
    # Who has nothing but texts is looked for when that time is over.
    return Steps(look_again=bool(calls))


def _is_old(text: Try, before: datetime) -> bool:
    if text.state is DeliveryState.CANCELLED:
        return True
    return text.state in {DeliveryState.REACHED, DeliveryState.PLACED} and (text.over_at or before) <= before


def _find_other_ways(
    calls: dict[str, list[Try]], texts: dict[str, list[Try]], callable_: Collection[str], texters: Collection[str]
) -> dict[str, Channel]:
    failed = {number for number, sent in texts.items() if all(each.state is DeliveryState.UNREACHED for each in sent)}
    refused = {number for number, rung in calls.items() if any(each.hopeless for each in rung)}
    return dict.fromkeys(sorted((failed - calls.keys()) & set(callable_)), Channel.CALL) | dict.fromkeys(
        sorted((refused - texts.keys()) & set(texters)), Channel.SMS
    )


def _find_due(rung: list[Try], pauses: Sequence[timedelta]) -> datetime | None:
    """When a phone is to be rung again; None when it has had all its rounds, or no ring will ever reach it."""
    ends = [each.over_at for each in rung if each.state is not DeliveryState.CANCELLED and each.over_at is not None]
    done = _count_rounds(rung)
    if not ends or done >= len(pauses) or any(each.hopeless for each in rung):
        return None
    return max(ends) + pauses[done]


def _count_rounds(rung: list[Try]) -> int:
    return max(each.round for each in rung)
