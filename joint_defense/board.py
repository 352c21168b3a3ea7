"""The incident board: what whoever watches an incident sees of it, made from one query a refresh.

`read_board` for one incident, `list_incidents` for all. Both carry a `version`: a page that has it already need not
be sent again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from joint_defense.board_query import Facts, Row, digest, moment, read_facts
from joint_defense.models import ClosingOutcome, IncidentKind, Purpose
from joint_defense.outlook import Outlook, look_ahead
from joint_defense.rules.delivery import AttemptState, Channel, DeliveryState
from joint_defense.rules.replies import Answer
from joint_defense.rules.standing import EYES_FIRST, Contact, Reached, Standing, contact, standing
from joint_defense.rules.trigger import Category

RINGS = frozenset({Purpose.ALARM, Purpose.WORDLESS})
"""What asks a household for an answer."""
_RANG = frozenset({AttemptState.RINGING, AttemptState.IN_PROGRESS, AttemptState.COMPLETED, AttemptState.NO_ANSWER})


@dataclass(frozen=True, slots=True)
class Voice:
    """A household that calls for help."""

    household: str
    household_en: str
    place: str
    place_en: str
    door: str
    number: str
    silent: bool
    channel: Channel
    category: Category
    text: str
    raised_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class ContactLine:
    """The newest call or text to a phone. `attempts` counts the tries; `code` is the carrier's, of a failure."""

    channel: Channel
    contact: Contact
    at: datetime | None
    attempts: int
    code: str | None


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """A phone of a household, and what became of calls and texts to it."""

    number: str
    lines: tuple[ContactLine, ...]
    told_it_is_over: bool


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    """A household that was called. `answered_at` is when its newest answer came."""

    household_id: int
    household: str
    role: str
    standing: Standing
    answered_at: datetime | None
    joined: bool
    phones: tuple[PhoneLine, ...]
    rung: bool
    picked_up: bool


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
class Watch:
    """What an outlook needs: how many calls may begin a second (0: any number), and the time."""

    calls_a_second: Callable[[], float]
    now: datetime


@dataclass(frozen=True, slots=True)
class Board:
    """One incident, ready to be shown. `rows` begins with what needs somebody's eyes."""

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
    timeline: tuple[Line, ...]
    figures: Figures
    version: str
    outlook: Outlook | None = None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def unreached(self) -> tuple[HouseholdRow, ...]:
        """Households that nothing has reached."""
        return tuple(row for row in self.rows if row.standing is Standing.UNREACHED)

    @property
    def account_troubles(self) -> tuple[str, ...]:
        """The carrier's codes of errors that keep everybody from being reached."""
        codes = (str(line.detail.get("code", "")) for line in self.timeline if line.kind == "account_trouble")
        return tuple(dict.fromkeys(codes))


def read_board(session: Session, incident_id: int, watch: Watch | None = None) -> Board | None:
    """One incident; None if there is none. Only with a `watch` does it have an outlook."""
    facts = read_facts(session, incident_id)
    if facts is None:
        return None
    rows = _rows(facts)
    incident = facts.incident
    outlook = None
    if watch is not None and incident["closed_at"] is None:
        outlook = look_ahead(session, facts.deliveries, watch.calls_a_second, watch.now)
    return Board(
        incident_id=incident["id"],
        kind=IncidentKind(incident["kind"]),
        village_id=incident["village_id"],
        village=incident["village_name"],
        group=incident["group_name"],
        category=Category(incident["category"]),
        opened_at=_known(incident["opened_at"]),
        closed_at=moment(incident["closed_at"]),
        outcome=ClosingOutcome(incident["outcome"]) if incident["outcome"] else None,
        note=incident["note"],
        voices=tuple(_voice(alert) for alert in facts.alerts),
        rows=rows,
        timeline=tuple(sorted(map(_timeline_line, facts.updates), key=lambda line: line.at)),
        figures=_figures(rows),
        version=facts.version if outlook is None else digest((facts.version, _roughly(outlook))),
        outlook=outlook,
    )


def _roughly(outlook: Outlook) -> tuple[int, int]:
    """What of it makes a page worth sending again: a difference of a few seconds does not."""
    return outlook.households, round(outlook.last_at.timestamp() / 5)


def _timeline_line(update: Row) -> Line:
    return Line(_known(update["at"]), update["kind"], update["detail"])


