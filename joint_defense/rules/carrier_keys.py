"""The key of what came in: the carrier's own id of it, and what it was. The same key again changes nothing."""

from __future__ import annotations

CALLS = "voice:"
"""How the keys of calls begin."""
TEXTS = "sms:"


def make_call_key(sid: str) -> str:
    """Somebody has called our number."""
    return f"{CALLS}{sid}"


def make_alarm_key(sid: str) -> str:
    """A call has raised an alarm."""
    return f"{CALLS}{sid}:alarm"


def make_wordless_key(sid: str) -> str:
    """A call has ended without a word."""
    return f"{CALLS}{sid}:wordless"


def make_said_key(sid: str, asked: int) -> str:
    """What was pressed or said when the menu was put for the `asked`th time, and was no alarm."""
    return f"{CALLS}{sid}:said:{asked}"


def make_test_key(sid: str) -> str:
    """A call has asked for a test of its phone."""
    return f"{CALLS}{sid}:test"


def make_press_key(sid: str, delivery_id: int, key: str) -> str:
    """A neighbour has pressed a key on a call about a delivery."""
    return f"{CALLS}{sid}:{delivery_id}:{key}"


def make_text_key(sid: str) -> str:
    """A message has come in."""
    return f"{TEXTS}{sid}"
