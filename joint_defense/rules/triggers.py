"""What came in from a phone: what counts as a call for help on its keys, what may have happened, and the key of each.

Texts are read in `understanding`. The key is the carrier's own id of the event and what it was: the same key again
changes nothing.
"""

from __future__ import annotations

from enum import StrEnum


class Category(StrEnum):
    """What has happened (警情类别)."""

    UNSPECIFIED = "unspecified"
    BURGLARY = "burglary"
    FIRE = "fire"
    MEDICAL = "medical"
    OTHER = "other"


TEST_KEY = "8"


def asks_for_test(keys: str) -> bool:
    """Whether what was pressed asks for a test of the phone: the 8, also twice, with no other key beside it."""
    return bool(keys) and set(keys) == {TEST_KEY}


def has_alarm(keys: str) -> bool:
    """Whether what was pressed raises the alarm: `#9` anywhere, or a 9 with nothing but 9, # and * beside it.

    A lone 9, or 9#, is somebody in a hurry; 19 or 92 may be somebody dialling on.
    """
    return "#9" in keys or ("9" in keys and set(keys) <= set("9#*"))


def is_keys(said: str) -> bool:
    """Whether it was pressed, not spoken."""
    return bool(said) and all(sign in "0123456789*#" for sign in said)


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
