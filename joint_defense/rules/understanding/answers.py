"""Answers: what a text says about coming, and what turns such words off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from joint_defense.rules.understanding import answer_words as words
from joint_defense.rules.understanding.dangers import names_danger
from joint_defense.rules.understanding.departures import (
    does_not_come,
    has_left,
    say_who_moves,
    tells_of_a_stranger,
    tells_of_strangers,
    tells_of_the_absent,
)
from joint_defense.rules.understanding.meanings import Meaning, Question
from joint_defense.rules.understanding.spelling import Clause, fold, split_clauses, squeeze, without_particles

_NUMBERS = "|".join(words.DIGITS)
_NUMBER = re.compile(
    rf"\s*(?:{words.YES}[\s,，。.!！]*)?(?:{words.SAYS_NUMBER})?[\s:：\"“”'「」()（）#*\[\]]*(?P<sign>{_NUMBERS})(?P=sign)*(?![\d一二三])(?P<rest>[\s\S]*)"
)
_UNITS = re.compile(words.UNITS)
_NUMBER_FAILS = re.compile(words.NUMBER_FAILS)
_ENGLISH_NOUN = re.compile(
    r" +(?!(?:yes|ok|okay|please|pls|thanks|thank|sir|sorry|from|for me|me|sent|i|my|we)\b|i')[a-z]{2,}"
)
"""Behind a number it makes a count of it, unless the words answer too: "2 police cars"."""
_OF_SYSTEM = re.compile(words.OF_SYSTEM)
_BEFORE_ANSWER = re.compile(rf"^(?:{words.BEFORE_ANSWER})+")
_BEHIND_ANSWER = re.compile(words.BEHIND_ANSWER)
_LOOKS_WHAT_IS_UP = re.compile(words.LOOKS_WHAT_IS_UP)
_YES = re.compile(rf"(?:{words.YES})+")
_IN_DOUBT = re.compile(words.IN_DOUBT)
_HEDGED = re.compile(words.HEDGED)
_SAYS = re.compile(words.SAYS)
_ANSWER_THEN_MORE = re.compile(words.ANSWER_THEN_MORE)
_ENDS_OPEN = re.compile("(?:不|没|没有|别|不是|不用|等|如果|要是|让|叫|请|被|的|说)$")
_FIRST = re.compile(r"我|俺|咱|阿拉|\b(?:i|i'm|we|im)\b")
_CALLED_IN = re.compile("110|119|120|报警|报了警|警察|民警|派出所|救护车|消防|医生|急救|快递|外卖|司机|骑手")
"""Who may be the one that comes in the next clause: "已经打119了，正在来"."""
_BUT_HERE = re.compile("^.{1,12}?(?:但是?|可是|不过|只是|可惜)")
_GOING_ON = re.compile("(?:正|在|着).*呢$")
_AFTER_NUMBER = re.compile(rf"{words.AFTER_NUMBER}*")
_SEVERAL = "{0,9}"
"""Words before the one that counts: so many, since a word that can be read in two ways doubles the work each time."""
_COMING = re.compile(
    rf"(?:{words.YES}|{words.WHO}|{words.WHEN}|{words.WAIT}){_SEVERAL}{words.GO}(?:{words.TAIL}|{words.WAIT})*|"
    rf"(?:{words.YES}|{words.WHO}|{words.WHEN}){_SEVERAL}(?:{words.SOON}|{words.WAIT}|{words.WHEN}){_SEVERAL}(?:{words.SOON}|{words.WAIT}){words.NEAR}(?:{words.THERE})?{words.TAIL}*|"
    rf"{words.FEW_MINUTES}{words.TAIL}*|(?:{words.YES}|{words.WHO}|{words.WHEN}){{1,9}}(?:马上|立马)|"
    rf"(?:{words.YES}){_SEVERAL}(?:再)?(?:给|等)(?:我|俺|额)(?:们)?{words.WAIT}{words.TAIL}*|"
    rf"(?:{words.YES}|{words.WHO}|{words.WHEN}){{1,9}}{words.WAIT}(?:到|来|去|赶到)?{words.TAIL}*"
)
_ON_SCENE = re.compile(
    rf"{words.ALREADY}{_SEVERAL}{words.ARRIVE}(?:{words.THERE})?{words.DONE}+|"
    rf"{words.ALREADY}{_SEVERAL}(?:已经?|刚刚?|都){words.ALREADY}{_SEVERAL}{words.ARRIVE}(?:{words.THERE})?{words.DONE}*|"
    rf"{words.ALREADY}{_SEVERAL}(?:到|抵达|赶到|到达)了?(?:{words.STRICT_THERE}){words.DONE}*|"
    rf"(?:我们?|咱们|俺|人|已经?|我(?:和|跟|同)[\u4e00-\u9fff]{{1,3}}|现在|都)+(?:就|也|都)*在(?:{words.STRICT_THERE}){words.DONE}*|在现场{words.DONE}*|"
    rf"(?:我们?|俺|咱们?)(?:正|就|都|已经)*(?:站|等|守)在(?:{words.STRICT_THERE}){words.DONE}*|"
    rf"(?:站|等|守)?在(?:他|她|你)们?(?:家|屋|院子|门口)(?:里|门口|楼下|院子里?)?{words.DONE}+"
)
_HARD = re.compile("|".join(f"(?:{each})" for each in words.CANNOT_HARD))
_SOFT = re.compile("|".join(f"(?:{each})" for each in words.CANNOT_SOFT))
_STRONG = re.compile("马上|这就|立刻|立马|立即|赶|在路上|已经|出门|出发|往回|回来")
_IMPERATIVE = re.compile(words.IMPERATIVE)
_PROMISE = re.compile(words.PROMISES)
_OTHERS = re.compile(words.OTHERS_FIRST)
_FAMILY = re.compile(words.OWN_FAMILY_FIRST)
_ASKS = re.compile(words.QUESTIONS)
_ASKS_ENGLISH = re.compile(words.ASKS_ENGLISH)
_LATER = re.compile(words.LATER)
_PAST = re.compile(words.PAST)
_LONG_PAST = re.compile(words.LONG_PAST)
_OF_NOW = re.compile(words.OF_NOW)
_REPORTED = re.compile(words.REPORTED)
_NOT_NEGATIONS = re.compile(words.NOT_NEGATIONS)
_NEGATIONS = re.compile(words.NEGATIONS)
_NEGATED_CANNOT = re.compile(words.NEGATED_CANNOT)
_EN_COMING = [re.compile(each) for each in words.EN_COMING]
_EN_CANNOT = [re.compile(each) for each in words.EN_CANNOT]
_EN_ON_SCENE = [re.compile(each) for each in words.EN_ON_SCENE]
_EN_OWN = re.compile(words.EN_OWN)
_EN_ELSEWHERE = re.compile(words.EN_ELSEWHERE)
_EN_OTHERS = re.compile(words.EN_OTHERS)
_EN_FAMILY = re.compile(r"^my (?:husband|wife|son|daughter|brother|dad|father)")
_MINUTES = re.compile(words.MINUTES)
_WHO = re.compile(words.WHO_QUESTION)
_ELSEWHERE = re.compile(words.ELSEWHERE)
_NOT_OF_THE_PLACE = re.compile(words.NOT_OF_THE_PLACE)
_WHERE = re.compile(words.WHERE_QUESTION)
_HAN = re.compile("[\u3400-\u9fff]")
_LETTERS = re.compile("[a-z]")
_LONGEST_CLAUSE = 40
"""Signs; a longer clause is not looked through word by word."""
_BRIEF = 3
"""Signs beside a number that do not make it less clear."""
_LISTS = re.compile(words.LISTS)
_LISTS_ON = re.compile(words.LISTS_ON)
_LONG_BESIDE = 30
"""Signs beside a number; in more of them the answer must be said in words, too."""
_BARE = re.compile(words.BARE_ANSWER)
_GOES_WITH_BARE = re.compile(words.GOES_WITH_BARE)


def find_number(text: str) -> Meaning | None:
    """The answer that a clear number gives: alone, behind "回复", or before words of its own; None where unclear."""
    folded = fold(text).strip(" \t\n\"'“”「」『』()（）[]【】<>《》*#。.!！~-—–―_=·•:：")
    found = _NUMBER.fullmatch(folded)
    if found is None:
        return None
    meaning = Meaning(words.DIGITS[found["sign"]])
    rest = found["rest"]
    if _UNITS.match(rest.lstrip()) and not rest.startswith((",", "，", "。", "!", "\n")):
        return None
    if not found["sign"].isdigit() and squeeze(rest) and not _goes_with(rest, meaning):
        # "一起去", "三个人": a Chinese numeral is an answer alone, or with words that say the same behind a stop.
        return None
    if _ENGLISH_NOUN.match(rest) and answer_in_words(rest) is None:
        return None
    if _OF_SYSTEM.search(rest) or (_is_attached(rest) and not _says_answer(rest)):
        return None
    agrees = not _is_attached(rest) and answer_in_words(rest) is meaning
    if not agrees and (_NUMBER_FAILS.match(squeeze(rest)) or _NUMBER_FAILS.match(rest.strip())):
        return None
    if _ASKS.match(squeeze(rest)) or "?" in rest.split("\n", 1)[0][:_BRIEF] or re.search(r"\d", rest[:_BRIEF]):
        return None
    said = answer_in_words(rest)
    if _is_of_a_list(rest) and said is not meaning and _AFTER_NUMBER.fullmatch(squeeze(rest)) is None:
        return None
    if meaning is Meaning.ON_SCENE and (said is Meaning.CANNOT or _ELSEWHERE.search(rest)):
        return None
    if said is not None and {said, meaning} == {Meaning.COMING, Meaning.CANNOT}:
        return None if _is_compact(rest) else meaning
    return meaning


def _is_of_a_list(rest: str) -> bool:
    """Whether a number may be the first of several points, or the beginning of a long text: "1、关好门窗"."""
    return _LISTS.match(rest) is not None or _LISTS_ON.search(rest) is not None or len(squeeze(rest)) > _LONG_BESIDE


def _is_attached(rest: str) -> bool:
    return bool(rest) and (rest[0].isalpha() or rest[0].isdigit())


def _says_answer(rest: str) -> bool:
    """Whether words that stand right behind a number are an answer's too: "1马上到", not "1会扣费吗"."""
    first = split_clauses(rest)[:1]
    if not first or first[0].asks or _ASKS.search(first[0].words):
        return not first
    words_behind = first[0].parts[0] if first[0].parts else first[0].words
    bare = re.fullmatch("[到来去能]", words_behind) is not None
    return bare or _AFTER_NUMBER.fullmatch(words_behind) is not None or answer_in_words(words_behind) is not None


