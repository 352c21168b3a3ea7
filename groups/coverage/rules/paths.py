"""How something came from one state to another, step by step, without what led nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar("State")
Event = TypeVar("Event")


@dataclass(frozen=True, slots=True)
class Turn(Generic[Event, State]):
    """What brought the one state about out of the other."""

    event: Event
    before: State
    after: State


def find_turns(start: State, told: Iterable[tuple[Event, State]]) -> list[Turn[Event, State]]:
    """The turns that lead from `start` to the last state, of all that are told in their order.

    Whatever came back to a state where it had been is left out: of what ended, began again and ended once more, the
    last end is the one that counts. Where the last state is the first, there are none.
    """
    states, events = [start], list[Event]()
    for event, state in told:
        if state in states:
            at = states.index(state)
            del states[at + 1 :], events[at:]
        else:
            states.append(state)
            events.append(event)
    return [Turn(event, *states[at : at + 2]) for at, event in enumerate(events)]


def find_last_flip(held: bool, told: Iterable[tuple[Event, bool]]) -> Event | None:
    """What made it hold, or hold no more, for the last time; None where it is as it was."""
    turns = find_turns(held, told)
    return turns[-1].event if turns else None
