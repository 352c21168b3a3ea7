"""The key of what came in: the carrier's own id of it, and what it was. The same key again changes nothing."""

from __future__ import annotations

CALLS = "voice:"
"""How the keys of calls begin."""
TEXTS = "sms:"


def key_of_call(sid: str) -> str:
    """Somebody has called our number."""
    return f"{CALLS}{sid}"


def key_of_alarm(sid: str) -> str:
    """A call has raised an alarm."""
    return f"{CALLS}{sid}:alarm"


def key_of_wordless(sid: str) -> str:
    """A call has ended without a word."""
    return f"{CALLS}{sid}:wordless"


def key_of_press(sid: str, delivery_id: int, key: str) -> str:
    """A neighbour has pressed a key on a call about a delivery."""
    return f"{CALLS}{sid}:{delivery_id}:{key}"


def key_of_text(sid: str) -> str:
    """A message has come in."""
    return f"{TEXTS}{sid}"
