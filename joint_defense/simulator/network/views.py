"""How the control API shows the records of a handset: its calls, its texts, and what sounded."""

from __future__ import annotations

from typing import Any

from joint_defense.simulator.network.records import Call, Heard, Message


def show_heard(heard: Heard) -> dict[str, Any]:
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


def show_call(call: Call) -> dict[str, Any]:
    """A call as its handset saw it."""
    return {
        "sid": call.sid,
        "direction": call.direction,
        "attempt": call.attempt,
        "status": call.status,
        "from": call.sender,
        "to": call.to,
        "heard": [show_heard(heard) for heard in call.heard],
        "pressed": list(call.pressed),
        "says": call.says,
        "conference": call.conference,
        "parent_sid": call.parent_sid,
        "created_at": call.created_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "duration": call.duration,
    }


def show_message(message: Message) -> dict[str, Any]:
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
