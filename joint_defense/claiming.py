"""Claiming: as much of what is due as may leave now, by the pace of each number and by the calls it may hold."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from joint_defense import dispatch
from joint_defense.dispatch import Claim
from joint_defense.models import Alert, Incident
from joint_defense.pacing import Grant, Pace
from joint_defense.rules.delivery import Channel
from joint_defense.timeline import note_once


@dataclass(frozen=True, slots=True)
class Bite:
    """What was claimed, and what to say for it."""

    claims: list[Claim]
    incidents: dict[int, tuple[Incident, list[Alert]]]


@dataclass
class Leave:
    """Leave to send, until it is claimed for. `concurrent_calls`: how many a sender may hold (0, or none: any)."""

    pace: Mapping[Channel, Pace]
    grants: dict[Channel, Grant]
    concurrent_calls: Mapping[str, int]
    claims: dict[Channel, list[Claim]] = field(default_factory=dict)

    def claim(self, session: Session, owner: str, now: datetime) -> Bite:
        """Take in hand what is due, most urgent first, of all incidents."""
        for channel, grant in self.grants.items():
            self.claims[channel] = self._claim(session, channel, grant, owner, now)
        every = list(itertools.chain.from_iterable(self.claims.values()))
        # Also those that were never declined themselves, and only waited because others had been.
        slowed = {each.incident_id for each in every if self.pace[each.channel].slowed(each.sender)}
        for incident_id in sorted(slowed):
            note_once(session, incident_id, "carrier_slow", now)
        incidents = dispatch.incidents_of(session, {each.incident_id for each in every}) if every else {}
        return Bite(every, incidents)

    @property
    def for_anything(self) -> bool:
        """Whether anything may leave now."""
        return any(grant.count for grant in self.grants.values())

    def next_look(self, sweep: float) -> float:
        """Seconds until there may be more to send: at once after a full bite that the pace does not hold back."""
        waits = (
            min(grant.wait, sweep) if len(self.claims.get(channel, ())) == grant.count else sweep
            for channel, grant in self.grants.items()
        )
        return min(waits, default=sweep)

    def unused(self) -> Iterator[tuple[Channel, str, int]]:
        """Of each channel and sender how many more might have left."""
        for channel, grant in self.grants.items():
            for sender, count in grant.by_sender.items():
                yield channel, sender, count - sum(each.sender == sender for each in self.claims.get(channel, ()))

    def _claim(self, session: Session, channel: Channel, grant: Grant, owner: str, now: datetime) -> list[Claim]:
        granted = self._with_room(session, grant.by_sender) if channel is Channel.CALL else grant.by_sender
        claims: list[Claim] = []
        for sender, count in granted.items():
            if count > 0:
                found = dispatch.claim(session, channel, count, owner, now, sender)
                claims += found
                if len(found) < count:  # nothing more is due
                    break
        return claims

    def _with_room(self, session: Session, granted: Mapping[str, int]) -> Mapping[str, int]:
        """Cut down to the calls each sender may still place: a new account holds only two or three at once (10004)."""
        if not self.concurrent_calls or not any(granted.values()):
            return granted
        held = dispatch.calls_under_way(session)
        return {
            sender: min(count, max(most - held.get(sender, 0), 0))
            if (most := self.concurrent_calls.get(sender, 0))
            else count
            for sender, count in granted.items()
        }


@contextmanager
def leave(
    pace: Mapping[Channel, Pace], concurrent_calls: Mapping[str, int], room: Mapping[Channel, int]
) -> Iterator[Leave]:
    """Leave of the pace for up to `room` requests of each channel. What is not claimed for is given back."""
    grants = {channel: pace[channel].take(count) for channel, count in room.items() if count > 0}
    asked = Leave(pace, grants, concurrent_calls)
    try:
        yield asked
    finally:
        for channel, sender, count in asked.unused():
            pace[channel].give_back(sender, count)
