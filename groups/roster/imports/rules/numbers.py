"""The phone numbers in a cell of somebody's list: none, one, or several, with the words people write beside them.

    numbers_in("原13800000001 改13800000002", …)    the second; the first was left out, and why
    numbers_in("13800000001（短号661061）", …)       the mobile; the short number was left out
    numbers_in("1.38E+10", …)                       none: its digits are gone

No digit is ever made up: what cannot be read as it stands is left out with its reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from groups.errors import InvalidNumber, Message, say
from groups.rules.phone import PhoneNumber, normalise
from groups.rules.typed_text import without_invisible

MOST_IN_A_CELL = 12
_LONGEST_CELL = 400
_ENUMERATED = re.compile("[\u2460-\u249b\u24f5-\u24fe\u2776-\u2793\u3220-\u3229\u3280-\u3289]")
"""①, ⑴, 1., ❶, ㈠: in a cell they only count its numbers. NFKC would make digits of them."""
_NUMBERED = re.compile(r"(?<![\d.])(?:\(\d{1,2}\)|\d{1,2}[.、):]|第[一二三四五\d][个:]?)\s*(?=[+(]?\d{7})")
_NOTHING = re.compile(
    r"[-‐-―−_~/\\.、。,;*×xX?0\s]+|无(电话|手机|固话|座机|号码)?|没有(电话|手机)?|暂无|空|未(安?装|开通|知|登记|填)|不详|不明"
    r"|n/?a|none|null|nil",
    re.IGNORECASE,
)
_NOT_SAID = re.compile(
    r"[-‐-―−_~/\\.、。,;*?\s]*|不详|不明|未知|不清楚|暂无|暂缺|待[补定查核]|未(通知|知|登记|填|提供)|联系不上|(同|见)(前|上)(表|次)|n/?a",
    re.IGNORECASE,
)
_LINE_BREAK = re.compile(r"<\s*br\s*/?\s*>|&nbsp;", re.IGNORECASE)
_CROSSED = re.compile(r"(?<=\d)\s*[×✗✘✖✕❌]+")
"""A cross behind a number: it is out of use."""
_LETTERS = re.compile(r"(?<![A-Za-z\d])(?:[lIi|](?=\d{10}(?!\d))|[oO](?=\d{9,11}(?!\d)))|(?<=\d)[oOlI](?![A-Za-z])")
"""Letters that somebody took for a one or a nought: l3800000001."""
_MASK = r"[-\s]?(?:[*xX×●•○#]{2,}|\?+|[.…]{3,})[-\s]?"
_MASKED = re.compile(
    rf"(?<![A-Za-z\d])\+?(?:0\d{{2,3}}[- ]?)?\d{{2,8}}{_MASK}\d{{0,8}}(?!\d)|(?<![A-Za-z\d*]){_MASK}\d{{3,8}}(?!\d)"
)
"""199****0001: what is hidden is no digit, and what is left is no number."""
_MISTYPED = re.compile(r"(?<![A-Za-z\d])(?=[\d-]*[oOlI|])[\doOlI|]+(?:-[\doOlI|]+){0,3}(?![A-Za-z\d])")
"""199OO46OOO2: letters all over a number."""
_LONGEST_DAMAGED = 15
_AREA_APART = re.compile(r"(?<!\d)(0\d{2,3})[/、|](?=[2-9]\d{6,7}(?!\d))")
"""0574/88000001: the area code is no number of its own."""
_ARROW = re.compile(
    r"[-=]*[>→⇒➔]+|(?:现在?)?(?:改为|变更为|更改为|更换为|换为|换成|改成|变成)|改用(?=[:\s]*[+(]?\d)|(?<=\d)\s*现在?[为是用改换](?=[:\s]*[+(]?\d)"
)
_STRUCK = re.compile(r"~~([+(]?\d[\d\s-]{5,20}\d)~~")
"""Struck through as chats write it: ~~13800000000~~."""
_WITH_THOUSANDS = re.compile(r"\d{1,3}(,\d{3}){2,3}")
_SPACED_OUT = re.compile(r"\d(\s\d){6,11}")
"""1 3 8 0 0 …: a number whose digits stand one in a box, as in a printed form."""
_PLAIN = re.compile(r"\+?\d{7,15}(\.0+)?")
_ROUNDED = re.compile(r"\d{4}0{7}\.0+")
"""A figure that a program has written, of which a spreadsheet had kept four digits: 13800000000.0."""
_KEPT_BY_A_SPREADSHEET = 15
_LOST = say("spreadsheet_rounded_its_digits_gone")
_POWER = re.compile(r"(\d)\.(\d+)[eE]\+?(\d{1,3})")
_JAMMED = re.compile(r"(1[3-9]\d{9}){2,4}")
_HAN = r"\u3400-\u9fff\U00020000-\U000323af"
# A number's digits with what people put between them; a word; what stands between two numbers.
_ITEM = re.compile(
    rf"(?P<number>(?:(?<![\d)])\+)?[(\[]?\d(?:[\s\-‐-―−ー_~.·()\[\]'\"]*\d)*)|(?P<word>[{_HAN}A-Za-z]+\.?)|(?P<blank>[\s.]+)"
    r"|(?P<open>[(\[【「])|(?P<close>[)\]】」])|(?P<colon>:)|(?P<apart>[、,;|/\\&+*<>。!]+)|(?P<other>.)",
    re.DOTALL,
)
_SOFT = re.compile(r"[\s\-‐-―−ー_~.·()\[\]'\"]+")
_DASHED = re.compile(r"[-‐-―−ー_~]")
_GONE = re.compile(
    r"停机|空号|作废|注销|欠费|不用|错误|无效|过期|停用|打不通|已换|换号|销号|弃用|弃置|报废|废弃|废号|已废|错号|停了|淘汰|销户|退网|^错$|错的"
)
_OLD = re.compile(r"(原来?|旧|老|以前|曾用|之前|前)(用|的)?(手机)?(号码?|电话|手机|机)?")
_NEW = re.compile(r"(现在?|新|已?改|已?换|更换?|变更|改换)(用|的)?(手机)?(号码?|电话|手机|机)?|改|在用")
_REPLACES = re.compile(r"已?[换改]号?[了成为]?|.*(新号码?|新|改|换)")
_SHORT = re.compile(r"短号|^短$|小号|虚拟|集团|[vV]网|亲情|内线")
_OTHER_SERVICE = re.compile(r"^qq|传真|fax|身份证|车牌|邮编", re.IGNORECASE)
_EXTENSION = re.compile(r"转|轉|分机|^(ext|x)\.?$", re.IGNORECASE)
_LONGEST_SHORT = 8
_SHORT_OF_A_NET = (5, 6)


class Wrong(NamedTuple):
    """A text in a cell that gave no number, and why. `unread`: it may be a number, which nobody could read."""

    text: str
    reason: Message
    unread: bool = True


@dataclass(slots=True)
class _Piece:
    """A stretch of digits, the words that belong to it, and the numbers that it holds."""

    text: str
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    numbers: list[PhoneNumber] = field(default_factory=list)
    replaced: bool = False

    @property
    def words(self) -> list[str]:
        return [*self.before, *self.after]

    @property
    def is_new(self) -> bool:
        return any(_NEW.fullmatch(word) for word in self.words) or any(_joins_two(word) for word in self.before)

    def take_out_the_old(self) -> bool:
        """Drop what is marked as old or out of use; whether anything was."""
        old_at_the_end = any(_OLD.fullmatch(word) or _GONE.search(word) for word in self.after)
        old_in_front = any(
            _OLD.fullmatch(word) or (_GONE.search(word) and not _joins_two(word)) for word in self.before
        )
        had = len(self.numbers)
        if self.replaced:
            self.numbers = []
        if old_at_the_end:
            self.numbers = self.numbers[:-1]
        if old_in_front:
            self.numbers = self.numbers[1:]
        return len(self.numbers) < had


def read_numbers(text: str, region: str, area_code: str) -> tuple[tuple[PhoneNumber, ...], tuple[Wrong, ...]]:
    """The numbers in a cell in their order; and what gave none, each with the reason."""
    plain = _simplify(text)
    if not plain or _NOTHING.fullmatch(plain):
        return (), ()
    plain = plain.replace(",", "") if _WITH_THOUSANDS.fullmatch(plain) else plain
    plain = re.sub(r"\s", "", plain) if _SPACED_OUT.fullmatch(plain) else plain
    if _ROUNDED.fullmatch(plain):
        return (), (Wrong(text.strip(), _LOST),)
    if plain.isdecimal() and len(plain) > _KEPT_BY_A_SPREADSHEET and not plain[_KEPT_BY_A_SPREADSHEET:].strip("0"):
        return _read_rounded(plain, text, region, area_code)
    if _PLAIN.fullmatch(plain):
        return _read_one(plain, text, region, area_code)
    if power := _POWER.fullmatch(plain):
        return _read_power(power, text, region, area_code)
    return _read_several(plain, text.strip(), region, area_code)


def says_nothing(text: str) -> bool:
    """Whether a cell leaves open which number there is: empty, a dash, 不详. One with 无 says that there is none."""
    return bool(_NOT_SAID.fullmatch(_simplify(text)))


def holds_a_number(text: str) -> bool:
    """Whether a text has as many digits in a row as a phone number has."""
    return bool(
        re.search(r"\d{7}|\d{3,4}[\s-]?\d{4}[\s-]?\d{4}|\d{4}[\s-]\d{4}", unicodedata.normalize("NFKC", text[:400]))
    )


def _simplify(text: str) -> str:
    bare = _ENUMERATED.sub("、", text[:_LONGEST_CELL])
    bare = unicodedata.normalize("NFKC", without_invisible(bare[:_LONGEST_CELL]))
    return _LINE_BREAK.sub("\n", bare).strip(" \t\r\n'’‘`\"").lstrip("、")


def _read_one(plain: str, text: str, region: str, area_code: str) -> tuple[tuple[PhoneNumber, ...], tuple[Wrong, ...]]:
    try:
        return (normalise(plain, region, area_code),), ()
    except InvalidNumber as error:
        digits = plain.lstrip("+")
        if _JAMMED.fullmatch(digits):
            return _read_one_by_one([digits[at : at + 11] for at in range(0, len(digits), 11)], text, region, area_code)
        return (), (Wrong(text.strip(), error.message),)


def _read_one_by_one(
    pieces: Sequence[str], text: str, region: str, area_code: str
) -> tuple[tuple[PhoneNumber, ...], tuple[Wrong, ...]]:
    try:
        return tuple(normalise(piece, region, area_code) for piece in pieces), ()
    except InvalidNumber as error:
        return (), (Wrong(text.strip(), error.message),)


def _read_power(
    power: re.Match[str], text: str, region: str, area_code: str
) -> tuple[tuple[PhoneNumber, ...], tuple[Wrong, ...]]:
    """1.9900001031E10 has all its digits. Of two mobiles run together, 22 digits, a spreadsheet keeps the first."""
    digits, length = power[1] + power[2], int(power[3]) + 1
    if len(digits) == length:
        return _read_one(digits, text, region, area_code)
    if length == 22 and len(digits) >= 12:
        return _read_rounded(digits.ljust(length, "0"), text, region, area_code)
    return (), (Wrong(text.strip(), _LOST),)


def _read_rounded(
    digits: str, text: str, region: str, area_code: str
) -> tuple[tuple[PhoneNumber, ...], tuple[Wrong, ...]]:
    """Of two mobiles run together, 22 digits, a spreadsheet keeps the first and writes noughts for the rest."""
    lost = Wrong(text.strip(), _LOST)
    if len(digits) == 22 and re.match(r"1[3-9]\d{10}", digits):
        first, _ = _read_one(digits[:11], text, region, area_code)
        return first, (lost,)
    return (), (lost,)


def _read_several(
    plain: str, text: str, region: str, area_code: str
) -> tuple[tuple[PhoneNumber, ...], tuple[Wrong, ...]]:
    plain, damaged = _take_out_damaged(_AREA_APART.sub(r"\1-", plain))
    pieces = _split_pieces(plain)
    if not pieces and not damaged:
        return (), (Wrong(text, _explain(plain, region, area_code)),)
    alone = len(pieces) + len(damaged) == 1
    wrong = [Wrong(text if alone else each, say("characters_no_digits")) for each in damaged]
    for piece in pieces[:MOST_IN_A_CELL]:
        wrong += _read(piece, text if alone else piece.text.strip(" \t()[]-"), region, area_code)
    wrong += _list_left_out(pieces)
    if len(pieces) > MOST_IN_A_CELL:
        wrong.append(Wrong(text, say("too_many_numbers_in_cell")))
    found = {number.e164: number for piece in pieces for number in piece.numbers}
    return tuple(found.values()), tuple(wrong if found else _join_unread(wrong, text))


def _join_unread(wrong: Sequence[Wrong], text: str) -> list[Wrong]:
    """Of a cell that gives no number, the pieces that nobody can read as one: a person mends the whole cell."""
    unread = [one for one in wrong if one.unread]
    if len(unread) < 2:
        return list(wrong)
    letters = say("characters_no_digits")
    reason = letters if any(one.reason == letters for one in unread) else unread[0].reason
    return [Wrong(text, reason), *(one for one in wrong if not one.unread)]


def _take_out_damaged(plain: str) -> tuple[str, list[str]]:
    """The text without the numbers of which signs are hidden or mistyped, and those, each whole."""
    damaged: list[str] = []

    def take(found: re.Match[str]) -> str:
        digits = sum(sign.isdigit() for sign in found[0])
        others = sum(not sign.isspace() and sign != "-" for sign in found[0]) - digits
        if digits < 3 or not 7 <= digits + others <= _LONGEST_DAMAGED:
            return found[0]
        damaged.append(found[0].strip(" -"))
        return "、"

    for pattern in (_MASKED, _MISTYPED):
        plain = pattern.sub(take, plain)
    return plain, damaged


def _explain(text: str, region: str, area_code: str) -> Message:
    """Why a text without any number is none."""
    try:
        normalise(text, region, area_code)
    except InvalidNumber as error:
        return error.message
    return say("no_number")


def _list_left_out(pieces: Sequence[_Piece]) -> Iterator[Wrong]:
    """Take out what is marked as old or out of use, or stands before the number that took its place."""
    for place, piece in enumerate(pieces):
        if piece.numbers and piece.is_new:
            for earlier in pieces[:place]:
                earlier.replaced = earlier.replaced or not earlier.is_new
    for piece in pieces:
        if piece.take_out_the_old():
            yield Wrong(piece.text.strip(), say("marked_as_old_or_out_use"), unread=False)


def _split_pieces(plain: str) -> list[_Piece]:
    """The stretches of digits in a cell, each with its words: those that stand directly at it, or in brackets."""
    plain = _STRUCK.sub(r"\1作废、", plain)
    plain = _NUMBERED.sub("、", _ARROW.sub("改", _CROSSED.sub("作废、", plain)))
    plain = _LETTERS.sub("?", plain)
    items = [(found.lastgroup or "", found[0]) for found in _ITEM.finditer(plain)]
    pieces: list[_Piece] = []
    waiting: list[str] = []
    for place, (kind, said) in enumerate(items):
        if kind == "number":
            if any(_EXTENSION.search(word) for word in waiting) and pieces and not _is_apart(items, place):
                pieces[-1].text += f"转{said}"
                pieces[-1].after.append("转")
            else:
                pieces.append(_Piece(said, before=waiting))
            waiting = []
        elif kind == "word":
            last = pieces[-1] if pieces and not _is_apart(items, place) else None
            if _joins_two(said) and last is not None and _follows_directly(items, place):
                last.replaced = True
                waiting.append(said)
            elif last is not None and _belongs_to_the_number_before(items, place, said):
                last.after.append(said)
            else:
                waiting.append(said)
        elif kind == "apart" and waiting and not any(_SHORT.search(word) for word in waiting):
            waiting = []
        elif kind == "other" and said in "#?":
            waiting.append("转" if said == "#" and pieces else said)
    if waiting and pieces:
        pieces[-1].after += waiting
    return pieces


def _joins_two(word: str) -> bool:
    """Whether a word between two numbers says that the second took the first one's place: 已停机新号, 已换."""
    return bool((_GONE.search(word) and _REPLACES.fullmatch(word)) or word in {"改", "换"})


