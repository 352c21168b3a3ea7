"""The incident board: what whoever watches an incident sees of it, made from one query a refresh.

`read_board` for one incident, `list_incidents` for all. Both carry a `version`: a page that has it already need not
be sent again.

With it go the overseers (who was sent a link, and what became of the text) and the outlook: when the last household
will be rung, where the carrier's pace makes them wait. It is an estimate: from what waits before it, of all
incidents, and from how many calls may begin a second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, literal, select, tuple_
from sqlalchemy.orm import Session

from joint_defense.incidents.policies import read_progress
from joint_defense.models.incidents import Delivery, is_in_state
from joint_defense.rules.errors import InvalidPolicy
from joint_defense.rules.escalation import Level, Whom
from joint_defense.rules.parties import get_party, is_first_ring
from joint_defense.rules.replies import COMES, Answer
from joint_defense.rules.states import FIRST_RINGS, Channel, ClosingOutcome, DeliveryState, IncidentKind, Role
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.triggers import Category
from joint_defense.web.board.facts import (
    AlertFact,
    AttemptFact,
    DeliveryFact,
    Facts,
    IncidentFact,
    UpdateFact,
    make_digest,
    read_facts,
)
from joint_defense.web.board.households import HouseholdRow, make_household_rows
from joint_defense.web.board.rules.household_state import ANSWERED, Contact, HouseholdState, find_contact


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many households are still to be rung for the first time, and about when the last one will be."""

    households: int
    last_at: datetime


def look_ahead(
    session: Session, deliveries: Iterable[DeliveryFact], calls_a_second: Callable[[], float], now: datetime
) -> Outlook | None:
    """The outlook of an incident with these deliveries; None where nobody waits, or no pace holds them back."""
    waiting = [
        each
        for each in deliveries
        if each.purpose in FIRST_RINGS
        and each.round == 0
        and each.step == 0
        and each.channel is Channel.CALL
        and each.state is DeliveryState.WAITING
        and is_first_ring(each.urgency)
    ]
    rate = calls_a_second() if waiting else 0
    if not rate:
        return None
    last = max((each.urgency, each.turn, each.id) for each in waiting)
    place = tuple_(Delivery.urgency, Delivery.turn, Delivery.id)
    before = session.scalar(
        select(func.count()).where(
            is_in_state(DeliveryState.WAITING),
            Delivery.channel == Channel.CALL,
            place <= tuple_(*(literal(each) for each in last)),
        )
    )
    at = now + timedelta(seconds=(before or len(waiting)) / rate)
    return Outlook(len({get_party(each) for each in waiting}), at)


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


_COMING = frozenset(ANSWERED[answer] for answer in COMES)


@dataclass(frozen=True, slots=True)
class Voice:
    """A household that calls for help."""

    household: str
    household_en: str
    place: str
    place_en: str
    door: str
    first_help: str
    number: str
    silent: bool
    channel: Channel
    category: Category
    text: str
    raised_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the timeline."""

    at: datetime
    kind: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """Households: called at all, one phone has rung, somebody picked up or answered, coming or there, there."""

    households: int
    rung: int
    picked_up: int
    coming: int
    on_scene: int


@dataclass(frozen=True, slots=True)
class Milestones:
    """When the first phone rang, the first party said that it comes, and the first one was there; None: never."""

    first_ring: datetime | None
    first_coming: datetime | None
    first_there: datetime | None


@dataclass(frozen=True, slots=True)
class Watch:
    """What an outlook needs: how many calls may begin a second (0: any number), and the time."""

    calls_a_second: Callable[[], float]
    now: datetime


@dataclass(frozen=True, slots=True)
class Widening:
    """How far the call for help has been widened: the level, and what comes next when, unless enough are coming.

    `fewer_than` households must be coming for the next step; `held`: enough are. All None where nothing comes next.
    """

    level: Level | None
    next_at: datetime | None
    whom: tuple[Whom, ...]
    fewer_than: int
    held: bool


@dataclass(frozen=True, slots=True)
class Board:
    """One incident, ready to be shown. `rows` begins with what needs somebody's eyes.

    `read_at`: when, for whoever watches it.
    """

    incident_id: int
    kind: IncidentKind
    village_id: int
    village: str
    group: str
    category: Category
    opened_at: datetime
    closed_at: datetime | None
    outcome: ClosingOutcome | None
    note: str
    voices: tuple[Voice, ...]
    rows: tuple[HouseholdRow, ...]
    overseers: tuple[OverseerLine, ...]
    timeline: tuple[Line, ...]
    figures: Figures
    widening: Widening
    group_id: int | None
    milestones: Milestones
    version: str
    outlook: Outlook | None = None
    read_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def age(self) -> timedelta:
        """How long it has been open, or was."""
        until = self.closed_at or self.read_at or self.opened_at
        return max(until - self.opened_at, timedelta(0))

    @property
    def coming(self) -> tuple[HouseholdRow, ...]:
        """Who is on the way."""
        return tuple(row for row in self.rows if row.state is HouseholdState.COMING)

    @property
    def there(self) -> tuple[HouseholdRow, ...]:
        """Who is there."""
        return tuple(row for row in self.rows if row.state is HouseholdState.ON_SCENE)

    @property
    def unreached(self) -> tuple[HouseholdRow, ...]:
        """Households that nothing has reached, and for which nothing more is tried."""
        return tuple(
            row
            for row in self.rows
            if row.unreachable
            or (
                row.state is HouseholdState.UNREACHED
                and not (self.is_open and (row.redial_at or row.redial_waits or row.undecided))
            )
        )

    @property
    def account_troubles(self) -> tuple[str, ...]:
        """The carrier's codes of errors that keep everybody from being reached."""
        codes = (str(line.detail.get("code", "")) for line in self.timeline if line.kind == UpdateKind.ACCOUNT_TROUBLE)
        return tuple(dict.fromkeys(codes))


