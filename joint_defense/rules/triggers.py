"""What counts as a call for help on a phone's keys, and what may have happened. Texts are read in `understanding`."""

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
