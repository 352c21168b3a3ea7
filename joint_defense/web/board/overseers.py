"""The overseers on an incident's board: who was sent a link, and what became of the text."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from joint_defense.rules.states import Role
from joint_defense.web.board.facts import AttemptFact, Facts
from joint_defense.web.board.rules.household_state import Contact, find_contact


@dataclass(frozen=True, slots=True)
class OverseerLine:
    """An overseer, and the text with the link; `code` is the carrier's, of a failure."""

    name: str
    role: Role
    contact: Contact
    at: datetime | None
    code: str | None


def list_overseers(facts: Facts) -> tuple[OverseerLine, ...]:
    """A line for everybody who was sent a link, in the order in which they were planned."""
    attempts: dict[int, list[AttemptFact]] = defaultdict(list)
    for attempt in facts.attempts:
        attempts[attempt.delivery_id].append(attempt)
    lines = []
    for each in facts.deliveries:
        if each.with_link:
            last = attempts[each.id][-1] if attempts[each.id] else None
            lines.append(
                OverseerLine(
                    each.household_name,
                    each.role,
                    find_contact(each.channel, each.state, None if last is None else last.state),
                    None if last is None else last.ended_at or last.accepted_at or last.requested_at,
                    each.failure or (None if last is None else last.error_code),
                )
            )
    return tuple(lines)