def _goes_with(rest: str, meaning: Meaning) -> bool:
    stands_apart = not _is_attached(rest) and answer_in_words(rest) is meaning
    return stands_apart or _AFTER_NUMBER.fullmatch(squeeze(rest)) is not None


def _is_compact(rest: str) -> bool:
    """Whether the words follow the number at once and contradict it: "1不来"."""
    return len(split_clauses(rest)) == 1


def answer_in_words(text: str, *, answered: bool = False) -> Meaning | None:
    """The answer that words give. None where they give none, or contradict each other.

    `answered`: the writer has answered before, so that a bare "好的" is no answer but politeness.
    """
    squeezed = without_particles(squeeze(text)) or squeeze(text)
    if squeezed in words.BARE_YES:
        return None if answered or asks_anything(text) else Meaning.COMING
    whole = None if asks_anything(text) else _read_whole(squeezed)
    if whole is not None:
        return whole
    clauses = split_clauses(text)
    found = list(_list_answers(clauses))
    if not found and len(clauses) > 1 and _ends_at_once(clauses):
        return Meaning.COMING
    if found and _is_gone(_combine(found), clauses):
        return None
    if found and all(_BARE.fullmatch(clause.words) for _, clause in found) and not _stands_alone(clauses):
        return None
    return _combine(found)