def _is_apart(items: Sequence[tuple[str, str]], place: int) -> bool:
    """Whether a sign that parts numbers stands between a word and the number before it."""
    for kind, _ in reversed(items[:place]):
        if kind == "number":
            return False
        if kind == "apart":
            return True
    return True


def _follows_directly(items: Sequence[tuple[str, str]], place: int) -> bool:
    return place > 0 and items[place - 1][0] == "number"


def _belongs_to_the_number_before(items: Sequence[tuple[str, str]], place: int, word: str) -> bool:
    before = items[place - 1][0] if place else ""
    behind = items[place + 1][0] if place + 1 < len(items) else ""
    number_follows = (
        next((kind for kind, _ in items[place + 1 :] if kind in {"number", "word", "apart"}), "") == "number"
    )
    if _EXTENSION.search(word):
        return False
    if before == "open":
        return not (number_follows and behind in {"number", "colon", "blank"})
    if not number_follows:
        return True
    if _SHORT.search(word) or _OTHER_SERVICE.search(word):
        return False
    return before == "number" and behind not in {"number", "colon"}


def _read(piece: _Piece, text: str, region: str, area_code: str) -> list[Wrong]:
    """Put the piece's numbers into it; what is wrong about it."""
    words = piece.words
    if "?" in words:
        return [Wrong(text, say("characters_no_digits"))]
    if any(_EXTENSION.search(word) for word in words):
        return [Wrong(text, say("extension_cannot_rung_directly"))]
    digits = _SOFT.sub("", piece.text)
    if any(_OTHER_SERVICE.search(word) for word in piece.before):
        return [Wrong(text, say("no_phone"), unread=False)]
    if any(_SHORT.search(word) for word in words) and len(digits) <= _LONGEST_SHORT:
        return [Wrong(text, say("short_number_which_nobody_else_can"), unread=False)]
    try:
        piece.numbers, left_over = _split(piece.text, region, area_code)
    except InvalidNumber as error:
        if any(_GONE.search(word) for word in words):
            return [Wrong(text, say("marked_as_out_use"), unread=False)]
        return [Wrong(text, error.message)]
    return [Wrong(part, say("no_phone_by_its_length_perhaps"), unread=False) for part in left_over]


