"""Names, doors and landmarks as they are kept: trimmed, without tricks, short enough to be spoken.

What is an address of the web stands here too: neighbours get names and words of others under our name, and are never
led away by them.
"""

from __future__ import annotations

import re
import unicodedata

from groups.errors import Message, say

LONGEST_NAME = 64
NO_LINK = say("has_an_address_of_the_web")
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

_PATH = r"[^\s\u3000-\u9fff，。]"
_ENDINGS = (
    "com|cn|net|org|top|xyz|cc|info|io|vip|link|site|app|icu|shop|club|online|ly|gl|co|tk|ru|hk|tw|pw|dev|biz|mobi|asia"
)
"""Of addresses without a path, as telephones make a link of them."""
_ENDINGS_IN_NAMES = (
    rf"{_ENDINGS}|me|in|us|uk|im|la|tv|gov|edu|store|live|fun|win|pro|work|xn--[a-z0-9\-]+"
    "|中国|公司|网络|网址"
)
"""In a sentence "help.me" is no address; in a name nothing like it is anything else."""


def _match_links(endings: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?:(?<![a-z0-9])[a-z][a-z0-9+.\-]{{1,15}}://|(?<![a-z0-9])(?:https?://|www\.)){_PATH}+"
        rf"|(?<![\d.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?::\d{{1,5}}{_PATH}{{0,200}}|/{_PATH}*)"
        r"|(?<![a-z0-9\-])[a-z0-9\-]{1,63}(?:\.[a-z0-9\-]{1,63}){0,6}"
        rf"(?:\.(?:{endings})(?![a-z0-9\-])(?:/{_PATH}*)?|\.[a-z]{{2,24}}/{_PATH}+)",
        re.IGNORECASE,
    )


_LINK = _match_links(_ENDINGS)
_LINK_IN_NAME = _match_links(_ENDINGS_IN_NAMES)


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


def cut_links(text: str) -> str:
    """A sentence without addresses of the web."""
    return _LINK.sub("…", text)


def find_flaw(text: str, longest: int = LONGEST_NAME) -> str | None:
    """Why a tidied text cannot be kept: `too_long`, `control_characters`, `link`, or None where it can.

    Half a surrogate pair, which JSON can carry, counts as a control character: no database takes it.
    """
    if len(text) > longest:
        return "too_long"
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        return "control_characters"
    return "link" if _LINK_IN_NAME.search(text) else None


def judge_name(text: str, length: Message, longest: int = LONGEST_NAME) -> Message | None:
    """What is wrong with a tidied name that has to be there, in words; `length` where there is none, or too much."""
    flaw = find_flaw(text, longest) if text else "too_long"
    return None if flaw is None else NO_LINK if flaw == "link" else length


def strip_kind_of_village(name: str) -> str:
    """A village's name without what it is: 东街 for 东街村, 东街社区, 东街村村民委员会."""
    return re.sub(r"(?<=..)(村|社区|居)?(村民委员会|居民委员会|村委会|居委会|村|社区|居)$", "", name[:200])