def _voice(alert: Row) -> Voice:
    return Voice(
        household=alert["household_name"],
        household_en=alert["household_name_en"],
        place=alert["place"],
        place_en=alert["place_en"],
        door=alert["door"],
        number=alert["number"],
        silent=bool(alert["silent"]),
        channel=Channel(alert["channel"]),
        category=Category(alert["category"]),
        text=alert["text"],
        raised_at=_known(alert["raised_at"]),
        withdrawn_at=moment(alert["withdrawn_at"]),
    )


def _rows(facts: Facts) -> tuple[HouseholdRow, ...]:
    """A row for every household that was called and does not itself call for help."""
    in_trouble = {alert["household_id"] for alert in facts.alerts}
    attempts: dict[int, list[Row]] = defaultdict(list)
    for attempt in facts.attempts:
        attempts[attempt["delivery_id"]].append(attempt)
    deliveries: dict[int, list[Row]] = defaultdict(list)
    for delivery in facts.deliveries:
        deliveries[delivery["household_id"]].append(delivery | {"attempts": attempts[delivery["id"]]})
    answers = {answer["household_id"]: answer for answer in facts.answers}
    rows = [
        (_row(own, answers.get(household_id)), min(each["distance"] for each in own))
        for household_id, own in deliveries.items()
        if household_id not in in_trouble and any(each["purpose"] in RINGS for each in own)
    ]
    return tuple(row for row, _ in sorted(rows, key=lambda each: (EYES_FIRST[each[0].standing], each[1])))


def _row(deliveries: list[Row], answer: Row | None) -> HouseholdRow:
    rings = [each for each in deliveries if each["purpose"] in RINGS]
    first = rings[0]
    calls = [attempt for each in rings if each["channel"] == Channel.CALL for attempt in each["attempts"]]
    phones = _phones(rings, {each["number"] for each in deliveries if _told_it_is_over(each)})
    given = Answer(answer["answer"]) if answer else None
    return HouseholdRow(
        household_id=first["household_id"],
        household=first["household_name"],
        role=first["role"],
        standing=standing(given, [Reached(line.channel, line.contact) for phone in phones for line in phone.lines]),
        answered_at=moment(answer["at"]) if answer else None,
        joined=any(each["joined_at"] for each in rings),
        phones=phones,
        rung=any(attempt["rang_at"] or attempt["state"] in _RANG for attempt in calls),
        picked_up=answer is not None or any(attempt["answered_at"] for attempt in calls),
    )


def _phones(rings: list[Row], told: set[str]) -> tuple[PhoneLine, ...]:
    """The household's phones in their order, each with the newest call and the newest text to it."""
    newest: dict[str, dict[str, Row]] = defaultdict(dict)
    for delivery in sorted(rings, key=lambda each: (each["phone_rank"], each["id"])):
        newest[delivery["number"]][delivery["channel"]] = delivery
    return tuple(
        PhoneLine(number, tuple(_line(channels[each]) for each in Channel if each in channels), number in told)
        for number, channels in newest.items()
    )


def _line(delivery: Row) -> ContactLine:
    latest = delivery["attempts"][-1] if delivery["attempts"] else None
    channel = Channel(delivery["channel"])
    return ContactLine(
        channel=channel,
        contact=contact(
            channel, DeliveryState(delivery["state"]), AttemptState(latest["state"]) if latest is not None else None
        ),
        at=_latest(latest) if latest is not None else None,
        attempts=delivery["attempt_count"],
        code=delivery["failure"] or (latest["error_code"] if latest is not None else None),
    )


def _latest(attempt: Row) -> datetime | None:
    moments = (attempt[name] for name in ("answered_at", "ended_at", "rang_at", "accepted_at", "requested_at"))
    return moment(next(filter(None, moments), None))


def _told_it_is_over(delivery: Row) -> bool:
    return bool(delivery["purpose"] == Purpose.ALL_CLEAR and delivery["state"] == DeliveryState.REACHED)


def _figures(rows: Iterable[HouseholdRow]) -> Figures:
    known = list(rows)
    return Figures(
        households=len(known),
        rung=sum(row.rung for row in known),
        picked_up=sum(row.picked_up for row in known),
        coming=sum(row.standing in {Standing.COMING, Standing.ON_SCENE} for row in known),
        on_scene=sum(row.standing is Standing.ON_SCENE for row in known),
    )


def _known(text: str) -> datetime:
    found = moment(text)
    if found is None:
        raise ValueError("a time is missing that the table demands")
    return found
