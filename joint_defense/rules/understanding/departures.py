"""Gone: whether somebody has been there and left, or was about to come and did not. Such words are no answer."""

from __future__ import annotations

import re

from joint_defense.rules.understanding import gone_words as words
from joint_defense.rules.understanding.spelling import Clause

_BEEN = re.compile(words.BEEN)
_MOVED = re.compile(words.MOVED)
_FOUND = re.compile(words.FOUND)
_FOUND_ALL_WELL = re.compile(words.FOUND_ALL_WELL)
_WAS_ABOUT_TO = re.compile(words.WAS_ABOUT_TO)
_IT_WAS = re.compile(words.IT_WAS)
_DID_NOT = re.compile(words.DID_NOT)
_SET_OUT = re.compile(words.SET_OUT)
_CALLED_OFF = re.compile(words.CALLED_OFF)
_WAS_COMING = re.compile(words.WAS_COMING)
_LEFT = re.compile(words.LEFT)


def does_not_come(clauses: list[Clause]) -> bool:
    """Whether clauses that speak of coming tell that their writer has been there already, or did not set out."""
    said = _list_parts(clauses)
    for at, each in enumerate(said):
        later = said[at + 1 :]
        if _BEEN.search(each) or _IT_WAS.search(each) or _WAS_COMING.search(each):
            return True
        if _MOVED.match(each) and any(_FOUND.search(one) for one in later):
            return True
        if _MOVED.match(each) and "过去了" in each and any(_FOUND_ALL_WELL.match(one) for one in later):
            return True
        if _SET_OUT.match(each) and any(_CALLED_OFF.search(one) for one in later):
            return True
        if _WAS_ABOUT_TO.match(each) and any(_DID_NOT.search(one) for one in later):
            return True
    return False


def has_left(clauses: list[Clause]) -> bool:
    """Whether somebody who was there says that they are gone again."""
    return any(_LEFT.search(each) for each in _list_parts(clauses)[1:])


def _list_parts(clauses: list[Clause]) -> list[str]:
    return [part for clause in clauses for part in clause.parts or (clause.words,)]
