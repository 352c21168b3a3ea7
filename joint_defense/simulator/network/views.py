"""How the control API shows a handset, its calls and its texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from joint_defense.simulator.network.records import Call, CallStatus, Heard, Message

if TYPE_CHECKING:
    from joint_defense.simulator.network.network import Handset


def heard_view(heard: Heard) -> dict[str, Any]:
    """What sounded: `at_ms` is the telephone's milliseconds since the call was answered, `at` epoch seconds."""
    return {
        "at_ms": heard.at_ms,
        "at": heard.at,
        "verb": heard.verb,
        "text": heard.text,
        "language": heard.language,
        "voice": heard.voice,
        "complete": heard.complete,
    }


def call_view(call: Call) -> dict[str, Any]:
    """A call as its handset saw it."""
    return {
        "sid": call.sid,
        "direction": call.direction,
        "attempt": call.attempt,
        "status": call.status,
        "from": call.sender,
        "to": call.to,
        "heard": [heard_view(heard) for heard in call.heard],
        "pressed": list(call.pressed),
        "says": call.says,
        "conference": call.conference,
        "parent_sid": call.parent_sid,
        "created_at": call.created_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "duration": call.duration,
    }


def message_view(message: Message) -> dict[str, Any]:
    """A text as its handset saw it."""
    return {
        "sid": message.sid,
        "direction": message.direction,
        "from": message.sender,
        "to": message.to,
        "body": message.body,
        "status": message.status,
        "segments": message.segments,
        "error_code": message.error_code,
        "at": message.sent_at or message.created_at,
    }


def handset_summary(handset: Handset) -> dict[str, Any]:
    """A handset in a list: without its history."""
    leg = handset.leg
    return {
        "number": handset.number,
        "name": handset.name,
        "state": handset_state(handset),
        "call_sid": leg.call.sid if leg else None,
        "attempts": handset.attempts,
    }


def handset_view(handset: Handset) -> dict[str, Any]:
    """A handset with everything it remembers, oldest first."""
    return handset_summary(handset) | {
        "script": handset.scripted,
        "calls": [call_view(call) for call in handset.calls],
        "messages": [message_view(message) for message in handset.messages],
    }


def handset_state(handset: Handset) -> str:
    """idle, ringing, dialing (its own call is not answered yet) or in_call."""
    if handset.leg is None:
        return "idle"
    if handset.leg.call.status is CallStatus.IN_PROGRESS:
        return "in_call"
    return "dialing" if handset.leg.call.inbound else "ringing"