def read_board(session: Session, incident_id: int, watch: Watch | None = None) -> Board | None:
    """One incident; None if there is none. Only with a `watch` does it have an outlook."""
    facts = read_facts(session, incident_id)
    if facts is None:
        return None
    rows = make_household_rows(facts)
    incident = facts.incident
    outlook = None
    if watch is not None and incident.closed_at is None:
        outlook = look_ahead(session, facts.deliveries, watch.calls_a_second, watch.now)
    return Board(
        incident_id=incident.id,
        kind=incident.kind,
        village_id=incident.village_id,
        village=incident.village_name,
        group=incident.group_name,
        category=incident.category,
        opened_at=incident.opened_at,
        closed_at=incident.closed_at,
        outcome=incident.outcome,
        note=incident.note,
        voices=tuple(_make_voice(alert) for alert in facts.alerts),
        rows=rows,
        overseers=list_overseers(facts),
        timeline=tuple(sorted(map(_make_line, facts.updates), key=lambda line: line.at)),
        figures=_count_figures(rows),
        widening=_read_widening(incident, sum(row.state in _COMING for row in rows)),
        group_id=incident.group_id,
        milestones=_find_milestones(facts),
        read_at=None if watch is None else watch.now,
        version=facts.version if outlook is None else make_digest((facts.version, _round_up(outlook))),
        outlook=outlook,
    )


def _round_up(outlook: Outlook) -> tuple[int, int]:
    """What of it makes a page worth sending again: a difference of a few seconds does not."""
    return outlook.households, round(outlook.last_at.timestamp() / 5)


def _read_widening(incident: IncidentFact, coming: int) -> Widening:
    try:
        progress = read_progress(incident.policy, incident.opened_at, incident.steps_done)
    except InvalidPolicy:
        # Written by another release. Who is called and who is coming is to be seen all the same.
        return Widening(None, None, (), 0, held=False)
    step = progress.next_step if incident.closed_at is None else None
    if step is None:
        return Widening(progress.level, None, (), 0, held=False)
    return Widening(progress.level, progress.next_at, step.whom, step.fewer_than, held=progress.is_held(coming))


def _find_milestones(facts: Facts) -> Milestones:
    said = [(each.at, each.detail.get("answer")) for each in facts.updates if each.kind == UpdateKind.ANSWER]
    return Milestones(
        first_ring=min((each.rang_at for each in facts.attempts if each.rang_at is not None), default=None),
        first_coming=min((at for at, answer in said if answer in COMES), default=None),
        first_there=min((at for at, answer in said if answer == Answer.ON_SCENE), default=None),
    )


def _make_line(update: UpdateFact) -> Line:
    return Line(update.at, update.kind, update.detail)


def _make_voice(alert: AlertFact) -> Voice:
    return Voice(
        household=alert.household_name,
        household_en=alert.household_name_en,
        place=alert.place,
        place_en=alert.place_en,
        door=alert.door,
        first_help=alert.first_help,
        number=alert.number,
        silent=alert.silent,
        channel=alert.channel,
        category=alert.category,
        text=alert.text,
        raised_at=alert.raised_at,
        withdrawn_at=alert.withdrawn_at,
    )


def _count_figures(rows: Iterable[HouseholdRow]) -> Figures:
    known = list(rows)
    return Figures(
        households=len(known),
        rung=sum(row.rung for row in known),
        picked_up=sum(row.picked_up for row in known),
        coming=sum(row.state in _COMING for row in known),
        on_scene=sum(row.state is HouseholdState.ON_SCENE for row in known),
    )