def _is_gone(answer: Meaning | None, clauses: list[Clause]) -> bool:
    """Whether an answer is none, since its writer is gone again or never set out."""
    return (answer is Meaning.COMING and does_not_come(clauses)) or (answer is Meaning.ON_SCENE and has_left(clauses))


def _stands_alone(clauses: list[Clause]) -> bool:
    """Whether beside a bare yes or no stands nothing but politeness or an excuse: "不，是烧稻草" refuses nothing."""
    others = [each for each in clauses if not _BARE.fullmatch(each.words)]
    return all(not each.asks and _GOES_WITH_BARE.match(each.words) for each in others)


def _ends_at_once(clauses: list[Clause]) -> bool:
    """Whether the last clause is no more than "at once" and none before it asks or speaks of others: "在穿鞋，马上"."""
    *before, last = clauses
    if last.asks or not re.fullmatch("(?:马上|立马|立刻|即刻)+(?:了|啊|哈)?", last.words):
        return False
    return not any(
        each.asks or each.tells or _speaks_of_others(each.words) or _NEGATIONS.search(each.words) for each in before
    )


def _list_answers(clauses: list[Clause]) -> Iterator[tuple[Meaning, Clause]]:
    """The answer of each clause that gives one. Behind "老李说" nothing is the writer's own."""
    others_come = told_of_past = False
    for at, said in enumerate(clauses):
        clause = replace(said, words=say_who_moves(clauses, at))
        if _SAYS.search(clause.words) or (clause.tells and _is_a_name(clause)):
            return
        if tells_of_the_absent(clauses, at):
            continue
        strangers = tells_of_strangers(clauses, at)
        told_of_past = told_of_past or _LONG_PAST.search(clause.words) is not None
        answer = _read_clause(clause)
        if strangers and (answer is Meaning.COMING or (answer is Meaning.ON_SCENE and at > 0)):
            continue
        if told_of_past and answer is not Meaning.CANNOT and not _OF_NOW.search(clause.words):
            continue
        if others_come and not _FIRST.search(clause.words) and answer is not Meaning.CANNOT:
            continue
        others_come = others_come or _CALLED_IN.search(clause.words) is not None
        if answer is None and _BUT_HERE.search(clause.words):
            answer = _read_behind_but(clause)
        if answer is not None:
            yield answer, clause
        else:
            yield from _list_answers_of_parts(clause)


