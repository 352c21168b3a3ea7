"""The households on an incident's board: where each stands, and what became of the calls and texts to its phones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from joint_defense.rules import states
from joint_defense.rules.parties import Party, get_party
from joint_defense.rules.redials import FollowUp
from joint_defense.rules.states import AttemptState, Channel, DeliveryState, Purpose, Role
from joint_defense.web.board.facts import AnswerFact, AttemptFact, DeliveryFact, Facts
from joint_defense.web.board.rules.household_state import (
    EYES_FIRST,
    Contact,
    HouseholdState,
    Reached,
    find_contact,
    judge_household,
)

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
    yet; `unreachable`: everything was tried, and nobody answered; `minutes`: in how many they mean to be there.
    """

    party: Party
    household: str
    role: Role
    state: HouseholdState
    answered_at: datetime | None
    joined: bool
    phones: tuple[PhoneLine, ...]
    rung: bool
    picked_up: bool
    redial_at: datetime | None = None
    redial_round: int = 0
    undecided: bool = False
    unreachable: bool = False
    minutes: int | None = None

    @property
    def redial_waits(self) -> bool:
        """Whether it is to be rung again as soon as its turn comes."""
        return any(line.waits for phone in self.phones for line in phone.lines)


@dataclass(frozen=True, slots=True)
class _Tried:
    """A delivery with its attempts, in their order."""

    fact: DeliveryFact
    attempts: Sequence[AttemptFact]


def make_household_rows(facts: Facts) -> tuple[HouseholdRow, ...]:
    """A row for every household that was called and does not itself call for help."""
    in_trouble = {alert.household_id for alert in facts.alerts}
    attempts: dict[int, list[AttemptFact]] = defaultdict(list)
    for attempt in facts.attempts:
        attempts[attempt.delivery_id].append(attempt)
    deliveries: dict[Party, list[_Tried]] = defaultdict(list)
    for delivery in facts.deliveries:
        deliveries[get_party(delivery)].append(_Tried(delivery, attempts[delivery.id]))
    answers = {get_party(answer): answer for answer in facts.answers}
    rows = [
        (_make_row(party, own, answers.get(party)), min(each.fact.distance for each in own))
        for party, own in deliveries.items()
        if party.household_id not in in_trouble and any(each.fact.purpose in RINGS for each in own)
    ]
    return tuple(row for row, _ in sorted(rows, key=_rank))


def _rank(placed: tuple[HouseholdRow, int]) -> tuple[bool, int, int]:
    row, distance = placed
    return not row.unreachable, EYES_FIRST[row.state], distance


def _make_row(party: Party, deliveries: list[_Tried], answer: AnswerFact | None) -> HouseholdRow:
    rings = [each for each in deliveries if each.fact.purpose in RINGS]
    first = rings[0].fact
    calls = [attempt for each in rings if each.fact.channel is Channel.CALL for attempt in each.attempts]
    phones = _list_phones(rings, {each.fact.number for each in deliveries if _tells_it_is_over(each.fact)})
    given = answer.answer if answer else None
    redial = min(_list_pending(rings, FollowUp.REDIAL), key=lambda each: each.due_at, default=None)
    return HouseholdRow(
        party=party,
        household=first.household_name,
        role=first.role,
        state=judge_household(given, [Reached(line.channel, line.contact) for phone in phones for line in phone.lines]),
        answered_at=answer.at if answer else None,
        joined=any(each.fact.joined_at for each in rings),
        phones=phones,
        rung=any(attempt.rang_at or attempt.state in _RANG for attempt in calls),
        picked_up=answer is not None or any(attempt.answered_at for attempt in calls),
        redial_at=redial.due_at if redial and not answer else None,
        redial_round=_find_next_round(rings, redial.number) if redial and not answer else 0,
        undecided=bool(_list_pending(rings, FollowUp.LOOK)),
        unreachable=answer is None and bool(_list_pending(rings, FollowUp.GIVEN_UP)),
        minutes=answer.minutes if answer is not None and answer.answer.value == "coming" else None,
    )


def _list_pending(rings: list[_Tried], what: FollowUp) -> list[DeliveryFact]:
    return [each.fact for each in rings if each.fact.follow_up is what]


def _find_next_round(rings: list[_Tried], number: str) -> int:
    redials = (each.fact for each in rings if each.fact.purpose is Purpose.REDIAL)
    return 1 + max((each.round for each in redials if each.number == number), default=0)


def _list_phones(rings: list[_Tried], told: set[str]) -> tuple[PhoneLine, ...]:
    """The household's phones in their order, each with the newest call and the newest text to it."""
    known: dict[str, dict[Channel, list[_Tried]]] = defaultdict(lambda: defaultdict(list))
    for each in sorted(rings, key=lambda each: (each.fact.phone_rank, each.fact.id)):
        known[each.fact.number][each.fact.channel].append(each)
    return tuple(
        PhoneLine(number, tuple(_make_line(channels[each]) for each in Channel if each in channels), number in told)
        for number, channels in known.items()
    )


def _make_line(deliveries: list[_Tried]) -> ContactLine:
    shown = deliveries[-1]
    tried = [each for each in deliveries if each.attempts and each.fact.state is not DeliveryState.CANCELLED]
    # Whoever watches is to see that it has rung in vain, and not only that it will ring.
    waits = bool(tried) and shown.fact.state is DeliveryState.WAITING and not shown.attempts
    shown = tried[-1] if waits else shown
    latest = shown.attempts[-1] if shown.attempts else None
    channel = shown.fact.channel
    return ContactLine(
        channel=channel,
        contact=find_contact(channel, shown.fact.state, latest.state if latest is not None else None),
        at=_find_latest(latest) if latest is not None else None,
        attempts=sum(each.fact.attempt_count for each in deliveries),
        code=shown.fact.failure or (latest.error_code if latest is not None else None),
        waits=waits,
    )


def _find_latest(attempt: AttemptFact) -> datetime:
    return attempt.answered_at or attempt.ended_at or attempt.rang_at or attempt.accepted_at or attempt.requested_at


def _tells_it_is_over(delivery: DeliveryFact) -> bool:
    return delivery.purpose is Purpose.ALL_CLEAR and delivery.state is DeliveryState.REACHED
