"""Days as lists write them: 2026年1月5日, 5-Jan-26, 二〇二六年一月五日, 46027; and ends that mean: no end."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum

from groups.errors import InvalidDay
from groups.rules.days import EARLIEST, LATEST, read_day
from groups.rules.typed_text import without_invisible

_SERIAL_FROM = date(1899, 12, 30)
_NO_END_AFTER = LATEST.year
"""A list that must write an end where there is none writes 9999-12-31 or 2999-12-31."""
_NO_END = re.compile(
    r"长期(有效)?|永久(有效)?|至今|无(限期?)?|不限(期)?|无(固定)?期限?|未定|持续|有效|在用|永?不到期|未到期|终身|一直|使用中|[-—–/~_]+|none|\(?null\)?|n/?a|\\n",
    re.IGNORECASE,
)
_MONTHS = {
    name: at
    for at, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_PART_OF_A_DAY = r"(?:上午|下午|凌晨|早上|中午|晚上)"
_CLOCK = r"\d{1,2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?|[时点](?:\d{1,2}分?(?:\d{1,2}秒)?)?)"
_TIME = re.compile(rf"(?<=\d|日)(?:[\sT]+{_CLOCK}\s*(?:[ap]m)?|[\sT]*{_PART_OF_A_DAY}\s*(?:{_CLOCK})?)$", re.IGNORECASE)
"""10:30, 上午9:05, 10时: when on that day is of no use here."""
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})")
_HERE = timezone(timedelta(hours=8))
"""China's time, in which the carriers' days are: midnight there is 16:00Z on the day before."""
_WITH_TIME = re.compile(r"((?:19|20|21|99)\d{6})([01]\d|2[0-3])([0-5]\d([0-5]\d)?)?")
"""20260302103000: a day and its time in one."""
_YEAR_FIRST = re.compile(r"(\d{4}|\d{2})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_YEAR_LAST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ENGLISH = re.compile(r"(\d{1,2})[-\s]([A-Za-z]{3})[a-z]*[-\s,]+(\d{4}|\d{2})")
_MONTH_BETWEEN = re.compile(r"(\d{1,2})-(\d{1,2})月-(\d{4}|\d{2})")
"""02-3月-26: as a database in Chinese writes its days."""
_APART = re.compile(r"(\d{4})[\s。、](\d{1,2})[\s。、](\d{1,2})")
_CHINESE = re.compile(
    r"(\d{4}|[〇零一二三四五六七八九○0]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})[日号]?"
)
_BANKERS = str.maketrans("壹贰叁肆伍陆柒捌玖拾两", "一二三四五六七八九十二")
_SIGNS = {sign: at for at, sign in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0, "0": 0}


class Order(StrEnum):
    """Which stands first in the days of a list that have the year last: 2/3/2026."""

    MONTH = "month"
    DAY = "day"
    OPEN = "open"
    """No day of the list tells: they are read month first, as the systems write them that put the year last."""


def find_order(texts: Iterable[str]) -> Order:
    """What the days of a list tell about their order: 25/3/2026 has the day first, 3/25/2026 the month."""
    pairs = [(int(found[1]), int(found[2])) for text in texts if (found := _YEAR_LAST.fullmatch(_simplify(text)))]
    day_first = any(first > 12 >= second for first, second in pairs)
    month_first = any(second > 12 >= first for first, second in pairs)
    if day_first == month_first:
        return Order.OPEN
    return Order.DAY if day_first else Order.MONTH


def is_open_to_two_days(text: str, order: Order) -> bool:
    """Whether nothing tells which is the month and which the day, and it matters: 2/3/2026."""
    found = _YEAR_LAST.fullmatch(_simplify(text))
    if found is None or order is not Order.OPEN:
        return False
    first, second = int(found[1]), int(found[2])
    return first != second and max(first, second) <= 12


def start_in(text: str, order: Order = Order.OPEN) -> date:
    """The day that a cell of a list means; `order`: `find_order` of the list. Raises InvalidDay."""
    plain = _simplify(text)
    try:
        found = _read(plain, order)
    except ValueError:
        found = None
    if found is None or not EARLIEST <= found <= LATEST:
        return read_day(plain)  # which says in words what is wrong about it
    return found


def end_in(text: str, order: Order = Order.OPEN) -> date | None:
    """The day on which something ends, None where it has no end: empty, 长期, 9999-12-31. Raises InvalidDay."""
    plain = _simplify(text)
    if not plain or _NO_END.fullmatch(plain):
        return None
    try:
        found = _read(plain, order)
    except ValueError:
        found = None
    if found is not None and found.year >= _NO_END_AFTER:
        return None
    try:
        return start_in(text, order)
    except InvalidDay:
        # Days that no calendar has stand for no end as well: 9999-99-99, 0000-00-00.
        if re.fullmatch(r"9{4}\D?9{2}\D?9{2}|0{4}\D?0{2}\D?0{2}", plain):
            return None
        raise


def _simplify(text: str) -> str:
    plain = unicodedata.normalize("NFKC", without_invisible(text[:60])).strip().removeprefix("'")
    if _MOMENT.fullmatch(plain):
        with suppress(ValueError):
            plain = f"{datetime.fromisoformat(plain).astimezone(_HERE):%Y-%m-%d}"
    plain = _TIME.sub("", plain).translate(_BANKERS)
    plain = found[1] if (found := _WITH_TIME.fullmatch(plain)) else plain
    return re.sub(r"\s*([年月日/.-])\s*", r"\1", plain)


def _read(plain: str, order: Order) -> date | None:
    if re.fullmatch(r"\d{8}", plain):
        return date(int(plain[:4]), int(plain[4:6]), int(plain[6:]))
    if re.fullmatch(r"\d{5}(\.\d+)?", plain):
        return _SERIAL_FROM + timedelta(days=int(plain.split(".", maxsplit=1)[0]))
    if found := _YEAR_FIRST.fullmatch(plain) or _APART.fullmatch(plain):
        return date(_read_year(found[1]), int(found[2]), int(found[3]))
    if found := _YEAR_LAST.fullmatch(plain):
        first, second = int(found[1]), int(found[2])
        # Month first, as the systems write it that put the year last; where that cannot be, day first.
        is_month_first = first <= 12 and (order is not Order.DAY or second > 12)
        month, day = (first, second) if is_month_first else (second, first)
        return date(int(found[3]), month, day)
    if (found := _ENGLISH.fullmatch(plain)) and found[2].lower() in _MONTHS:
        return date(_read_year(found[3]), _MONTHS[found[2].lower()], int(found[1]))
    if found := _MONTH_BETWEEN.fullmatch(plain):
        return date(_read_year(found[3]), int(found[2]), int(found[1]))
    if found := _CHINESE.fullmatch(plain):
        year = int("".join(str(_SIGNS.get(sign, sign)) for sign in found[1]))
        return date(year, _read_number(found[2]), _read_number(found[3]))
    return None


def _read_year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _read_number(text: str) -> int:
    """一 to 三十一."""
    tens, ten, ones = text.partition("十")
    if not ten:
        return _SIGNS[tens]
    return (_SIGNS[tens] if tens else 1) * 10 + (_SIGNS[ones] if ones else 0)