def _split(text: str, region: str, area_code: str) -> tuple[list[PhoneNumber], list[str]]:
    """The numbers in a stretch of digits, and what is left over. Raises InvalidNumber with what is wrong about it."""
    text = text.strip()
    parts = [part for part in _SOFT.split(text) if part]
    try:
        if _begins_too_short(parts):
            raise InvalidNumber(say("no_phone_by_length_its_parts"))
        if _has_a_short_end(text):
            raise InvalidNumber(say("looks_like_extension_cannot_rung_directly"))
        return [normalise(text, region, area_code)], []
    except InvalidNumber as error:
        digits = "".join(parts)
        if _JAMMED.fullmatch(digits):
            return [normalise(digits[at : at + 11], region, area_code) for at in range(0, len(digits), 11)], []
        numbers, left_over = _partition(parts, region, area_code)
        if not numbers or _is_an_extension(text, numbers, left_over):
            raise InvalidNumber(error.message) from None
        return numbers, left_over


def _has_a_short_end(text: str) -> bool:
    """Whether the last part behind a dash is too short to be a part of the number: 0574-8800105-2."""
    parts = [part for part in re.split(r"[-‐-―−ー_~]+", text) if part]
    return len(parts) > 1 and len(re.sub(r"\D", "", parts[-1])) <= 2


