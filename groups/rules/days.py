"""The town's days: where a moment falls, and what somebody means who types one."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from groups.errors import InvalidDay, say

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_CHINESE = re.compile(r"(\d{4})[年./](\d{1,2})[月./](\d{1,2})日?")
_DAY_ALONE = re.compile(r"\d{4}-?\d{1,2}-?\d{1,2}")
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}")
_TIME_OF_DAY = re.compile(r"\s+([01]?\d|2[0-4]):[0-5]\d(:[0-5]\d(\.\d+)?)?$")
"""What a spreadsheet leaves behind a day. Anything else behind one says more than a day, or another one."""
EARLIEST, LATEST = date(1990, 1, 1), date(2199, 12, 31)


def find_local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day of an aware moment in the town."""
    return moment.astimezone(zone).date()


def add_half_a_year(day: date) -> date:
    """The same day of the month six months on, or the last one that month has."""
    year, month = (day.year, day.month + 6) if day.month <= 6 else (day.year + 1, day.month - 6)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def read_day(text: str) -> date:
    """The day that 2026-11-23, 2026/11/23, 2026.11.23, 20261123 or 2026年11月23日 means, a time behind it or none.

    Raises InvalidDay, also where more stands behind the day than a time: of two days nobody knows which is meant.
    """
    plain = _TIME_OF_DAY.sub("", text.strip())
    if re.fullmatch(r"\d{8}", plain):
        plain = f"{plain[:4]}-{plain[4:6]}-{plain[6:]}"
    match = _ISO.fullmatch(plain) or _CHINESE.fullmatch(plain)
    try:
        day = date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day <= LATEST:
        raise _make_no_day(text)
    return day


def _make_no_day(text: str) -> InvalidDay:
    shown = "".join(sign for sign in text.strip()[:20] if sign.isprintable())
    return InvalidDay(say("no_day_of_calendar", text=shown))


def read_moment(text: str, zone: ZoneInfo) -> datetime:
    """The moment that 2026-11-23 18:00, 2026-11-23T18:00:00+08:00 or a day alone means: the end of that day.

    What names no zone is the town's time. Raises InvalidDay.
    """
    plain = text.strip()
    if _DAY_ALONE.fullmatch(plain) or (":" not in plain and "T" not in plain):
        return end_of(read_day(plain), zone)
    try:
        named = datetime.fromisoformat(plain.replace("Z", "+00:00")) if _DATED.match(plain) else _read_apart(plain)
    except ValueError:
        # An hour that no clock has is no end of a day.
        raise _make_no_day(text) from None
    if not EARLIEST <= named.date() <= LATEST:
        read_day(plain)
    return named if named.tzinfo is not None else named.replace(tzinfo=zone)


def _read_apart(text: str) -> datetime:
    """A day as people write it, and a time behind it: 2026/1/5 9:00. Raises InvalidDay, ValueError."""
    day, _, hour = text.rpartition(" ")
    return datetime.combine(read_day(day), time.fromisoformat(hour.zfill(5)))


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The last moment of a day in the town."""
    return datetime.combine(day + timedelta(days=1), time(), zone) - timedelta(microseconds=1)


def is_unlikely(day: date, today: date) -> bool:
    """Whether it is so long ago, more than ten years, that somebody has to say that it is meant."""
    return day < date(today.year - 10, 1, 1)


def is_far_ahead(day: date, today: date) -> bool:
    """Whether it is so far ahead, more than three years, that somebody has to say that it is meant."""
    return day > date(today.year + 3, 12, 31)


def go_back_a_year(day: date) -> date:
    """The same day of the year before; of 29 February the 28th."""
    return date(day.year - 1, day.month, min(day.day, monthrange(day.year - 1, day.month)[1]))


class Period(NamedTuple):
    """From a day up to, and not on, another; None: for good."""

    starts_on: date
    ends_on: date | None

    def holds(self, day: date) -> bool:
        """Whether the day is in it."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)
