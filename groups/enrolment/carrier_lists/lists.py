"""The carrier's list becomes subscriptions: what its rows mean beside what the households have, and writing it.

Everything is judged anew, with the households held, when it is written: what another liaison did meanwhile counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import match_any
from groups.enrolment.carrier_lists.index import hold, read_subscriptions
from groups.enrolment.carrier_lists.rules.judgement import Judgement, Subscribed, judge
from groups.enrolment.carrier_lists.rules.matching import Candidate, Index, Match
from groups.enrolment.carrier_lists.rules.rows import Entry
from groups.models.batch import AT_ONCE, Batch
from groups.models.enrolment import Channel, EndReason, Subscription
from groups.roster.residences import house_the_subscribed
from groups.uploads.kinds import Progress

_WRITE_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Matched:
    """The rows of a list, and whom each means as far as the roster says."""

    entries: Sequence[Entry]
    matches: Sequence[Match]
    index: Index
    decisions: Mapping[str, int]

    @property
    def meant(self) -> set[int]:
        """The households that rows mean, or that somebody has chosen."""
        chosen = set(self.decisions.values()) & set(self.index.households)
        return {match.household.id for match in self.matches if match.household} | chosen

    def judged(self, subscribed: Mapping[int, Sequence[Subscribed]]) -> Judgement:
        """What the list comes to beside what these households have."""
        return judge(self.entries, self.matches, subscribed, self.decisions, self.index.households)


def write(batch: Batch, matched: Matched, progress: Progress) -> Judgement | None:
    """Write all rows that are certain or decided; None, and nothing is written, where a household is elsewhere by now.

    What is in error or still doubtful is left out. `progress` is told how much is done, in per cent.
    """
    session = batch.session
    held = hold(session, matched.meant)
    if any(held.get(each) != matched.index.households[each].village_id for each in matched.meant):
        return None
    progress(10)
    judgement = matched.judged(read_subscriptions(session, matched.meant))
    progress(20)
    # First what ends: a household has room for the next only then.
    edits = {number: _complete_edit(values) for number, values in judgement.edits.items()}
    batch.change_all(Subscription, edits, affects_from=partial(_find_first_day, edits))
    rows = [_make_row(household, signed_up) for household, signed_up in judgement.begins]
    for start in range(0, len(rows), _WRITE_AT_ONCE):
        batch.add_all(Subscription, rows[start : start + _WRITE_AT_ONCE], affects_from=lambda row: row.starts_on)
        progress(30 + 55 * (start + _WRITE_AT_ONCE) // (len(rows) + _WRITE_AT_ONCE))
    begun = {household.id for household, _ in judgement.begins}
    house_the_subscribed(batch, begun | _read_households(session, sorted(edits)))
    return judgement


def _read_households(session: Session, subscriptions: Sequence[int]) -> set[int]:
    """Whose these subscriptions are."""
    found = set[int]()
    for start in range(0, len(subscriptions), AT_ONCE):
        some = match_any(session, Subscription.__table__.c.id, subscriptions[start : start + AT_ONCE])
        found.update(session.scalars(select(Subscription.household_id).where(some)))
    return found


def _find_first_day(edits: Mapping[int, Mapping[str, Any]], row: Subscription) -> date:
    ends_on: date = edits[row.id].get("ends_on") or row.starts_on
    return min(ends_on, row.ends_on or ends_on)


def _complete_edit(values: Mapping[str, object]) -> dict[str, Any]:
    edited = {name: value for name, value in values.items() if name != "replaced"}
    if "ends_on" in values:
        edited["end_reason"] = EndReason.REPLACED if values.get("replaced") else EndReason.CANCELLED
    return edited


def _make_row(household: Candidate, signed_up: Subscribed) -> dict[str, Any]:
    reason = EndReason.REPLACED if signed_up.replaced else EndReason.CANCELLED
    return {
        "household_id": household.id,
        "plan": signed_up.plan,
        "number": signed_up.number,
        "starts_on": signed_up.starts_on,
        "ends_on": signed_up.ends_on,
        "end_reason": reason if signed_up.ends_on else None,
        "consent_on": None,
        "consent_by": "",
        "channel": Channel.CARRIER,
    }