def _begins_too_short(parts: Sequence[str]) -> bool:
    """Whether the first of several parts is too short to be a number's beginning, and no country's: 8 88951027."""
    return len(parts) > 1 and len(parts[0]) <= 2 and parts[0].lstrip("+") not in {"86", "0"} and parts[0][0] != "+"


def _is_an_extension(text: str, numbers: Sequence[PhoneNumber], left_over: Sequence[str]) -> bool:
    """Digits behind a landline, or behind a dash, are its extension; five or six behind a mobile its short number."""
    of_the_net = all(number.kind == "mobile" for number in numbers) and all(
        len(part) in _SHORT_OF_A_NET for part in left_over
    )
    return (
        bool(left_over)
        and not of_the_net
        and (
            any(re.search(rf"[-‐-―−ー_~]\s*{part}(?!\d)", text) for part in left_over)
            or all(number.kind == "landline" for number in numbers)
        )
    )


def _partition(parts: Sequence[str], region: str, area_code: str) -> tuple[list[PhoneNumber], list[str]]:
    """The parts as numbers of one or more parts each, with as few left over as can be: short numbers of 4 to 8 digits.

    Nothing where other digits would be left over: a digit too many makes a number doubtful.
    """
    best: dict[int, tuple[int, list[PhoneNumber], list[str]]] = {0: (0, [], [])}
    parts = parts[: 5 * MOST_IN_A_CELL]
    for end in range(1, len(parts) + 1):
        for start in range(max(0, end - 5), end):
            if start not in best:
                continue
            cost, numbers, left = best[start]
            candidate = None
            try:
                joined = parts[start:end]
                if len(joined) == 1 or not (len(joined[-1]) <= 2 or _begins_too_short(joined)):
                    number = normalise("".join(parts[start:end]), region, area_code)
                    candidate = (cost + 1, [*numbers, number], left)
            except InvalidNumber:
                pass
            if candidate is None and end - start == 1 and 4 <= len(parts[start]) <= _LONGEST_SHORT:
                candidate = (cost + 10, numbers, [*left, parts[start]])
            if candidate is not None and (end not in best or candidate[0] < best[end][0]):
                best[end] = candidate
    _, found, left_over = best.get(len(parts), (0, [], []))
    return found, left_over
