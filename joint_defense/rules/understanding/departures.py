"""Gone: whether somebody has been there and left, or did not set out, or whether others were seen to pass.

Such words are no answer. What the clause ahead tells of the writer makes one of words that are none alone.
"""

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
_STRANGER = re.compile(words.STRANGER)
_NOBODY = re.compile(words.NOBODY)
_WRITER_MOVES = re.compile(words.WRITER_MOVES)
_THEY_ARE_AWAY = re.compile(words.THEY_ARE_AWAY)
_THEIR_PLACE = re.compile(words.THEIR_PLACE)
_OWN_PLACE = re.compile(words.OWN_PLACE)
_BY_A_WAY = re.compile(words.BY_A_WAY)
_COMFORTS = re.compile(words.COMFORTS)
_KIN_SPEAKS = re.compile(words.KIN_SPEAKS)


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


def tells_of_strangers(clauses: list[Clause], at: int) -> bool:
    """Whether the movement in a clause may be that of somebody who was seen: "一个男的，骑车过去了"."""
    here = clauses[at].words
    if _WRITER_MOVES.search(here):
        return False
    ahead = [each.words for each in clauses[:at]]
    return any(_STRANGER.match(each) or _NOBODY.search(each) for each in ahead if "我们" not in each) or any(
        _STRANGER.match(each.words) for each in clauses[at + 1 : at + 2]
    )


def tells_of_a_stranger(words_: str) -> bool:
    """Whether words tell of somebody who was seen: what stands behind their blank may be of them."""
    return _STRANGER.match(words_) is not None and "我们" not in words_


def tells_of_the_absent(clauses: list[Clause], at: int) -> bool:
    """Whether a clause says where those are whom the clause ahead calls away: "他家没人的，都在城里"."""
    return (
        at > 0
        and _THEY_ARE_AWAY.match(clauses[at - 1].words) is not None
        and _THEIR_PLACE.match(clauses[at].words) is not None
    )


def say_who_moves(clauses: list[Clause], at: int) -> str:
    """The words of a clause, in the first person where the clauses ahead tell that its writer is meant."""
    here = clauses[at].words
    ahead = [each.words for each in clauses[:at]]
    if _BY_A_WAY.match(here) and (here.startswith("抄") or any(_OWN_PLACE.match(each) for each in ahead)):
        return "我过去"
    if any(_COMFORTS.match(each) for each in ahead) and _KIN_SPEAKS.match(here):
        return _KIN_SPEAKS.sub("我", here)
    return here


def _list_parts(clauses: list[Clause]) -> list[str]:
    return [part for clause in clauses for part in clause.parts or (clause.words,)]
