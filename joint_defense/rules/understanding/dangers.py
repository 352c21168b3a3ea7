"""Dangers: what a text says of fire, injury, burglary and the like, with what turns such a word off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from joint_defense.rules.triggers import Category
from joint_defense.rules.understanding import danger_words as words
from joint_defense.rules.understanding.spelling import Clause, fold, split_clauses, squeeze


class Kind(StrEnum):
    """What sort of word it is."""

    EVENT = "event"
    CALL = "call"
    CRY = "cry"
    KEY = "key"
    """The 9 of our own instructions."""


@dataclass(frozen=True, slots=True)
class Danger:
    """A word of danger that holds. `own`: about the writer, their kin or their house. `reported`: seen or heard."""

    kind: Kind
    category: Category
    own: bool = False
    reported: bool = False


def _join_patterns(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in patterns))


_EVENTS = {category: _join_patterns(patterns) for category, patterns in words.EVENTS.items()}
_CALLS = {category: _join_patterns(patterns) for category, patterns in words.CALLS.items()}
_CRIES = _join_patterns(words.CRIES)
_WEAK = re.compile(words.WEAK_CALLS)
_NINE = re.compile(f"(?:{words.BARE_NINE})+")
_NINE_AND_WORDS = re.compile(words.NINE_AND_WORDS)
_NOT_NINE = re.compile(words.NOT_NINE)
_LISTS_NINE = re.compile(r"\s*9[、.:]")
_SHORT_TOPIC = 8
"""Signs of a clause that only says of whom the next one tells: "我家刚才，着火了"."""
_NO_TOPIC = re.compile(words.NO_TOPIC)
_SHORT_BESIDE = 4
"""Signs behind "9." that leave it the key; more of them, with no word of danger, are the ninth point of a list."""
_NEGATED = re.compile(words.NEGATED)
_NEGATED_ENGLISH = re.compile(words.NEGATED_ENGLISH)
_FALSE_NOTS = re.compile("|".join(words.FALSE_NOTS))
_ASKED = re.compile(words.ASKED_AFTER)
_ASKED_ENGLISH = re.compile(words.ASKED_ENGLISH)
_INFORMATION = re.compile(words.INFORMATION)
_REPORTED = re.compile(words.REPORTED)
_SECOND_HAND = re.compile(words.SECOND_HAND)
_PAST = re.compile(words.PAST)
_STILL_BAD = re.compile(words.STILL_BAD)
_REALLY = re.compile(words.REALLY)
_PRESENT = re.compile(words.PRESENT)
_IF = re.compile(words.IF_AND_MIND)
_NOTICES = re.compile(words.ABOUT_NOTICES)
_RESOLVED = re.compile(words.RESOLVED)
_HARMLESS = re.compile(words.HARMLESS)
_JOKES = re.compile(words.JOKES)
_OF_LITTLE_WEIGHT = re.compile(words.OF_LITTLE_WEIGHT)
_NINE_AS_NUMBER = re.compile(words.NINE_AS_NUMBER)
_EXCLAIMS = re.compile(words.EXCLAIMS)
_OFFERS_HELP = re.compile(r"(?:do you |anyone |does (?:he|she|anyone) |you )?needs? (?:any )?help")
_ASKS_WHETHER = re.compile(r"(?:杀人|出人命).{0,3}(?:吗|么|没|没有)$")
_DISMISSED = re.compile(words.DISMISSED)
_LAUGHS = re.compile(words.LAUGHS)
_BENEFITS = re.compile(words.BENEFITS)
_OWN_HOUSE = re.compile(words.OWN_HOUSE)
_OWN_KIN = re.compile(words.OWN_KIN)
_OWN_BODY = re.compile(words.OWN_BODY)
_OTHERS = re.compile(words.OTHERS_HOUSE)
_TELLS_OF = re.compile(words.TELLS_OF)
_DONE_TO = re.compile("被|打|砍|捅|抢|绑|拐|beat|hit|attack|stab")
_CALLED_ALREADY = re.compile(
    "(?:报警|报了?个?警|110|120|119|救护车).{0,4}(?:了|过)$|(?:已经?|都|刚).{0,3}(?:报|打|叫|拨)"
)
_WHO_WHAT = re.compile("谁|什么|多少|怎么|哪|几")
_OWN_QUESTION = re.compile("(?:吗|没|没有|么|不)$")
_FILL = re.compile(
    r"[这是个很有请快要我们你们大家马上立刻啊呀了吧好真太!]|\b(?:this|is|an|a|it's|its|very|please|now|we|have|there's|there|i)\b|\s"
)


def is_bare_nine(text: str) -> bool:
    """Whether the text is a 9, with keys or a verb, and no word of its own."""
    return _NINE.fullmatch(squeeze(text)) is not None and not _NINE_AS_NUMBER.match(fold(text))


def presses_nine(text: str) -> bool:
    """Whether the text is the 9 that calls for help, with keys, a verb or a few words beside it."""
    folded = fold(text)
    if is_bare_nine(text):
        return True
    found = _NINE_AND_WORDS.match(folded)
    if found is None or _NOT_NINE.match(folded) or _NOTICES.search(folded):
        return False
    if any(each.asks for each in split_clauses(found["rest"])[:1]):
        return False
    return not (
        _LISTS_NINE.match(folded) and len(squeeze(found["rest"])) > _SHORT_BESIDE and not find_dangers(found["rest"])
    )


def names_danger(clause: Clause) -> bool:
    """Whether a word of danger stands in the clause at all, turned off or not."""
    plain = _HARMLESS.sub("", clause.words)
    return any(each.search(plain) for each in (_CRIES, *_EVENTS.values(), *_CALLS.values()))


def find_dangers(text: str) -> list[Danger]:
    """The words of danger that hold, in the order of what cannot wait."""
    found: list[Danger] = []
    text = _REALLY.sub(" ", fold(text))
    clauses = split_clauses(text)
    exact = words.EXACT.get(squeeze(text))
    if exact is not None and not any(each.asks for each in clauses):
        found.append(Danger(Kind.CALL, exact))
    for at, clause in enumerate(clauses):
        after = clauses[at + 1] if at + 1 < len(clauses) else None
        held = _find_in_clause(clause, clauses[at - 1] if at else None, after)
        if after is not None and _OF_LITTLE_WEIGHT.search(after.words):
            held = [each for each in held if each.kind is not Kind.CALL]
        if after is not None and _DISMISSED.fullmatch(after.words):
            held = [each for each in held if each.kind is Kind.CRY]
        found += held
    if all(each.kind is Kind.CRY for each in found) and _JOKES.search(fold(text)):
        return []
    if _LAUGHS.search(fold(text)) and not any(each.kind is Kind.CRY for each in found):
        return []
    if not any(each.kind is Kind.CRY or each.own for each in found) and _NOTICES.search(fold(text)):
        return []
    order = [*words.EVENTS, Category.UNSPECIFIED]
    return sorted(found, key=lambda each: order.index(each.category))


def _find_in_clause(clause: Clause, before: Clause | None, after: Clause | None) -> list[Danger]:
    plain = _EXCLAIMS.sub("", _HARMLESS.sub("", clause.words))
    unmixed = _FALSE_NOTS.sub("", plain)
    past = _PAST.search(plain) is not None and not _PRESENT.search(plain)
    if past and after is not None and _STILL_BAD.match(after.words):
        past = False
    if past or _SECOND_HAND.search(plain) or _INFORMATION.search(plain):
        return []
    found = []
    cry = _CRIES.search(plain)
    if cry is not None and not _is_negated(plain, cry.start()) and not _asks_about(clause, plain):
        found.append(Danger(Kind.CRY, Category.UNSPECIFIED, reported=_REPORTED.search(plain) is not None))
    if (_IF.search(unmixed) or _BENEFITS.search(plain)) and not found:
        return found
    found += _find_events(clause, before, plain, unmixed)
    found += _find_calls(clause, plain)
    return found


def _find_events(clause: Clause, before: Clause | None, plain: str, unmixed: str) -> list[Danger]:
    found = []
    for category, pattern in _EVENTS.items():
        # In the text without 不小心 and the like, so that their 不 does not count as a negation.
        source = unmixed if pattern.search(unmixed) else plain
        for hit in pattern.finditer(source):
            if _is_negated(source, hit.start()) or _RESOLVED.search(source, hit.start()):
                continue
            own = _is_own(source, hit.start(), hit.end(), category, before)
            if own and _OWN_QUESTION.search(source) and not source.endswith("不"):
                continue
            if not own and (clause.asks or _ASKED.search(source) or _ASKED_ENGLISH.search(source)):
                continue
            if own and clause.asks and re.search(r"(?:吗|没|没有|么)\W*$", source):
                continue
            found.append(Danger(Kind.EVENT, category, own, _REPORTED.search(source) is not None))
            break
    return found


def _find_calls(clause: Clause, plain: str) -> list[Danger]:
    found = []
    for category, pattern in _CALLS.items():
        hit = pattern.search(plain)
        if hit is None or _is_negated(plain, hit.start()):
            continue
        if clause.asks or _ASKED.search(plain) or _WHO_WHAT.search(plain) or _CALLED_ALREADY.search(plain):
            continue
        weak = _WEAK.search(plain)
        rest = _FILL.sub("", plain[: hit.start()] + plain[hit.end() :])
        if weak is not None and weak.start() <= hit.start() and len(rest) > 1:
            continue
        found.append(Danger(Kind.CALL, category))
    return found


def _asks_about(clause: Clause, plain: str) -> bool:
    """A cry in a question: "怎么求救" asks; "能救救我吗" cries."""
    if _ASKS_WHETHER.search(plain):
        return True
    if clause.asks and _OFFERS_HELP.fullmatch(clause.english):
        return True
    return re.search("怎么(?!办)|如何|什么|谁(?:在|喊|叫)|是不是|有没有人?(?:喊|叫)", plain) is not None or (
        clause.asks and re.search("喊|叫|谁", plain) is not None
    )


def _is_negated(plain: str, start: int) -> bool:
    return _NEGATED.search(plain[:start]) is not None or _NEGATED_ENGLISH.search(plain[:start]) is not None


def _is_own(plain: str, start: int, end: int, category: Category, before: Clause | None) -> bool:
    """Whether an event is about the writer's house, kin or body."""
    body = _OWN_BODY.search(plain)
    if body is not None and body.start() <= start + 2 and not _TELLS_OF.search(plain[body.start() : start]):
        return True
    house = _OWN_HOUSE.search(plain)
    if house is not None:
        between = plain[house.end() : start]
        return not _OTHERS.search(between) and not _TELLS_OF.search(between)
    kin = _OWN_KIN.search(plain)
    if kin is not None and kin.start() <= end:
        between = plain[kin.end() : start]
        bodily = category in {Category.MEDICAL, Category.OTHER} or _DONE_TO.search(plain) is not None
        return bodily and not _OTHERS.search(between) and not _TELLS_OF.search(between)
    if before is not None and not names_danger(before):
        topic = _OWN_HOUSE.search(before.words) or _OWN_KIN.search(before.words)
        return topic is not None and len(before.words) <= _SHORT_TOPIC and not _NO_TOPIC.search(before.words)
    return False
