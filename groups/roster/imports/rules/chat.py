"""Lists that were passed round in a chat, a line a household: 1. 王建国 1-1 13800000001."""

from __future__ import annotations

import re
import unicodedata

from groups.files.sheet import Sheet
from groups.roster.imports.rules.headings import Column, Field, Layout
from groups.roster.imports.rules.lines import announces_a_group
from groups.roster.imports.rules.numbers import holds_a_number
from groups.rules.typed_text import without_invisible

_NUMBERED = re.compile(r"^\s*[(【\[]?\d{1,3}(?:[.、):】\]]|\s)\s*(?=\D|\d+[-组])")
_DASH = re.compile(r"(?<=\d)\s*[‐-―−ー~至]\s*(?=\d)")
_GROUP_GLUED = re.compile(r"[(\[]?(?P<group>第?[\d一二三四五六七八九十]{1,3}(?:联防|十户)*(?:小)?组)(?P<rest>[^长]\S*)")
_MISTYPED = re.compile(r"(?=(?:\D*\d){5})(?=\S*[A-Za-z*?])[\dA-Za-z*?]{9,13}")
_SERIAL_ALONE = re.compile(r"[(\[【]?\d{1,3}[.、):】\]]?")
"""A line that somebody broke off behind its number."""
_EXAMPLE = re.compile(r"(示例|样例|范例|举例|例如|例子|例)[\s:]+")
_BETWEEN = re.compile(r"[\s,、;:|/]+")
_PHONE = re.compile(
    r"(?<![\d-])(?:\+?86[\s-]?)?(?:1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}|(?:0\d{2,3}[\s-]?)?[2-9]\d{6,7})(?![\d])"
)
_DOOR = re.compile(r"(?:[一-龥]{1,6})?\d+(?:-\d+)+(?:号|室)?|(?:[一-龥]{0,6})?\d+(?:号楼|幢|弄|号|室|单元)+\S*")
_GROUP = re.compile(r"第?[\d一二三四五六七八九十]{1,3}(?:联防|十户)*(?:小)?组")
_NAME = re.compile(r"[\u3007\u3400-\u9fff\U00020000-\U000323af·]{2,8}")
_NAME_THEN_DOOR = re.compile(r"(?P<name>[\u3007\u3400-\u9fff\U00020000-\U000323af·]{2,4})(?P<door>\d+(?:-\d+)+号?)")
_DOOR_THEN_NAME = re.compile(
    r"(?P<door>\d+(?:-\d+)+(?:号|室)?|\d+(?:号|室))(?P<name>[\u3007\u3400-\u9fff\U00020000-\U000323af·]{2,4})"
)
_HAN = r"[\u3007\u3400-\u9fff\U00020000-\U000323af]"
_NAME_APART = re.compile(
    rf"(?<!{_HAN})(?<!\d){_HAN}(?:\s+(?![男女](?!{_HAN})){_HAN}{{1,2}}){{1,2}}(?!{_HAN}|\s*[\d一二三四五六七八九十]{{1,3}}\s*组)"
)
"""王 建国: a text out of a PDF sets a name's parts apart."""
_GROUP_APART = re.compile(r"(第)?\s*(?<!\d)(\d{1,3})\s+((?:联防|十户)?小?组)(?!\S)")
_ONLY_LOOKED_AT = 400


def as_list(sheet: Sheet) -> tuple[Sheet, Layout] | None:
    """The lines as a list with columns; None where they are no such list. A line that is not understood stays whole."""
    lines = [next((cell for cell in row if cell.strip()), "") for row in sheet.rows]
    if any(sum(bool(cell.strip()) for cell in row) > 1 for row in sheet.rows):
        return None
    said = [line for line in lines if line.strip()]
    # What stands above the first household is the list's title.
    first = next((at for at, line in enumerate(said) if holds_a_number(line) and _split_cells(line)[2]), 0)
    said = said[first:]
    understood = sum(holds_a_number(line) and bool(_split_cells(line)[2]) for line in said[:_ONLY_LOOKED_AT])
    if understood < 2 or understood * 10 < 6 * len(said[:_ONLY_LOOKED_AT]):
        return None
    rows = tuple(_split_cells(line) for line in lines)
    fields = (Field.GROUP, Field.DOOR, Field.HEAD, Field.MOBILE)
    layout = Layout(0, tuple(Column(at, "", name) for at, name in enumerate(fields)))
    return Sheet(sheet.name, rows, part=sheet.part), layout


def _split_cells(line: str) -> tuple[str, str, str, str]:
    """Group, door, name and numbers of a line; a line without a household is its own first cell."""
    plain = unicodedata.normalize("NFKC", without_invisible(line[:400])).strip()
    plain = "" if _SERIAL_ALONE.fullmatch(plain) else _GROUP_APART.sub(r"\1\2\3", plain)
    numbered = _NUMBERED.search(plain)
    rest = plain[numbered.end() :] if numbered else plain
    if example := _EXAMPLE.match(rest):
        return (f"例:{rest[example.end() :]}", "", "", "")
    rest = _DASH.sub("-", rest)
    phones = [found[0] for found in _PHONE.finditer(rest)]
    if announces_a_group(rest) or not (phones or numbered):
        return (rest, "", "", "")
    bare = _NAME_APART.sub(lambda name: re.sub(r"\s+", "", name[0]), _PHONE.sub(" ", rest))
    words = [part for word in _BETWEEN.split(bare) if word.strip("()（）-—.") for part in _split_group(word)]
    # A number with letters in it stays with the numbers, where it is told: l3800000001.
    phones += [word for word in words if _MISTYPED.fullmatch(word)]
    words = [word for word in words if not _MISTYPED.fullmatch(word)]
    group = next((word for word in words if _GROUP.fullmatch(word)), "")
    words = _take_apart(words)
    door = next((word for word in words if _DOOR.fullmatch(word)), "")
    others = [word.strip("()-—.") for word in words if word not in {group, door}]
    labels = {"电话", "手机", "手机号", "号码", "tel", "电话号码", "联系电话", "姓名", "户主", "门牌"}
    others = [word for word in others if word and word.lower() not in labels]
    name = next((word for word in others if _NAME.fullmatch(word)), others[0] if others else "")
    return (group, door, name, "、".join(phones))


def _split_group(word: str) -> tuple[str, ...]:
    """A word, and the group that was written in front of it without a blank: 1组李明, （一组5号）."""
    found = _GROUP_GLUED.fullmatch(word)
    rest = found["rest"].strip("()[]:、-.") if found else ""
    return (found["group"], rest) if found and rest else (word.strip("()[]"),)


def _take_apart(words: list[str]) -> list[str]:
    """The words, a name and a door that were written without a blank each for itself: 王建国1-1.

    Where a name stands by itself, 东街1-1 is a door as it is written.
    """
    glued = [found for word in words if (found := _NAME_THEN_DOOR.fullmatch(word) or _DOOR_THEN_NAME.fullmatch(word))]
    if len(glued) != 1 or any(_NAME.fullmatch(word) and not _GROUP.fullmatch(word) for word in words):
        return words
    return [
        part for word in words for part in ((glued[0]["name"], glued[0]["door"]) if word == glued[0][0] else (word,))
    ]
