"""The delivery machine: what a carrier's word means for an attempt, and what is left for us to do.

An **attempt** is one request to the carrier (one call, one message). Its state is what the carrier last said, and
only ever moves forward: callbacks come twice, late, out of order, before the create has returned, or never.
A **delivery** is one phone to reach on one channel; its state says whose turn it is.

Source: Twilio's Call and Message status values; Somleng sends one final callback and no sequence numbers, so the
order is kept by the table below and by nothing the carrier counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

GIVE_UP_AFTER = timedelta(minutes=15)
"""An alarm call that could not be placed for so long does not help any more."""


class Channel(StrEnum):
    """How a phone is reached."""

    CALL = "call"
    SMS = "sms"


class AttemptState(StrEnum):
    """What is known of one request to the carrier."""

    REQUESTING = "requesting"
    """The request may be out; nothing has come back."""
    UNANSWERED = "unanswered"
    """No answer came in time: the request may still be on its way. An empty look-up makes it REQUESTING again."""
    LOST = "lost"
    """The carrier, asked, knew of no such request. A callback may still prove otherwise."""
    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    """Somebody, or something, picked up."""
    SENT = "sent"
    """A message left the carrier; not every network says more."""
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CANCELED = "canceled"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    REFUSED = "refused"
    """The carrier took no call or message: it answered the request with an error."""


FINAL: frozenset[AttemptState] = frozenset(
    {
        AttemptState.COMPLETED,
        AttemptState.BUSY,
        AttemptState.NO_ANSWER,
        AttemptState.CANCELED,
        AttemptState.DELIVERED,
        AttemptState.UNDELIVERED,
        AttemptState.FAILED,
        AttemptState.REFUSED,
    }
)

# How far along a state is. A word moves an attempt only to a higher one, and never out of a final one.
_PROGRESS: dict[AttemptState, int] = {
    AttemptState.REQUESTING: 0,
    AttemptState.UNANSWERED: 0,
    AttemptState.LOST: 1,
    AttemptState.QUEUED: 2,
    AttemptState.RINGING: 3,
    AttemptState.IN_PROGRESS: 4,
    AttemptState.SENT: 4,
} | dict.fromkeys(FINAL, 5)

CARRIER_WORDS: dict[Channel, dict[str, AttemptState]] = {
    Channel.CALL: {
        "queued": AttemptState.QUEUED,
        "initiated": AttemptState.QUEUED,
        "ringing": AttemptState.RINGING,
        "in-progress": AttemptState.IN_PROGRESS,
        "answered": AttemptState.IN_PROGRESS,
        "completed": AttemptState.COMPLETED,
        "busy": AttemptState.BUSY,
        "no-answer": AttemptState.NO_ANSWER,
        "failed": AttemptState.FAILED,
        "canceled": AttemptState.CANCELED,
    },
    Channel.SMS: {
        "accepted": AttemptState.QUEUED,
        "scheduled": AttemptState.QUEUED,
        "queued": AttemptState.QUEUED,
        "sending": AttemptState.QUEUED,
        "sent": AttemptState.SENT,
        "delivered": AttemptState.DELIVERED,
        "read": AttemptState.DELIVERED,
        "undelivered": AttemptState.UNDELIVERED,
        "failed": AttemptState.FAILED,
        "canceled": AttemptState.CANCELED,
    },
}


def read_carrier_word(channel: Channel, status: str) -> AttemptState | None:
    """The state a carrier's status stands for; None for a word that is not the carrier's."""
    return CARRIER_WORDS[channel].get(status)


def advance(current: AttemptState, heard: AttemptState) -> AttemptState:
    """The attempt's state after `heard`: never back, and never out of a final state."""
    if current in FINAL or _PROGRESS[heard] <= _PROGRESS[current]:
        return current
    return heard


class DeliveryState(StrEnum):
    """Whose turn it is.

    ::

                 ┌──────── claimed by a sender ────────┐
                 │                                     ▼
        ──► WAITING ◄── not sent, or to be tried ── CLAIMED
             │  ▲  │    again                        │  │
             │  │  └── a callback came first ──┐      │  └── the carrier took it ──┐
             │  │                             ▼      │                            │
             │  └──── it never rang ─────── PLACED ◄─┼────────────────────────────┘
             │                                │      │
             └───────────────┬────────────────┴──────┘
                             ▼
              REACHED · UNREACHED · CANCELLED     (over: nothing leads out of these)

    A delivery that waits may be over, or with the carrier, before a sender claims it: the request of a sender that
    died may have left, and its callbacks come. `MOVES` has every arrow; `delivery.plan` is the one place that moves
    a delivery.
    """

    WAITING = "waiting"
    """Ours: to be sent when it is due."""
    CLAIMED = "claimed"
    """A sender has it in hand: its request may be out."""
    PLACED = "placed"
    """The carrier's: it took the call or message."""
    REACHED = "reached"
    """Over: picked up, or the message went out."""
    UNREACHED = "unreached"
    """Over: every attempt this delivery had was in vain."""
    CANCELLED = "cancelled"
    """Over: not needed any more, and never sent."""


OVER: frozenset[DeliveryState] = frozenset({DeliveryState.REACHED, DeliveryState.UNREACHED, DeliveryState.CANCELLED})

MOVES: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.WAITING: OVER | {DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.PLACED},
    DeliveryState.CLAIMED: OVER | {DeliveryState.WAITING, DeliveryState.PLACED},
    DeliveryState.PLACED: OVER | {DeliveryState.WAITING, DeliveryState.PLACED},
} | dict.fromkeys(OVER, frozenset())
"""Where a delivery may go from each state. It stays where it is while it waits anew, or the carrier says more of it."""


