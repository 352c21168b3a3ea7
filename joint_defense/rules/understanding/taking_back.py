"""Taking back: whether a caller says that the alarm was none, or that the trouble is over. In doubt it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from joint_defense.rules.understanding import taking_back_words as words
from joint_defense.rules.understanding.answers import asks_anything
from joint_defense.rules.understanding.meanings import Meaning
from joint_defense.rules.understanding.signs import Clause, fold, split_clauses, squeeze

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
_MUCH_BESIDE = 8
"""Signs in the clause beside the words; more must speak of the caller, or something else is cancelled."""
_OPEN = re.compile("(?:不|没|没有|别|不是|不用|等|如果|要是|让|叫|请|被|的|说)$")


def find_taken_back(text: str, *, in_danger: bool) -> Meaning | None:
    """Whether a caller takes the alarm back (TAKEN_BACK), or says that the trouble is over (SOLVED).

    `in_danger`: the text names a danger that holds; then only "误报" and the like take it back.
    """
    folded = fold(text)
    if re.fullmatch(words.ZERO, squeeze(text)) or re.match(words.ZERO_AND_WORDS, folded):
        return None if asks_anything(text) else Meaning.TAKEN_BACK
    if _BUT.search(folded):
        in_danger = in_danger or not _TAKEN_BACK.search(folded)
    clauses = list(_list_by_parts(split_clauses(text)))
    found: set[Meaning] = set()
    for clause in clauses:
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
    if len(clause.words) - len(hit[0]) > _MUCH_BESIDE and not _OF_THE_CALLER.search(clause.words):
        return False
    others = [each for each in clauses if each is not clause]
    return not (_DETAIL_MAY_BE_WRONG.search(hit[0]) and any(_DETAILS.search(each.words) for each in others))


def _list_by_parts(clauses: list[Clause]) -> Iterator[Clause]:
    """The clauses, each divided where blanks stand for stops; not where one part turns the next one off."""
    for clause in clauses:
        if clause.asks or any(_OPEN.search(each) for each in clause.parts):
            yield clause
        else:
            yield from (Clause(each, asks=False) for each in clause.parts or (clause.words,))
