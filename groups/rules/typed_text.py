"""Names, doors and landmarks as they are kept: trimmed, without tricks, short enough to be spoken."""

from __future__ import annotations

import re
import unicodedata

LONGEST_NAME = 64
LONGEST_READ = 2_000
"""Nothing longer is made plain: the time it takes grows with the square of a row of accents. No name is so long."""

_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
"""Marks of direction, joints, soft hyphens, selectors of a sign's form: nobody sees them, and no search finds them."""
_VERTICAL = re.compile(r"[^\ufe10-\ufe19]+")
"""Everything but the signs of upright writing, which GB18030 keeps apart from their plain forms."""
# Tabs and line breaks are blanks; what else \s takes in (vertical tab, file separator) is a control character.
_BLANKS = re.compile(r"[^\S\x0b\x0c\x1c-\x1f\x85]+")
_HAN = r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]"
_BLANK_BETWEEN_HAN = re.compile(rf"(?<={_HAN}) (?={_HAN})")


def without_invisible(text: str) -> str:
    """The text without the signs that nobody sees."""
    return _INVISIBLE.sub("", text)


def tidy(text: str) -> str:
    """The text as it is kept: full-width forms made plain, no blanks at its ends or between Chinese characters.

    What is longer than LONGEST_READ comes back as it is, cut there: `flaw` says that it is too long.
    """
    if len(text) > LONGEST_READ:
        return text[:LONGEST_READ]
    visible = without_invisible(_VERTICAL.sub(lambda run: unicodedata.normalize("NFKC", run[0][:LONGEST_READ]), text))
    return _BLANK_BETWEEN_HAN.sub("", _BLANKS.sub(" ", visible).strip(" "))


def find_flaw(text: str) -> str | None:
    """Why a tidied text cannot be kept: `too_long`, `control_characters`, or None where it can.

    Half a surrogate pair, which JSON can carry, counts as a control character: no database takes it.
    """
    if len(text) > LONGEST_NAME:
        return "too_long"
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        return "control_characters"
    return None


def strip_kind_of_village(name: str) -> str:
    """A village's name without what it is: 东街 for 东街村, 东街社区, 东街村村民委员会."""
    return re.sub(r"(?<=..)(村|社区|居)?(村民委员会|居民委员会|村委会|居委会|村|社区|居)$", "", name[:200])