def _read_behind_but(clause: Clause) -> Meaning | None:
    """What stands behind "but" without a stop: that they cannot, or that they or their kin come all the same."""
    words_behind = _BUT_HERE.sub("", clause.words, count=1)
    answer = _read_clause(Clause(words_behind, clause.asks))
    if answer is not Meaning.COMING:
        return answer if answer is Meaning.CANNOT else None
    ahead = clause.words[: -len(words_behind)]
    own = _FIRST.match(words_behind) or _FAMILY.search(words_behind)
    return None if not own or _OTHERS.search(ahead) or _REPORTED.search(ahead) or _SAYS.search(ahead) else answer


def _list_answers_of_parts(clause: Clause) -> Iterator[tuple[Meaning, Clause]]:
    """The same for a clause without stops, up to where it speaks of others: "到了 门关着", "警察 马上到"."""
    parts = clause.parts or (() if _ASKS.search(clause.words) else _write_on(clause.words))
    others = False
    for at, part in enumerate(parts):
        held = Clause(part, clause.asks and at == len(parts) - 1)
        plain = _NOT_NEGATIONS.sub("", part)
        if _YES.fullmatch(plain) or not plain:
            continue
        if _REPORTED.search(plain) or _SAYS.search(plain) or _ENDS_OPEN.search(plain):
            return
        answer = None if others and not _FIRST.match(plain) else _read_clause(held)
        if answer is not None:
            yield answer, held
        others = others or _speaks_of_others(plain)


def _write_on(words_: str) -> tuple[str, ...]:
    """An answer and what is told behind it without a stop: "到了没人开门"; empty where it is not so."""
    found = _ANSWER_THEN_MORE.match(words_)
    return (found[0], words_[found.end() :]) if found else ()


