"""Machines: automatic replies, codes, couriers, notices, and a text that comes again and again."""

from __future__ import annotations

import re

from joint_defense.rules.understanding.machine_words import (
    CRIES,
    LIKELY,
    LIKELY_ENOUGH,
    NOTICES,
    PERSONS_BRACKETS,
    REPLIES,
)
from joint_defense.rules.understanding.spelling import fold, squeeze

_REPLY = re.compile("|".join(f"(?:{each})" for each in REPLIES))
_NOTICE = re.compile("|".join(f"(?:{each})" for each in NOTICES))
_CRY = re.compile(CRIES)
_LIKELY = [re.compile(each) for each in LIKELY]
_BRACKETS = re.compile(r"^\s*【([^】\n]{2,24})】|【([^】\n]{2,24})】\s*$")
_PERSONS = re.compile(PERSONS_BRACKETS)
_AGAIN = 2
_SHORT = 6


def is_machine(text: str, said_before: int = 0) -> bool:
    """Whether no person wrote this text. `said_before`: how often the same phone sent the very same lately.

    Only texts of some length come from a machine because they repeat themselves: a person in fear repeats "快来".
    """
    folded = fold(text)
    bracket = _BRACKETS.search(folded)
    if bracket is not None and not _PERSONS.search(bracket.group(1) or bracket.group(2) or ""):
        return True
    if _REPLY.search(folded) or (_NOTICE.search(folded) and not _CRY.search(folded)):
        return True
    if sum(1 for each in _LIKELY if each.search(folded)) >= LIKELY_ENOUGH:
        return True
    return said_before >= _AGAIN and len(squeeze(text)) > _SHORT
