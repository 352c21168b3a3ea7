"""Taking back: whether a caller says that the alarm was none, or that the trouble is over. In doubt it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from joint_defense.rules.understanding import taking_back_words as words
from joint_defense.rules.understanding.answers import asks_anything
from joint_defense.rules.understanding.dangers import find_dangers
from joint_defense.rules.understanding.meanings import Meaning
from joint_defense.rules.understanding.spelling import Clause, fold, split_clauses, squeeze

_PERSON_IS_WELL = re.compile(words.PERSON_IS_WELL)
_TAKEN_BACK = re.compile("|".join(f"(?:{each})" for each in words.TAKEN_BACK))
_SOLVED = re.compile("|".join(f"(?:{each})" for each in words.SOLVED))
_NOT_OWN_WORDS = re.compile(words.NOT_OWN_WORDS)
_NOT_TURNED_OFF = re.compile(words.NOT_TURNED_OFF)
_GOES_ON = re.compile(words.GOES_ON)
_DETAILS = re.compile(words.DETAILS)
_DETAIL_MAY_BE_WRONG = re.compile(words.DETAIL_MAY_BE_WRONG)
_BUT = re.compile(words.BUT)
_RHETORICAL = re.compile(r"(.{2,3})什么\1|(?:才|就)怪")
_OF_THE_CALLER = re.compile(words.OF_THE_CALLER)
_BESIDE_IT = re.compile(words.BESIDE_IT)
_ENGLISH_BESIDE_IT = frozenset(words.ENGLISH_BESIDE_IT.split())
_ALL_IS_WELL = re.compile(words.ALL_IS_WELL)
_HEDGED = re.compile(words.HEDGED)
_EARLIER = re.compile(words.EARLIER)
_OF_A_DETAIL = re.compile(words.OF_A_DETAIL)
_HAN = re.compile("[\u3400-\u9fff]")
_ZERO_AHEAD = re.compile(r"^[\s0]+")
_MUCH_BESIDE = 8
"""Signs in the clause before the words; more must speak of the caller, or something else is cancelled."""
_OPEN = re.compile("(?:不|没|没有|别|不是|不用|等|如果|要是|让|叫|请|被|的|说)$")


def find_taken_back(text: str, *, in_danger: bool) -> Meaning | None:
    """Whether a caller takes the alarm back (TAKEN_BACK), or says that the trouble is over (SOLVED).

    `in_danger`: the text names a danger that holds; then only "误报" and the like take it back.
    """
    folded = fold(text)
    if re.fullmatch(words.ZERO, squeeze(text)):
        return None if asks_anything(text) else Meaning.TAKEN_BACK
    if re.match(words.ZERO_AND_WORDS, folded):
        behind = list(_list_by_parts(split_clauses(_ZERO_AHEAD.sub("", folded))))
        return None if asks_anything(text) or not all(map(_leaves_it, behind)) else Meaning.TAKEN_BACK
    if _EARLIER.search(folded):
        return None
    if _BUT.search(folded):
        in_danger = in_danger or not _TAKEN_BACK.search(folded)
    clauses = list(_list_by_parts(split_clauses(text)))
    found: set[Meaning] = set()
    for clause in clauses:
        if found and not _leaves_it(clause):
            return None
        if clause.asks:
            continue
        if _RHETORICAL.search(clause.words):
            return None
        for meaning, pattern in ((Meaning.TAKEN_BACK, _TAKEN_BACK), (Meaning.SOLVED, _SOLVED)):
            hit = pattern.search(clause.words)
            if hit is None or (meaning is Meaning.SOLVED and _PERSON_IS_WELL.search(clause.words)):
                continue
            if not _holds(clause, hit, clauses):
                return None
            found.add(meaning)
    if Meaning.TAKEN_BACK in found:
        return Meaning.TAKEN_BACK
    return Meaning.SOLVED if found and not in_danger else None


def _holds(clause: Clause, hit: re.Match[str], clauses: list[Clause]) -> bool:
    """Whether nothing around the words turns them off."""
    before = _NOT_TURNED_OFF.sub("", clause.words[: hit.start()])
    if _NOT_OWN_WORDS.search(before) or _GOES_ON.search(clause.words[hit.end() :]):
        return False
    if _OF_A_DETAIL.search(before) and "错" in hit[0]:
        return False
    if _HEDGED.search(before) or clause.words.endswith("事了吧"):
        return False
    if not _is_beside(clause.words[hit.end() :]):
        return False
    if hit.start() > _MUCH_BESIDE and not _OF_THE_CALLER.search(clause.words):
        return False
    others = [each for each in clauses if each is not clause]
    return not (_DETAIL_MAY_BE_WRONG.search(hit[0]) and any(_DETAILS.search(each.words) for each in others))


def _leaves_it(clause: Clause) -> bool:
    """Whether a clause behind a taking back leaves it the last word: thanks, apology, that all is well, or it again."""
    if clause.asks or find_dangers(clause.words):
        return False
    return _is_beside(clause.words)


def _is_beside(rest: str) -> bool:
    """Whether these words turn no taking back off that stands before them."""
    while _HAN.search(rest):
        beside = _BESIDE_IT.match(rest)
        rest = rest[beside.end() :] if beside is not None else rest
        if not rest or _ALL_IS_WELL.fullmatch(rest):
            return True
        again = _TAKEN_BACK.search(rest) or _SOLVED.search(rest)
        if again is None or _NOT_OWN_WORDS.search(_NOT_TURNED_OFF.sub("", rest[: again.start()])):
            return False
        rest = rest[again.end() :]
    return _ENGLISH_BESIDE_IT.issuperset(re.findall(r"[a-z0-9']+", rest))


def _list_by_parts(clauses: list[Clause]) -> Iterator[Clause]:
    """The clauses, each divided where blanks stand for stops; not where one part turns the next one off."""
    for clause in clauses:
        if clause.asks or any(_OPEN.search(each) for each in clause.parts):
            yield clause
        else:
            yield from (Clause(each, asks=False) for each in clause.parts or (clause.words,))
