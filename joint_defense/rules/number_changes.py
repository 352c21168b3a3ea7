"""A text that says another number: what it changes, and of whom. In doubt nothing is guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

LONGEST = 80
_ENDS = " \t\n.,;:!?。，、；：！？~"
# A name may stand before the word or behind it, the last digits of the old number before the new one.
_CHANGE = re.compile(
    r"(?P<before>[^\d+\W]{0,24})[ 的:,，、]{0,3}"
    r"(?:手机|电话|号码)?(?:改成|改为|改|换成|换|新号码|新号|new number|new|change)(?:号码|号)?[ :,，、]{0,3}"
    r"(?P<name>[^\d+\W][^\d+]{0,23}?)??[ 的:,，、]{0,3}"
    r"(?:(?:尾号|ending) ?)?(?:(?P<ending>\d{4})[ :,，、]{1,3})?"
    r"(?P<number>\+?\d[\d -]{4,20})",
    re.IGNORECASE,
)
_OF_A_PHONE = re.compile(r"的?(?:手机|电话|号码)+$")
_BARE = re.compile(r"\+?\d[\d -]{6,20}")


@dataclass(frozen=True, slots=True)
class WantedChange:
    """Of which household, or by which last digits (empty: not said), and the number as it is written."""

    name: str
    ending: str
    number: str


class Changeable(Protocol):
    """A phone that somebody may change; `groups.directory.ChangeablePhone` is one."""

    @property
    def phone_id(self) -> int: ...
    @property
    def number(self) -> str: ...
    @property
    def head(self) -> str: ...
    @property
    def household_name(self) -> str: ...
    @property
    def household_name_en(self) -> str: ...
    @property
    def failing(self) -> bool: ...
    @property
    def own(self) -> bool: ...


PhoneT = TypeVar("PhoneT", bound=Changeable)


class Unclear(StrEnum):
    """Why it is not known which phone is meant."""

    WHOSE = "whose"
    """Which household: a name is needed."""
    WHICH = "which"
    """Which phone of the household: its last digits are needed."""
    NOBODY = "nobody"
    """Nobody whom they may change is called so, or has a number that ends so."""


def read_change(text: str) -> WantedChange | None:
    """What a text changes; None for one that speaks of something else."""
    plain = unicodedata.normalize("NFKC", text[: 2 * LONGEST]).strip(_ENDS)
    found = _CHANGE.fullmatch(plain) if len(plain) <= LONGEST else None
    if found is None:
        return None
    name = _OF_A_PHONE.sub("", (found["before"] or found["name"] or "").strip(_ENDS))
    return WantedChange(name, found["ending"] or "", found["number"].strip())


def read_bare_number(text: str) -> WantedChange | None:
    """The same for a text that is nothing but a number."""
    plain = unicodedata.normalize("NFKC", text[: 2 * LONGEST]).strip(_ENDS)
    return WantedChange("", "", plain) if _BARE.fullmatch(plain) else None


def choose_phone(
    phones: Sequence[PhoneT], asked: Collection[int], wanted: WantedChange, sender: str
) -> PhoneT | Unclear:
    """Which phone is meant, of those that the sender may change. `asked`: the phones they were asked about."""
    if wanted.name or wanted.ending:
        found = [each for each in phones if _is_meant(each, wanted)]
        if not found:
            return Unclear.NOBODY
    else:
        found = [each for each in phones if each.phone_id in asked]
        found = found or [each for each in phones if each.number == sender] or list(phones)
    # Of several those are meant that were asked about, then those that fail.
    for prefer in (lambda each: each.phone_id in asked, lambda each: each.failing):
        some = [each for each in found if prefer(each)]
        found = some or found
    if len(found) == 1:
        return found[0]
    return Unclear.WHOSE if len({each.household_name for each in found}) > 1 else Unclear.WHICH


def _is_meant(phone: Changeable, wanted: WantedChange) -> bool:
    if wanted.ending and not phone.number.endswith(wanted.ending):
        return False
    name = wanted.name.removesuffix("家").casefold().removeprefix("the ").removesuffix(" household")
    english = phone.household_name_en.casefold().removeprefix("the ").removesuffix(" household")
    return not name or name == phone.head or name == phone.household_name.removesuffix("家") or name == english
