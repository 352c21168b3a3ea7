"""What a password must be, after NIST SP 800-63B: long enough, not among the first guesses; no signs are demanded."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise

SHORTEST = 8
LONGEST = 128

# The first guesses of somebody at a village office's keyboard; runs like 12345678 are found by rule.
_COMMON = frozenset(
    {
        *("password", "passw0rd", "password1", "qwertyui", "qwertyuiop", "iloveyou", "woaini1314", "woaini520"),
        *("5201314520", "a1234567", "a12345678", "a123456789", "abc12345", "abcd1234", "1qaz2wsx", "1q2w3e4r"),
        *("admin123", "admin1234", "administrator", "shihuliianfang", "lianfang", "lianfang9", "pingan123"),
        *("zhongguo", "11223344", "12341234", "88888888a", "asdfghjkl", "zxcvbnm1", "qq123456", "letmein1"),
    }
)


class Weakness(StrEnum):
    """Why a password is refused."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    GUESSABLE = "guessable"
    """One of the first that anybody would try."""
    NAMES_ITS_OWNER = "names_its_owner"


def fold(password: str) -> str:
    """The password as it is hashed: full-width and composed forms made one, as keyboards differ."""
    return unicodedata.normalize("NFKC", password[: LONGEST + 1])


def find_weakness(password: str, owner: Iterable[str] = ()) -> Weakness | None:
    """Why this password is refused, or None. `owner` is what is known of its owner: name, phone."""
    given = fold(password)
    if len(given) < SHORTEST:
        return Weakness.TOO_SHORT
    if len(given) > LONGEST:
        return Weakness.TOO_LONG
    folded = given.casefold()
    if folded in _COMMON or len(set(folded)) <= 2 or _is_a_run(folded):
        return Weakness.GUESSABLE
    if any(_is_the_number(given, own) for own in owner):
        return Weakness.NAMES_ITS_OWNER
    if any(len(own) >= 2 and own.casefold() in folded and len(folded) - len(own) < 4 for own in owner):
        return Weakness.NAMES_ITS_OWNER
    return None


def _is_the_number(password: str, own: str) -> bool:
    """Whether a password is no more than its owner's number, however written: +86 139-…, 0574 …, without the code."""
    if not own.startswith("+") or any(sign.isalpha() for sign in password):
        return False
    number = "".join(sign for sign in own if sign.isdigit())
    typed = "".join(sign for sign in password if sign.isdigit()).lstrip("0")
    return len(typed) >= SHORTEST - 1 and (typed in number or number in typed) and abs(len(number) - len(typed)) < 7


def _is_a_run(text: str) -> bool:
    """Whether each sign follows, or precedes, the one before it: 12345678, 87654321, 23456789, abcdefgh, 67890123."""
    steps = {
        (ord(after) - ord(before)) % 10 if text.isdigit() else ord(after) - ord(before)
        for before, after in pairwise(text)
    }
    return steps in ({1}, {-1}, {9})