def _is_a_name(clause: Clause) -> bool:
    return _read_clause(clause) is None and not re.fullmatch("回复?|答复?|收到|我|本人|谢谢", clause.words)


def _speaks_of_others(part: str) -> bool:
    """Whether a part may be the subject, the teller or the negation of what stands behind its blank."""
    turns = any(each.search(part) for each in (_OTHERS, _REPORTED, _SAYS, _PAST, _ENDS_OPEN, _CALLED_IN))
    return turns or tells_of_a_stranger(part)


def asks_anything(text: str) -> bool:
    """Whether its last clause ends in a question mark."""
    found = split_clauses(text)
    return bool(found) and found[-1].asks


def _read_whole(squeezed: str) -> Meaning | None:
    if squeezed in words.COMING_WHOLE:
        return Meaning.COMING
    if squeezed in words.CANNOT_WHOLE:
        return Meaning.CANNOT
    if squeezed in words.ON_SCENE_WHOLE:
        return Meaning.ON_SCENE
    return None


def _combine(found: list[tuple[Meaning, Clause]]) -> Meaning | None:
    answers = {answer for answer, _ in found}
    if len(answers) == 1:
        return answers.pop()
    if answers == {Meaning.COMING, Meaning.ON_SCENE}:
        return Meaning.ON_SCENE
    if answers == {Meaning.COMING, Meaning.CANNOT}:
        return _decide_coming(found)
    return None


def _decide_coming(found: list[tuple[Meaning, Clause]]) -> Meaning | None:
    """Both were said: "不在家，马上赶回来" comes, "来不了，等会儿来" does not, and what is left is in doubt."""
    last, clause = found[-1]
    refusals = [each for answer, each in found if answer is Meaning.CANNOT]
    hard = any(_HARD.search(each.words) or _says_cannot(each) for each in refusals)
    if last is Meaning.COMING and not hard and _STRONG.search(clause.words):
        return Meaning.COMING
    if hard and not any(_FAMILY.search(each.words) or _EN_FAMILY.search(each.english) for _, each in found):
        return Meaning.CANNOT
    return None


def _read_clause(clause: Clause) -> Meaning | None:
    if clause.asks or _PAST.search(clause.words):
        return None
    if _HAN.search(clause.words):
        return _read_chinese(clause)
    return _read_english(clause) if _LETTERS.search(clause.words) else None


def _read_chinese(clause: Clause) -> Meaning | None:
    plain = re.sub(r"\s+", "", _NOT_NEGATIONS.sub("", clause.words))
    repeated = re.fullmatch(r"(.{2,}?)\1+", plain)
    plain = repeated.group(1) if repeated else plain
    plain = plain[:-1] if _GOING_ON.search(plain) else plain
    plain = _without_hedge(plain)
    plain = _LOOKS_WHAT_IS_UP.sub("", plain) if re.match("我|俺|咱|马上|这就", plain) else plain
    if not plain or _ASKS.search(plain) or _REPORTED.search(plain):
        return None
    plain = _BEHIND_ANSWER.sub("", _BEFORE_ANSWER.sub("", plain) or plain)
    if _IN_DOUBT.match(plain):
        return None
    family = _FAMILY.search(plain) is not None
    if _OTHERS.search(plain) and not family:
        return None
    if _HARD.search(plain) or _SOFT.search(plain):
        return None if family or _NEGATED_CANNOT.search(plain) else Meaning.CANNOT
    if _NEGATIONS.search(plain) or _LATER.search(plain) or names_danger(clause):
        return None
    if len(plain) > _LONGEST_CLAUSE:
        return _read_sure(plain)
    if _ON_SCENE.fullmatch(plain):
        return None if family else Meaning.ON_SCENE
    if _IMPERATIVE.search(plain) and not _PROMISE.search(plain):
        return None
    if _COMING.fullmatch(plain):
        return Meaning.COMING
    return _read_sure(plain)


def _without_hedge(plain: str) -> str:
    """Without the guess ahead of a refusal: "恐怕来不了" refuses; "恐怕到了" stays a guess."""
    rest = _HEDGED.sub("", plain)
    return rest if rest != plain and _HARD.search(rest) else plain


