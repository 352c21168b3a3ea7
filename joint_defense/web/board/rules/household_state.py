"""Where a household stands in an incident, for whoever watches: from its calls, its texts and its answer.

A call that was picked up is not an answer, and a text that was delivered is not a call that was picked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, DeliveryState


class Contact(StrEnum):
    """What has become of one call or text, in the words of somebody who watches."""

    WAITING = "waiting"
    AGAIN = "again"
    """In vain so far, and to be tried again."""
    PLACING = "placing"
    RINGING = "ringing"
    ON_LINE = "on_line"
    PICKED_UP = "picked_up"
    SENT = "sent"
    DELIVERED = "delivered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    NOT_NEEDED = "not_needed"


IN_VAIN = frozenset({Contact.BUSY, Contact.NO_ANSWER, Contact.FAILED})
OVER = IN_VAIN | {Contact.PICKED_UP, Contact.SENT, Contact.DELIVERED, Contact.NOT_NEEDED}

_PLACED = {
    AttemptState.RINGING: Contact.RINGING,
    AttemptState.IN_PROGRESS: Contact.ON_LINE,
    AttemptState.SENT: Contact.SENT,
}
_UNREACHED = {AttemptState.BUSY: Contact.BUSY, AttemptState.NO_ANSWER: Contact.NO_ANSWER}


def find_contact(channel: Channel, state: DeliveryState, attempt: AttemptState | None) -> Contact:
    """What a delivery and its latest attempt come to."""
    match state:
        case DeliveryState.WAITING:
            return Contact.WAITING if attempt is None else Contact.AGAIN
        case DeliveryState.CLAIMED:
            return Contact.PLACING
        case DeliveryState.PLACED:
            return _PLACED.get(attempt, Contact.PLACING) if attempt is not None else Contact.PLACING
        case DeliveryState.REACHED if channel is Channel.CALL:
            return Contact.PICKED_UP
        case DeliveryState.REACHED:
            return Contact.DELIVERED if attempt is AttemptState.DELIVERED else Contact.SENT
        case DeliveryState.CANCELLED:
            return Contact.NOT_NEEDED
        case _:
            return _UNREACHED.get(attempt, Contact.FAILED) if attempt is not None else Contact.FAILED


class HouseholdState(StrEnum):
    """Where a household stands, in the order of a board: who needs somebody's eyes, who comes, and the rest."""

    UNREACHED = "unreached"
    """Every call and text to every one of its phones was in vain."""
    NO_KEY = "no_key"
    """Somebody, or a machine, picked up, and pressed nothing."""
    NOT_PICKED_UP = "not_picked_up"
    """Every call was in vain; a text went out."""
    TEXTED = "texted"
    """Its phones take only texts; one went out."""
    COMING = "coming"
    ON_SCENE = "on_scene"
    ON_LINE = "on_line"
    RINGING = "ringing"
    WAITING = "waiting"
    CANNOT = "cannot"
    NOT_NEEDED = "not_needed"


EYES_FIRST = {state: rank for rank, state in enumerate(HouseholdState)}

ANSWERED = {
    Answer.COMING: HouseholdState.COMING,
    Answer.CANNOT: HouseholdState.CANNOT,
    Answer.ON_SCENE: HouseholdState.ON_SCENE,
}


@dataclass(frozen=True, slots=True)
class Reached:
    """One call or text to a household, as far as its state depends on it."""

    channel: Channel
    contact: Contact


def judge_household(answer: Answer | None, reached: Sequence[Reached]) -> HouseholdState:
    """Where a household stands, from its newest answer and all calls and texts to it."""
    if answer is not None:
        return ANSWERED[answer]
    contacts = {each.contact for each in reached}
    calls = {each.contact for each in reached if each.channel is Channel.CALL}
    if Contact.ON_LINE in contacts:
        return HouseholdState.ON_LINE
    if Contact.RINGING in contacts:
        return HouseholdState.RINGING
    if not calls <= OVER:
        return HouseholdState.WAITING
    if Contact.PICKED_UP in calls:
        return HouseholdState.NO_KEY
    if contacts & {Contact.SENT, Contact.DELIVERED}:
        return HouseholdState.NOT_PICKED_UP if calls & IN_VAIN else HouseholdState.TEXTED
    if contacts <= {Contact.NOT_NEEDED}:
        return HouseholdState.NOT_NEEDED
    return HouseholdState.UNREACHED if contacts <= OVER else HouseholdState.WAITING
