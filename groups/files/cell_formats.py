"""What a workbook says of its cells beside their values: formulas, formats, what is hidden or struck through."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

Cell = tuple[int, int]
"""A cell's row and column, counted from 0."""

Cells = frozenset[Cell]


@dataclass(slots=True)
class Looks:
    """A sheet's. `formats` holds the codes of cells whose number is shown otherwise than as its digits.

    `unstruck` holds what is left of texts of which a part is struck through; `errors` what computes to an error.
    """

    formulas: set[Cell] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    struck: set[Cell] = field(default_factory=set)
    unstruck: dict[Cell, str] = field(default_factory=dict)
    formats: dict[Cell, str] = field(default_factory=dict)
    errors: dict[Cell, str] = field(default_factory=dict)


class DateShape(StrEnum):
    """Which parts of a date a cell shows, and in which order: by that one knows what was typed."""

    MONTH_DAY = "month-day"
    MONTH_YEAR = "month-year"
    YEAR_MONTH = "year-month"
    FULL = "full"


_YEAR_MONTH, _MONTH_DAY, _YEAR_MONTH_DAY = 'yyyy"年"m"月"', 'm"月"d"日"', 'yyyy"年"m"月"d"日"'
BUILT_IN = {
    14: "m/d/yyyy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    22: "m/d/yy h:mm",
    30: "m-d-yy",
    31: _YEAR_MONTH_DAY,
    **dict.fromkeys((27, 36, 50, 52, 57), _YEAR_MONTH),
    **dict.fromkeys((28, 29, 51, 53, 54, 58), _MONTH_DAY),
}
"""The formats that every spreadsheet knows by number; 27 to 58 are those of a Chinese one."""

_NO_TEXT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_SECTION = re.compile(r'(?:"[^"]*"|\\.|[^;"\\])*')
_TOKEN = re.compile(r'"(?P<text>[^"]*)"|\\(?P<sign>.)|(?P<pad>[_*].)|(?P<digit>[0#?])|(?P<other>.)', re.DOTALL)


def find_date_shape(code: str) -> DateShape | None:
    """What of a date a format shows; None: it is no format of days."""
    bare = _NO_TEXT.sub("", _SECTION.match(code)[0] if _SECTION.match(code) else code).lower()  # type: ignore[index]
    bare = bare.replace("general", "")
    if "d" in bare and "y" in bare:
        return DateShape.FULL
    if "d" in bare and "m" in bare:
        return DateShape.MONTH_DAY
    if "y" in bare and "m" in bare:
        return DateShape.MONTH_YEAR if bare.index("m") < bare.index("y") else DateShape.YEAR_MONTH
    return None


def show_by(code: str, value: int) -> str | None:
    """A whole number as its format shows it: 5 by 000 is 005, 12 by 0"号" is 12号. None: as its digits."""
    section = _SECTION.match(code)
    bare = re.sub(r"\[[^\]]*\]", "", section[0] if section else "")
    if value < 0 or not bare or "@" in bare or "general" in bare.lower() or not re.search(r"[0#?]", bare):
        return None
    tokens = [(found.lastgroup, found[0], found[found.lastgroup or 0]) for found in _TOKEN.finditer(bare)]
    if any(kind == "other" and text not in "-/() :+" for kind, text, _ in tokens):
        return None
    digits = list(str(value))
    shown: list[str] = []
    places = sum(kind == "digit" for kind, _, _ in tokens)
    for kind, text, said in reversed(tokens):
        if kind == "digit":
            places -= 1
            own = digits.pop() if digits else ("0" if text == "0" else "")
            shown.append(own)
            if not places:
                shown.extend(reversed(digits))
                digits = []
        elif kind != "pad":
            shown.append(said)
    return "".join(reversed(shown))
