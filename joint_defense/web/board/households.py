"""The households on an incident's board: where each stands, and what became of the calls and texts to its phones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from joint_defense.rules import states
from joint_defense.rules.parties import Party
from joint_defense.rules.redials import FollowUp
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, DeliveryState, Purpose
from joint_defense.web.board.facts import Facts, Row, moment
from joint_defense.web.board.rules.standing import EYES_FIRST, Contact, Reached, Standing, contact, standing

RINGS = frozenset({*states.RINGS, Purpose.WORDLESS})
"""What asks a household for an answer."""
_RANG = frozenset({AttemptState.RINGING, AttemptState.IN_PROGRESS, AttemptState.COMPLETED, AttemptState.NO_ANSWER})


@dataclass(frozen=True, slots=True)
class ContactLine:
    """The newest call or text to a phone. `attempts` counts the tries; `code` is the carrier's, of a failure.

    `waits`: it was in vain, and the next one waits for its turn.
    """

    channel: Channel
    contact: Contact
    at: datetime | None
    attempts: int
    code: str | None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """A phone of a household, and what became of calls and texts to it."""

    number: str
    lines: tuple[ContactLine, ...]
    told_it_is_over: bool


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    """A household that was called. `answered_at` is when its newest answer came.

    `redial_at` is when it is to be rung for the `redial_round`th time again; `undecided`: what comes next is not known
    yet; `unreachable`: everything was tried, and nobody answered.
    """

    party: Party
    household: str
    role: str
    standing: Standing
    answered_at: datetime | None
    joined: bool
    phones: tuple[PhoneLine, ...]
    rung: bool
    picked_up: bool
    redial_at: datetime | None = None
    redial_round: int = 0
    undecided: bool = False
    unreachable: bool = False

    @property
    def redial_waits(self) -> bool:
        """Whether it is to be rung again as soon as its turn comes."""
        return any(line.waits for phone in self.phones for line in phone.lines)


def household_rows(facts: Facts) -> tuple[HouseholdRow, ...]:
    """A row for every household that was called and does not itself call for help."""
    in_trouble = {alert["household_id"] for alert in facts.alerts}
    attempts: dict[int, list[Row]] = defaultdict(list)
    for attempt in facts.attempts:
        attempts[attempt["delivery_id"]].append(attempt)
    deliveries: dict[Party, list[Row]] = defaultdict(list)
    for delivery in facts.deliveries:
        deliveries[_party(delivery)].append(delivery | {"attempts": attempts[delivery["id"]]})
    answers = {_party(answer): answer for answer in facts.answers}
    rows = [
        (_row(own, answers.get(party)), min(each["distance"] for each in own))
        for party, own in deliveries.items()
        if party.household_id not in in_trouble and any(each["purpose"] in RINGS for each in own)
    ]
    return tuple(row for row, _ in sorted(rows, key=_eyes_first))


def _party(row: Row) -> Party:
    return Party(row["household_id"], row["responder_id"])


def _eyes_first(placed: tuple[HouseholdRow, int]) -> tuple[bool, int, int]:
    row, distance = placed
    return not row.unreachable, EYES_FIRST[row.standing], distance


def _row(deliveries: list[Row], answer: Row | None) -> HouseholdRow:
    rings = [each for each in deliveries if each["purpose"] in RINGS]
    first = rings[0]
    calls = [attempt for each in rings if each["channel"] == Channel.CALL for attempt in each["attempts"]]
    phones = _phones(rings, {each["number"] for each in deliveries if _told_it_is_over(each)})
    given = Answer(answer["answer"]) if answer else None
    redial = min(_pending(rings, FollowUp.REDIAL), key=lambda each: str(each["due_at"]), default=None)
    return HouseholdRow(
        party=_party(first),
        household=first["household_name"],
        role=first["role"],
        standing=standing(given, [Reached(line.channel, line.contact) for phone in phones for line in phone.lines]),
        answered_at=moment(answer["at"]) if answer else None,
        joined=any(each["joined_at"] for each in rings),
        phones=phones,
        rung=any(attempt["rang_at"] or attempt["state"] in _RANG for attempt in calls),
        picked_up=answer is not None or any(attempt["answered_at"] for attempt in calls),
        redial_at=moment(redial["due_at"]) if redial and not answer else None,
        redial_round=_next_round(rings, redial["number"]) if redial and not answer else 0,
        undecided=bool(_pending(rings, FollowUp.LOOK)),
        unreachable=answer is None and bool(_pending(rings, FollowUp.GIVEN_UP)),
    )


def _pending(rings: list[Row], what: FollowUp) -> list[Row]:
    return [each for each in rings if each["follow_up"] == what]


def _next_round(rings: list[Row], number: str) -> int:
    done = (each["round"] for each in rings if each["number"] == number and each["purpose"] == Purpose.REDIAL)
    return 1 + max(done, default=0)


def _phones(rings: list[Row], told: set[str]) -> tuple[PhoneLine, ...]:
    """The household's phones in their order, each with the newest call and the newest text to it."""
    known: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for delivery in sorted(rings, key=lambda each: (each["phone_rank"], each["id"])):
        known[delivery["number"]][delivery["channel"]].append(delivery)
    return tuple(
        PhoneLine(number, tuple(_line(channels[each]) for each in Channel if each in channels), number in told)
        for number, channels in known.items()
    )


def _line(deliveries: list[Row]) -> ContactLine:
    delivery = deliveries[-1]
    tried = [each for each in deliveries if each["attempts"] and each["state"] != DeliveryState.CANCELLED]
    # Whoever watches is to see that it has rung in vain, and not only that it will ring.
    waits = bool(tried) and delivery["state"] == DeliveryState.WAITING and not delivery["attempts"]
    delivery = tried[-1] if waits else delivery
    latest = delivery["attempts"][-1] if delivery["attempts"] else None
    channel = Channel(delivery["channel"])
    return ContactLine(
        channel=channel,
        contact=contact(
            channel, DeliveryState(delivery["state"]), AttemptState(latest["state"]) if latest is not None else None
        ),
        at=_latest(latest) if latest is not None else None,
        attempts=sum(each["attempt_count"] for each in deliveries),
        code=delivery["failure"] or (latest["error_code"] if latest is not None else None),
        waits=waits,
    )


def _latest(attempt: Row) -> datetime | None:
    moments = (attempt[name] for name in ("answered_at", "ended_at", "rang_at", "accepted_at", "requested_at"))
    return moment(next(filter(None, moments), None))


def _told_it_is_over(delivery: Row) -> bool:
    return bool(delivery["purpose"] == Purpose.ALL_CLEAR and delivery["state"] == DeliveryState.REACHED)
