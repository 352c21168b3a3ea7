"""Understand: a text and who its writer is become one conclusion."""

from __future__ import annotations

import re

from groups.rules.typed_text import cut_links
from joint_defense.rules.triggers import Category
from joint_defense.rules.understanding.answers import (
    answer_in_words,
    find_minutes,
    find_number,
    find_question,
    refuses_firmly,
    says_all_over,
)
from joint_defense.rules.understanding.danger_words import CALLS_FOR_HELP, CARED_FOR, LOOKS_BACK, OLD_INJURY
from joint_defense.rules.understanding.dangers import Danger, Kind, find_dangers, presses_nine
from joint_defense.rules.understanding.machines import is_machine
from joint_defense.rules.understanding.meanings import ANSWERS, Meaning, Understood, Writer
from joint_defense.rules.understanding.sender_own_text import find_own_part, is_hearsay_quote
from joint_defense.rules.understanding.spelling import fold, peel, say_once, split_clauses, squeeze
from joint_defense.rules.understanding.taking_back import find_taken_back


def understand(
    text: str, writer: Writer, *, leads: bool = False, answered: bool = False, said_before: int = 0
) -> Understood:
    """What a text means from somebody of this kind.

    `leads`: the writer leads the group whose alarm is open. `answered`: they have answered it before. `said_before`:
    how often the same phone sent the very same lately. In doubt between an answer and nothing it is nothing; in doubt
    whether somebody at rest needs help, it is an alarm.
    """
    own = find_own_part(text)
    if own.reacts or own.forwarded:
        return Understood(Meaning.MACHINE)
    words = say_once(peel(cut_links(own.words).strip()))
    if not words or (not squeeze(words) and not fold(words).strip()):
        return Understood(Meaning.NOTHING)
    if presses_nine(words):
        return Understood(Meaning.ALARM, _choose_category(find_dangers(words)), _read_beside(words))
    number = find_number(words)
    if number is None and is_machine(own.words, said_before):
        return Understood(Meaning.MACHINE, words=words)
    if writer is Writer.RUNG and number is None and is_hearsay_quote(own.words):
        return Understood(Meaning.TOLD, words=words)
    dangers = find_dangers(words)
    if writer is Writer.CALLER:
        return _from_caller(words, dangers)
    if writer is Writer.AT_REST:
        return _read_at_rest(words, dangers)
    return _from_helper(words, dangers, number, writer, leads=leads, answered=answered)


def is_clear_number(text: str) -> bool:
    """Whether the text is a clear 1, 2 or 3, whoever writes it."""
    return find_number(say_once(peel(cut_links(find_own_part(text).words).strip()))) is not None


def _from_caller(words: str, dangers: list[Danger]) -> Understood:
    holds = any(each.kind is not Kind.CALL for each in dangers)
    meaning = find_taken_back(words, in_danger=holds)
    question = find_question(words)
    if meaning is not None:
        return Understood(meaning, words=words, question=question)
    if any(each.kind is Kind.CRY and not each.reported for each in dangers):
        # Still in need: whoever has been rung long ago is rung again.
        return Understood(Meaning.ALARM, _choose_category(dangers), words, question)
    return Understood(Meaning.TOLD, _choose_category(dangers), words, question)


def _read_at_rest(words: str, dangers: list[Danger]) -> Understood:
    if dangers:
        return Understood(Meaning.ALARM, _choose_category(dangers), words)
    return Understood(Meaning.NOTHING, words=words, question=find_question(words))


def _from_helper(
    words: str, dangers: list[Danger], number: Meaning | None, writer: Writer, *, leads: bool, answered: bool
) -> Understood:
    question = find_question(words)
    if number is not None:
        return Understood(number, words=_read_beside(words), question=question, minutes=_find_minutes(number, words))
    if leads and says_all_over(words):
        return Understood(Meaning.ALL_OVER)
    if _needs_help(words, dangers, writer):
        return Understood(Meaning.ALARM, _choose_category(dangers), words)
    meaning = answer_in_words(words, answered=answered)
    if meaning in ANSWERS and meaning is not None:
        said = words if _says_more(words) else ""
        return Understood(meaning, words=said, question=question, minutes=_find_minutes(meaning, words))
    return Understood(Meaning.TOLD, words=words, question=question)


def _needs_help(words: str, dangers: list[Danger], writer: Writer) -> bool:
    """Whether a helper needs help: a cry, or an event in their own house.

    Where the alarm is over already, any event may be a new one, unless they speak of the one that is over.
    """
    if writer is Writer.TOLD_OVER:
        cries = any(each.own or (each.kind is Kind.CRY and not each.reported) for each in dangers)
        looks_back = re.search(LOOKS_BACK, fold(words)) is not None
        return cries or (not looks_back and any(each.kind is not Kind.CALL or not _is_long(words) for each in dangers))
    if any(each.kind is Kind.CRY and not each.reported for each in dangers):
        return True
    own = [each for each in dangers if each.kind is Kind.EVENT and each.own]
    return bool(own) and not _excuses(words, own)


def _find_minutes(meaning: Meaning, words: str) -> int | None:
    return find_minutes(words) if meaning is Meaning.COMING else None


def _excuses(words: str, own: list[Danger]) -> bool:
    """Whether illness in the own house is why somebody does not come: they refuse, or say that it is cared for."""
    if any(each.category is not Category.MEDICAL for each in own):
        return False
    folded = fold(words)
    if re.search(CALLS_FOR_HELP, folded) is not None:
        return False
    return re.search(CARED_FOR, folded) is not None or (
        refuses_firmly(words) and re.search(OLD_INJURY, folded) is not None
    )


def _choose_category(dangers: list[Danger]) -> Category:
    return next((each.category for each in dangers if each.category is not Category.UNSPECIFIED), Category.UNSPECIFIED)


def _is_long(words: str) -> bool:
    return len(squeeze(words)) > 6


def _says_more(words: str) -> bool:
    """Whether the text says more than the answer itself: worth passing on."""
    return len(split_clauses(words)) > 1 or len(squeeze(words)) > 6


def _read_beside(words: str) -> str:
    """What stands beside a number, where it is more than a word or two."""
    return words if len(squeeze(words)) > 3 else ""
