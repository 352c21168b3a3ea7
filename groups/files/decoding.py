"""The text of a file whose encoding nobody has noted: UTF-8, UTF-16, GB18030, Big5. In doubt it is refused."""

from __future__ import annotations

import re
import unicodedata

from groups.errors import RosterFileError, say

_UNKNOWN = say("unknown_encoding")
_HEADING_WORDS = re.compile(
    "户主|姓名|门牌|电话|手机|号码|组别|联防|编组|地址|住址|联系|序号|备注|小组|套餐|开通|日期|名称"
    "|戶主|門牌|電話|手機|號碼|組別|聯防|編組|地址|聯絡|聯繫|序號|備註|小組|開通|名稱"
)
_TAKEN_FOR_LATIN = re.compile("[\u0080-\u00ff]")
_STRANGE = re.compile("[\u3040-\u30ff\u0370-\u03ff\u0400-\u04ff\ue000-\uf8ff\u2500-\u257f\uff61-\uff9f]")
_LINES = re.compile("[\u2500-\u257f]+")
_DRAWN = re.compile("^[ \u3000]*(?:[\u2500-\u257f]{3}|[\u250c\u250f\u2554\u2502\u2503\u2551])", re.MULTILINE)
"""A table that is drawn with lines, as old systems print it."""

# Where GB18030 of 2022 has a sign that older tables keep in the private use area, Python's among them.
_PRIVATE = {
    **dict(zip(range(0xE78D, 0xE797), "\ufe10\ufe12\ufe11\ufe13\ufe14\ufe15\ufe16\ufe17\ufe18\ufe19", strict=True)),
    0xE7C7: "\u1e3f",
    0xE81E: "\u9fb4",
    0xE826: "\u9fb5",
    0xE82B: "\u9fb6",
    0xE82C: "\u9fb7",
    0xE832: "\u9fb8",
    0xE843: "\u9fb9",
    0xE854: "\u9fba",
    0xE863: "\u4dae",
    0xE864: "\u9fbb",
    0xE816: "\U00020087",
    0xE817: "\U00020089",
    0xE818: "\U000200cc",
    0xE831: "\U000215d7",
    0xE83B: "\U0002298f",
    0xE855: "\U000241fe",
}


def decode(content: bytes) -> str:
    """The text of a file. Raises RosterFileError where it is damaged, or its encoding is none of those known."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode_utf_16(content, "utf-16")
    if order := _order_of_utf_16(content):
        return _decode_utf_16(content, order)
    try:
        return _check_sound(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        if _is_nearly_utf_8(content):
            raise _make_damaged(content[: error.start].count(b"\n")) from None
    return _check_sound(_decode_chinese(content))


def _decode_utf_16(content: bytes, encoding: str) -> str:
    try:
        text = content[: len(content) // 2 * 2].decode(encoding)
    except UnicodeDecodeError as error:
        raise _make_damaged(content[: error.start].count(b"\n")) from None
    if len(content) % 2:
        raise _make_damaged(text.count("\n"))
    return _check_sound(text.removeprefix("\ufeff"))


def _order_of_utf_16(content: bytes) -> str:
    """The byte order of UTF-16 without its mark: the digits and delimiters of a list have a zero byte on one side."""
    sample = content[:20_000]
    if sample.count(0) * 20 < len(sample) or len(sample) < 8:
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    for many, few, order in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if many > 20 * few:
            text = sample[: len(sample) // 2 * 2].decode(order, "replace")
            readable = sum(sign in "\t\r\n" or unicodedata.category(sign)[0] not in "C" for sign in text)
            return order if readable * 50 >= len(text) * 49 else ""
    return ""


def _is_nearly_utf_8(content: bytes) -> bool:
    """Whether a few bytes in a text of UTF-8 are lost or wrong: of other encodings, most would be."""
    text = content.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    sound = sum(sign > "\u07ff" and sign != "\ufffd" for sign in text)
    return sound >= 3 and sound >= 3 * lost


def _decode_chinese(content: bytes) -> str:
    """GB18030, or Big5 where only that gives a heading that lists have."""
    readings: list[str] = []
    for encoding in ("gb18030", "cp950"):
        try:
            readings.append(content.decode(encoding).translate(_PRIVATE))
        except UnicodeDecodeError:
            readings.append("")
    simplified, traditional = readings
    if simplified and (not traditional or _measure_likeness(simplified) >= _measure_likeness(traditional)):
        return simplified
    if traditional and _measure_likeness(traditional) > 0:
        return traditional
    raise RosterFileError(_UNKNOWN)


def _measure_likeness(text: str) -> float:
    """How much a text looks like a list: words of a heading, few signs that no name has."""
    beginning = text[:20_000]
    if _DRAWN.search(beginning):
        beginning = _LINES.sub("", beginning)
    strange = len(_STRANGE.findall(beginning)) / max(len(beginning), 1)
    return len(set(_HEADING_WORDS.findall(beginning[:2_000]))) - 20 * strange


def _check_sound(text: str) -> str:
    """The text; refused where bytes of something else have become text: zeros, or half of it signs of control."""
    controls = sum(text.count(chr(code)) for code in range(32) if code not in {9, 10, 13, 7, 11, 12, 28, 29, 30, 31})
    # å¼ ä¸‰: Chinese that was taken for Latin on its way.
    latin = len(_TAKEN_FOR_LATIN.findall(text[:20_000]))
    if "\x00" in text or controls * 20 > len(text) or latin * 5 > min(len(text), 20_000):
        raise RosterFileError(_UNKNOWN)
    return text


def _make_damaged(lines_before: int) -> RosterFileError:
    return RosterFileError(say("text_damaged_at_line", line=lines_before + 1))