_I_MOVE = re.compile(words.I_MOVE)
_I_SEND = re.compile(words.I_SEND)
_FIRST_PERSON = re.compile(
    r"(?:我们?|俺们?|咱们?)(?!的|叫|让|喊|派|请|等|听|看|以为|希望|觉得|想|家的)(?:.{0,8}?)(?:马上|这就|立刻|立马|立即|现在就|正在|已经|赶紧|就)(?:(?!叫|让|喊|派|请|通知|等|看|把|给|联系|打电话|送|接|催|找|问).){0,6}"
    r"(?:过来|过去|赶过去|赶过来|赶来|赶去|赶到|出门|出发|跑过去|跑过来|来你家|去你家|去他家|到你家|到他家|在路上|往.{0,4}(?:赶|跑|去))(?!.{0,3}(?:送|拿|取|买|接|吃|玩|办|做客|给|公司|单位|学校|医院|厂|县|市|镇|超市|车站|机场|上班|开会))"
)


def _read_sure(plain: str) -> Meaning | None:
    """A longer clause in the first person with a verb of motion: "我跟老李现在就从厂里赶过去了"."""
    if "我" in plain and _FIRST_PERSON.search(plain):
        return Meaning.COMING
    return Meaning.COMING if _I_MOVE.match(plain) and not _I_SEND.search(plain) else None


def _says_cannot(clause: Clause) -> bool:
    return any(each.search(clause.english) for each in _EN_CANNOT)


def _read_english(clause: Clause) -> Meaning | None:
    right = " ".join(words.TYPOS.get(each, each) for each in clause.english.split())
    plain = re.sub(r"\s+", " ", _NOT_NEGATIONS.sub("", right)).strip()
    if not plain or _ASKS_ENGLISH.search(plain) or _REPORTED.search(plain):
        return None
    if _EN_OTHERS.search(plain) and not _EN_FAMILY.search(plain):
        return None
    whole = _read_whole(plain.replace(" ", "").replace("'", ""))
    if whole is not None:
        return whole
    if _says_cannot(clause):
        return Meaning.CANNOT
    if _NEGATIONS.search(plain) or _LATER.search(plain) or names_danger(clause):
        return None
    if not _EN_OWN.search(plain) or _EN_ELSEWHERE.search(plain):
        return None
    if any(each.search(plain) for each in _EN_ON_SCENE):
        return Meaning.ON_SCENE
    if any(each.search(plain) for each in _EN_COMING):
        return Meaning.COMING
    return None


def find_minutes(text: str) -> int | None:
    """In how many minutes somebody says that they are there; None where they do not say."""
    found = _MINUTES.search(fold(text))
    if found is None:
        return None
    if found["half"]:
        return 30
    if found["quarter"]:
        return 15
    count = found["count"].replace("两", "二")
    if count.isdigit():
        return int(count)
    tens, ten, ones = count.partition("十")
    if not ten:
        return words.NUMERALS.index(count) if count in words.NUMERALS else None
    return 10 * (words.NUMERALS.index(tens) if tens else 1) + (words.NUMERALS.index(ones) if ones else 0)


def refuses_firmly(text: str) -> bool:
    """Whether the text says in so many words that its writer cannot come."""
    return any(_HARD.search(each.words) or _says_cannot(each) for each in split_clauses(text))


def find_question(text: str) -> Question | None:
    """What the text asks: who comes, where and what, or something else; None where it asks nothing."""
    folded = fold(text)
    if _WHO.search(folded):
        return Question.WHO_COMES
    if _WHERE.search(_NOT_OF_THE_PLACE.sub("", folded)):
        return Question.WHERE
    asks = any(each.asks or _ASKS.search(each.words) for each in split_clauses(text))
    return Question.OTHER if asks else None


def says_all_over(text: str) -> bool:
    """Whether a leader says that it is over, in so many words."""
    return squeeze(text) in words.ALL_OVER_WHOLE and not asks_anything(text)
