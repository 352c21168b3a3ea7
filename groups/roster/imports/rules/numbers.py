"""The phone numbers in a cell of somebody's list: none, one, or several, with the words people write beside them."""

from __future__ import annotations

import re
import unicodedata

from groups.errors import InvalidNumber
from groups.rules.phone import PhoneNumber, normalise

MOST_IN_A_CELL = 12
_NOTHING = re.compile(
    r"[-‐-―−_~/\\.、。,;*×xX?0\s]+|无(电话|手机|固话|座机|号码)?|没有(电话|手机)?|暂无|空|未(安?装|开通|知|登记|填)|不详|不明"
    r"|n/?a|none|null|nil",
    re.IGNORECASE,
)
_BETWEEN_NUMBERS = re.compile(r"[、,;|/\\\n\r\t]|(?<=\d)\s*(?:或者?|和|及|与)\s*(?=[+(\d])|(?<=\d)[.。](?=1[3-9]\d{9})")
_HAN = r"\u3400-\u9fff\U00020000-\U000323af"
_WORDS = re.compile(rf"[{_HAN}]+")
_LABEL = re.compile(rf"[(\[【]?[{_HAN}]{{1,8}}[)\]】]?:?")
_GONE = re.compile(r"停机|空号|作废|注销|欠费|已换|不用|错误|无效|过期|停用")
_EXTENSION = re.compile(r"转|轉|分机")
_SHORT = re.compile(r"短号|小号|虚拟|集团")
_JAMMED = re.compile(r"(1[3-9]\d{9}){2,4}")
_WITH_THOUSANDS = re.compile(r"\d{1,3}(,\d{3}){2,3}")


def numbers_in(text: str, region: str, area_code: str) -> tuple[tuple[PhoneNumber, ...], tuple[tuple[str, str], ...]]:
    """The numbers in a cell in their order; and what is no number, each with the reason."""
    plain = unicodedata.normalize("NFKC", text).strip(" \t\r\n'’‘`\"")
    if not plain or _NOTHING.fullmatch(plain):
        return (), ()
    plain = plain.replace(",", "") if _WITH_THOUSANDS.fullmatch(plain) else plain
    pieces = [piece.strip() for piece in _BETWEEN_NUMBERS.split(plain[:400])]
    pieces = [piece for piece in pieces if piece and not _NOTHING.fullmatch(piece)]
    found: dict[str, PhoneNumber] = {}
    wrong: list[tuple[str, str]] = []
    for piece in pieces[:MOST_IN_A_CELL]:
        try:
            found |= {number.e164: number for number in _in_a_piece(piece, region, area_code)}
        except InvalidNumber as error:
            wrong.append((piece if len(pieces) > 1 else text.strip(), str(error.message)))
    if len(pieces) > MOST_IN_A_CELL:
        wrong.append((text.strip(), "号码太多 too many numbers in a cell"))
    return tuple(found.values()), tuple(wrong)


def _in_a_piece(piece: str, region: str, area_code: str) -> list[PhoneNumber]:
    """One number, or several with blanks between them. Raises InvalidNumber with what is wrong about the whole."""
    bare = _without_words(piece)
    try:
        return [normalise(bare, region, area_code)]
    except InvalidNumber as error:
        digits = re.sub(r"[\s-]", "", bare)
        if _JAMMED.fullmatch(digits):
            return [normalise(digits[at : at + 11], region, area_code) for at in range(0, len(digits), 11)]
        if several := _partition(tuple(bare.split()[:MOST_IN_A_CELL]), region, area_code):
            return list(several)
        raise InvalidNumber(error.message) from None


def _without_words(piece: str) -> str:
    """The number without whose it is (儿子, 家) and which kind (手机:). Raises InvalidNumber where it cannot ring."""
    words = "".join(_WORDS.findall(piece))
    if not words or _EXTENSION.search(words):
        return piece
    if _GONE.search(words):
        raise InvalidNumber("标注为已停用 marked as out of use")
    if _SHORT.search(words):
        raise InvalidNumber("是短号，网外打不通 a short number, which nobody else can ring")
    return _LABEL.sub(" ", piece).strip(" :()")


def _partition(parts: tuple[str, ...], region: str, area_code: str) -> tuple[PhoneNumber, ...]:
    """The parts between blanks as numbers of one or more parts each; empty where some are left over."""
    ends: dict[int, tuple[PhoneNumber, ...]] = {0: ()}
    for end in range(1, len(parts) + 1):
        for start in range(max(0, end - 5), end):
            if start in ends:
                try:
                    number = normalise("".join(parts[start:end]), region, area_code)
                except InvalidNumber:
                    continue
                candidate = (*ends[start], number)
                if end not in ends or len(candidate) < len(ends[end]):
                    ends[end] = candidate
    return ends.get(len(parts), ())
