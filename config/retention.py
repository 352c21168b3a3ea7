"""How long what is kept about people is kept: the periods of each kind in one place, and deleting by them in batches.

Each room says by `Due` what of its own is over its time and how it is deleted; `delete_due` does a batch of each kind.
`KEEP_DAYS` changes single periods ("looks=365,incidents=0"); 0 keeps a kind without end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session


class Kept(StrEnum):
    """A kind of what is kept about people, and what becomes of it when its time is over."""

    INCIDENTS = "incidents"
    """Numbers, texts and notes of closed incidents: blanked; what happened when, and who came, stays."""
    STRANGERS = "strangers"
    """Calls and texts of numbers that no roster knows, outside incidents: deleted."""
    LISTS = "lists"
    """Lists that were brought, with their previews: deleted."""
    CARRIER_LISTS = "carrier_lists"
    """The carrier's: deleted."""
    OLD_NUMBERS = "old_numbers"
    """Numbers that are on no roster any more, and those in the record of changes: blanked."""
    ARCHIVED = "archived"
    """Households that were taken off the roster: names, doors and numbers blanked."""
    GREETINGS = "greetings"
    """Days and changes of good mornings, and good mornings that have ended: deleted."""
    LOOKS = "looks"
    """Who looked: deleted."""


DEFAULT_DAYS: Mapping[Kept, int] = {
    Kept.INCIDENTS: 3 * 365,
    Kept.STRANGERS: 90,
    Kept.LISTS: 30,
    Kept.CARRIER_LISTS: 400,
    Kept.OLD_NUMBERS: 2 * 365,
    Kept.ARCHIVED: 3 * 365,
    Kept.GREETINGS: 400,
    Kept.LOOKS: 3 * 365,
}


TABLES: Mapping[str, frozenset[Kept] | str] = {
    **dict.fromkeys(
        ("incidents", "alerts", "deliveries", "acknowledgements", "incident_updates"), frozenset({Kept.INCIDENTS})
    ),
    "inbound_events": frozenset({Kept.INCIDENTS, Kept.STRANGERS}),
    "mutes": frozenset({Kept.STRANGERS}),
    **dict.fromkeys(("uploads", "upload_rows"), frozenset({Kept.LISTS, Kept.CARRIER_LISTS})),
    **dict.fromkeys(("phones", "changes"), frozenset({Kept.OLD_NUMBERS})),
    "households": frozenset({Kept.ARCHIVED}),
    "responders": frozenset({Kept.OLD_NUMBERS, Kept.ARCHIVED}),
    **dict.fromkeys(("greetings", "greeting_days", "greeting_changes"), frozenset({Kept.GREETINGS})),
    "looks": frozenset({Kept.LOOKS}),
    "subscriptions": "the books: its number and who agreed are blanked with the household",
    "devices": "the books: a thing's serial and days, no person",
    "residences": "the figures of the past: days alone",
    "reach_proofs": "that a phone can be reached: days alone",
    **dict.fromkeys(
        ("settled_months", "settled_lines", "issued_reports", "issued_files", "books_checks"),
        "the books: figures, and the account that settled or issued them",
    ),
    **dict.fromkeys(("tariffs", "thresholds", "household_counts"), "figures, no person"),
    "accounts": "who answers for what was done: closed accounts stay as rows",
    "invitations": "digests, and the account that handed the code out",
    "account_sessions": "go by themselves, 30 days after the sign-in",
    "sign_in_codes": "go a day after they were asked for: digests",
    "sign_in_notices": "go once the text is sent or given up",
    "wrong_passwords": "go by themselves within a day",
    **dict.fromkeys(("second_factors", "recovery_codes"), "go with the factor: sealed, or digests"),
    "api_clients": "programs, no persons",
    "consent_texts": "what was agreed to: a text of the town's",
    "number_changes": "of what is over the numbers go at once",
    **dict.fromkeys(
        ("device_tests", "device_presses"),
        "ids and times; a press has its number for the seconds until it is known what it was",
    ),
    **dict.fromkeys(
        ("phone_tasks", "task_texts", "phone_checks", "upkeep_days"), "ids and days; the account that closed a task"
    ),
    "village_checks": "that a check was signed off, by which account; what stood open as ids",
    **dict.fromkeys(("village_check_texts", "checks_begin"), "ids and days"),
    **dict.fromkeys(
        ("escalation_policies", "overseer_choices", "upkeep_hours", "holidays"),
        "settings, and the account that made them",
    ),
    **dict.fromkeys(("villages", "grids", "groups", "cameras"), "places, no persons"),
    "attempts": "how a call or text went, in the carrier's words of one code; its number is the delivery's",
    "service_alerts": "what was wrong with the service, and which of its own people saw to it",
    "quiet_spans": "times of maintenance, and who set them",
    **dict.fromkeys(("heartbeats", "account_checks", "number_checks"), "machines, and the town's own lines"),
}
"""Each table of the database: by which periods what it says of people ends, or why it stays. A test holds it whole."""


def read_periods(value: Any) -> Any:
    """`looks=365,incidents=0` as all periods in days, the others as they are by default. Raises ValueError."""
    if not isinstance(value, str):
        return value
    periods = dict(DEFAULT_DAYS)
    for part in filter(None, (each.strip() for each in value.split(","))):
        name, _, days = part.partition("=")
        if name.strip() not in set(Kept) or not days.strip().isdecimal() or len(days.strip()) > 5:
            raise ValueError(f"is a list like looks=365,incidents=0, of these kinds: {', '.join(Kept)}")
        periods[Kept(name.strip())] = int(days)
    return periods


@dataclass(frozen=True, slots=True)
class Due:
    """What of a kind is over its time, by its ids, and how a batch of at most `at_once` of them is deleted."""

    kind: Kept
    key: ColumnElement[int] | Any
    before: Callable[[datetime], ColumnElement[bool]]
    """Which rows are due, by the moment before which their time is over."""
    delete: Callable[[Session, list[int], datetime], None]
    at_once: int = 500

    def ask(self, moment: datetime) -> Select[Any]:
        """The ids that are due."""
        return select(self.key).where(self.before(moment)).order_by(self.key)


def count_due(session: Session, dues: Iterable[Due], periods: Mapping[Kept, int], now: datetime) -> dict[Kept, int]:
    """How much of each kind is over its time. Nothing is deleted."""
    counts = dict.fromkeys(Kept, 0)
    for due in dues:
        if days := periods[due.kind]:
            asked = due.ask(now - timedelta(days=days)).order_by(None).subquery()
            counts[due.kind] += session.scalar(select(func.count()).select_from(asked)) or 0
    return counts


def delete_due(session: Session, due: Due, periods: Mapping[Kept, int], now: datetime) -> int:
    """Delete a batch of what is over its time; how many. Whoever calls commits, and calls again while any was there."""
    days = periods[due.kind]
    if not days:
        return 0
    ids = list(session.scalars(due.ask(now - timedelta(days=days)).limit(due.at_once)))
    if ids:
        due.delete(session, ids, now)
    return len(ids)