def may_move(before: DeliveryState, after: DeliveryState) -> bool:
    """Whether a delivery may go from one state to the other."""
    return after in MOVES[before]


class IncidentKind(StrEnum):
    """What an incident is."""

    ALARM = "alarm"
    WORDLESS = "wordless"
    """A call without a word: only the leader is told."""
    DRILL = "drill"
    TASK = "task"
    """No call for help: calls and texts to whoever can mend a number, or the service. Over as soon as it is planned."""
    GREETING = "greeting"
    """No call for help: somebody who lives alone is asked whether they are well. No list and no export has it."""


class Role(StrEnum):
    """Why a phone is called or texted, of those that `groups.directory` names; or that it is a caller's."""

    MEMBER = "member"
    LEADER = "leader"
    DEPUTY = "deputy"
    DUTY = "duty"
    BACKUP = "backup"
    NEIGHBOUR = "neighbour"
    CENTRE = "centre"
    HEAD = "head"
    OPERATOR = "operator"
    CALLER = "caller"


LEADERS = frozenset({Role.LEADER, Role.DEPUTY})
"""Who may close an incident from the phone."""
OUTSIDE = frozenset({Role.DUTY, Role.BACKUP, Role.NEIGHBOUR, Role.CENTRE})
"""Who is called only because too few come."""


class Purpose(StrEnum):
    """Why a phone is called or texted."""

    ALARM = "alarm"
    SECOND_VOICE = "second_voice"
    """Another household calls for help too."""
    WORDLESS = "wordless"
    NEWS = "news"
    """To the caller: who is coming."""
    ALL_CLEAR = "all_clear"
    REDIAL = "redial"
    """A ring that brought no answer is tried again."""
    WIDENING = "widening"
    """Too few come: somebody further off is called, or the leader once more."""
    WORDS = "words"
    """What one side wrote, passed on to the other."""
    LINK = "link"
    """To an overseer who is no neighbour: who calls, where, and a link to the incident's page."""
    DRILL = "drill"
    """To see whether this phone can be reached."""
    TEST = "test"
    """The same for one phone alone: it hears whose phone we think it is."""
    TASK = "task"
    """To whoever can mend a number that fails."""
    GREETING = "greeting"
    """To somebody who lives alone: whether they are well."""
    LOOK_IN = "look_in"
    """To their contact, leader and neighbours, where they have not answered."""
    SERVICE = "service"
    """To whoever looks after the service: something of it is not well."""


PROVING = (Purpose.DRILL, Purpose.TEST)
"""What only asks for the sign of a person."""
GREETINGS = (Purpose.GREETING, Purpose.LOOK_IN)
"""What asks whether somebody who lives alone is well."""
FIRST_RINGS = (Purpose.ALARM, Purpose.WIDENING)
"""As what somebody is called for the first time to come and help."""
RINGS = (*FIRST_RINGS, Purpose.REDIAL)
"""What asks a household to come and help."""


class Milestone(StrEnum):
    """What a piece of news to a caller is about. Each is sent once a channel, `STEP` once a step, and a text about
    `TURNED_BACK` once for each who does.
    """

    NONE = "none"
    """It is no news."""
    FIRST = "first"
    """Somebody has said to come."""
    THIRD = "third"
    """Three have."""
    LAST = "last"
    """Everybody who was called has answered."""
    NOBODY = "nobody"
    """Nobody has said to come, for too long."""
    TURNED_BACK = "turned_back"
    """Somebody of whom the caller has heard that they come cannot after all."""
    STEP = "step"
    """Others are called, because too few come."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What tells apart deliveries to one phone on one channel for one purpose.

    `round`: 0 is the first ring, n the nth redial, or the nth time that somebody has had it rung again.
    `step`: the step of escalation in which leader and deputy are called once more, or which a piece of news is about.
    `alert_id`: the voice that a second voice tells of. `line_id`: the last line of the timeline that passed-on words
    hold. 0 where it is not that.
    """

    round: int = 0
    step: int = 0
    alert_id: int = 0
    milestone: Milestone = Milestone.NONE
    line_id: int = 0

    @property
    def is_first(self) -> bool:
        """Whether nothing for this purpose came before it."""
        return self.round == 0 and self.step == 0


FIRST_TIME = Occasion()


class ClosingOutcome(StrEnum):
    """How an incident ended."""

    HELPED = "helped"
    POLICE = "police"
    """Handed over to the police (110)."""
    FIRE_BRIGADE = "fire_brigade"
    """Handed over to the fire brigade (119)."""
    AMBULANCE = "ambulance"
    """Handed over to the ambulance (120)."""
    FALSE_ALARM = "false_alarm"
    ACCIDENTAL = "accidental"
    MALICIOUS = "malicious"
    DRILL = "drill"
    LAPSED = "lapsed"
    """Nobody has closed it: the clock did, long after."""
    RESTORED = "restored"
    """It was open in the copy that the database was restored from."""


IN_VAIN = frozenset({ClosingOutcome.FALSE_ALARM, ClosingOutcome.ACCIDENTAL, ClosingOutcome.MALICIOUS})
"""Calls for help that were none: nobody needed to come."""
BY_PEOPLE = frozenset(ClosingOutcome) - {ClosingOutcome.LAPSED, ClosingOutcome.RESTORED}
"""How a person may say that an incident ended."""
