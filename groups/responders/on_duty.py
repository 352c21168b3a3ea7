"""Who watches over a group beside its households, and when: groups next to it, responders on duty, cameras of its grid.

Weekly duty hours (值班) are read as village offices write them, written in one form, and asked who is on duty:
周一至周五 18:00-06:00;周六、周日 全天 · 每天 8点到17点 · 工作日 08:30-17:00 · Mon-Fri 18:00-6:00; Sat all day.
Hours that end before they begin go on past midnight into the next day. Nothing at all means round the clock.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from groups.models.responders import Camera, Responder, Team
from groups.models.roster import Grid, Group
from groups.rules import names

MINUTES_A_DAY = 1440
LONGEST = 400
"""Signs that the written form may have."""
LONGEST_READ = 600
"""Signs of a text that is read at all."""
ALWAYS = "全天"

_DAYS = "一二三四五六日"
_DAYS_EN = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ALL_DAY = re.compile(r"全天|24小时|昼夜|allday|always|roundtheclock|24h")
_EVERY_DAY = re.compile(r"每[天日]|天天|daily|everyday")
_HOUR = r"(\d{1,2})(?:[:.点时](\d{1,2})?分?)?"
_TIMES = re.compile(rf"{_HOUR}\s*[-~—–至到]\s*(?:次日|第二天)?\s*{_HOUR}")
_DAY_WORD = re.compile(r"(?:星期|礼拜|周)?([一二三四五六日天])|(mon|tue|wed|thu|fri|sat|sun)[a-z]*")
_TO = frozenset("至到-~—–")
_BETWEEN = re.compile(r"[、,和及&\s]+")


class Span(NamedTuple):
    """Hours of one weekday (0 Monday … 6 Sunday) in minutes from midnight; `end` <= `start` is on the next day."""

    weekday: int
    start: int
    end: int


class NoDutyHours(ValueError):
    """A text that cannot be read as duty hours; the message is the piece that was not understood."""


def read(text: str) -> tuple[Span, ...]:
    """The spans that a text means, in order, each once; empty for round the clock. Raises NoDutyHours."""
    if len(text) > LONGEST_READ:
        raise NoDutyHours(text[:40])
    plain = unicodedata.normalize("NFKC", text[:LONGEST_READ]).lower()
    pieces = [piece.strip() for piece in re.split(r"[;\n]", plain) if piece.strip()]
    spans = sorted({span for piece in pieces for span in _read_piece(piece)})
    return () if _covers_the_week(spans) else tuple(spans)


def write(spans: Iterable[Span]) -> str:
    """The spans in the one form that is kept: 周一至周五 18:00-06:00;周六 全天. Empty for round the clock."""
    by_hours = _group_days_by_hours(spans)
    return ";".join(f"{_write_days(days)} {_write_hours(*hours)}" for hours, days in by_hours.items())


def write_in_english(spans: Iterable[Span]) -> str:
    """The same for readers of English, and read again by `read`: Mon-Fri 18:00-06:00; Sat all day."""
    by_hours = _group_days_by_hours(spans)
    return "; ".join(
        f"{_write_days_in_english(days)} {_write_hours_in_english(*hours)}" for hours, days in by_hours.items()
    )


def is_on_duty(spans: Iterable[Span], local: datetime) -> bool:
    """Whether these hours hold at a moment of local time. No hours at all: always."""
    known = tuple(spans)
    weekday, minute = local.weekday(), local.hour * 60 + local.minute
    return not known or any(_holds(span, weekday, minute) for span in known)


def _holds(span: Span, weekday: int, minute: int) -> bool:
    over_midnight = span.end <= span.start
    if weekday == span.weekday:
        return span.start <= minute and (over_midnight or minute < span.end)
    return over_midnight and weekday == (span.weekday + 1) % 7 and minute < span.end


def _covers_the_week(spans: Iterable[Span]) -> bool:
    return {span.weekday for span in spans if span.start == 0 and span.end == MINUTES_A_DAY} == set(range(7))


def _read_piece(piece: str) -> list[Span]:
    days_text, hours = _split(piece)
    days = _read_days(days_text, piece)
    return [Span(day, start, end) for day in days for start, end in hours]


def _split(piece: str) -> tuple[str, list[tuple[int, int]]]:
    """The days' part of a piece, and its hours."""
    found = [*_TIMES.finditer(piece)]
    if found:
        rest = _TIMES.sub(" ", piece[found[0].start() :])
        if rest.strip(" 、,和及&"):
            raise NoDutyHours(piece)
        return piece[: found[0].start()], [_read_hours(match, piece) for match in found]
    all_day = _ALL_DAY.search(piece.replace(" ", "")) is not None
    days = re.sub(r"全\s*天|24\s*小时|昼夜|all\s*day|always|round\s*the\s*clock|24h", " ", piece)
    if not all_day:
        raise NoDutyHours(piece)
    return days, [(0, MINUTES_A_DAY)]


def _read_hours(match: re.Match[str], piece: str) -> tuple[int, int]:
    start = int(match[1]) * 60 + int(match[2] or 0)
    end = int(match[3]) * 60 + int(match[4] or 0)
    wrong_minutes = max(int(match[2] or 0), int(match[4] or 0)) > 59
    if wrong_minutes or start >= MINUTES_A_DAY or end > MINUTES_A_DAY or start == end:
        raise NoDutyHours(piece)
    return start, end or MINUTES_A_DAY


def _read_days(text: str, piece: str) -> list[int]:
    rest = text.strip(" :,、")
    if not rest or _EVERY_DAY.fullmatch(rest.replace(" ", "")):
        return list(range(7))
    if rest in {"工作日", "weekdays"}:
        return list(range(5))
    if rest in {"周末", "双休日", "weekend", "weekends"}:
        return [5, 6]
    days: list[int] = []
    place, reaches = 0, False
    while place < len(rest):
        if rest[place] in _TO and days and not reaches:
            place, reaches = place + 1, True
        elif gap := _BETWEEN.match(rest, place):
            place = gap.end()
        elif word := _DAY_WORD.match(rest, place):
            day = _DAYS_EN.index(word[2]) if word[2] else _DAYS.index(word[1].replace("天", "日"))
            days += _list_days(days[-1], day) if reaches else [day]
            place, reaches = word.end(), False
        else:
            raise NoDutyHours(piece)
    if reaches or not days:
        raise NoDutyHours(piece)
    return days


def _list_days(first: int, last: int) -> list[int]:
    """The days after `first` up to `last`, over the weekend where it comes earlier in the week."""
    return [day % 7 for day in range(first + 1, last + (8 if last <= first else 1))]


def _group_days_by_hours(spans: Iterable[Span]) -> dict[tuple[int, int], list[int]]:
    by_hours: dict[tuple[int, int], list[int]] = {}
    for span in sorted(spans):
        by_hours.setdefault((span.start, span.end), []).append(span.weekday)
    return by_hours


def _write_days(days: list[int]) -> str:
    if len(days) == len(_DAYS):
        return "每天"
    words = []
    for run in _split_runs(days):
        if len(run) > 2:
            words.append(f"周{_DAYS[run[0]]}至周{_DAYS[run[-1]]}")
        else:
            words += [f"周{_DAYS[day]}" for day in run]
    return "、".join(words)


def _write_days_in_english(days: list[int]) -> str:
    if len(days) == len(_DAYS):
        return "daily"
    words = []
    for run in _split_runs(days):
        names = [_DAYS_EN[day].capitalize() for day in run]
        words += [f"{names[0]}-{names[-1]}"] if len(names) > 2 else names
    return ", ".join(words)


def _split_runs(days: list[int]) -> list[list[int]]:
    # Days in a row differ from their place in the list by the same number.
    return [[day for _, day in run] for _, run in groupby(enumerate(days), lambda each: each[1] - each[0])]


def _write_hours_in_english(start: int, end: int) -> str:
    words = _write_hours(start, end)
    return "all day" if words == ALWAYS else words


def _write_hours(start: int, end: int) -> str:
    if (start, end) == (0, MINUTES_A_DAY):
        return ALWAYS
    return f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"


MOST_BESIDE = 4
"""At most so many neighbouring groups are called, the nearest in the village's order."""

_ON_DUTY = "值班"

TEAM_WORDS = {
    Team.STATION: ("值班室", "duty phone"),
    Team.SECURITY: ("治保", "security"),
    Team.PATROL: ("巡防", "patrol"),
    Team.GUARDS: ("企事业保卫", "guards"),
    Team.VOLUNTEERS: ("志愿者", "volunteers"),
}
"""What a team is called, in Chinese and in English."""


def find_groups_beside(session: Session, group_id: int) -> list[int]:
    """The ids of the groups of its grid, and of those before and after it in its village's order: the nearest first."""
    own = session.get(Group, group_id)
    if own is None:
        return []
    rows = session.execute(
        select(Group.id, Group.grid_id)
        .where(Group.village_id == own.village_id, or_(Group.archived_at.is_(None), Group.id == own.id))
        .order_by(Group.position, Group.id)
    ).all()
    place = next(place for place, row in enumerate(rows) if row.id == own.id)
    away = {row.id: abs(each - place) for each, row in enumerate(rows) if row.id != own.id}
    same_grid = {row.id for row in rows if own.grid_id is not None and row.grid_id == own.grid_id}
    beside = [each for each, doors in away.items() if doors == 1 or each in same_grid]
    return sorted(beside, key=lambda each: away[each])[:MOST_BESIDE]


def list_on_duty(session: Session, village_id: int | None, local: datetime) -> list[Responder]:
    """The responders of a village (None: the town's centre) that are on duty, its duty phones first."""
    whose = Responder.village_id.is_(None) if village_id is None else Responder.village_id == village_id
    active = session.scalars(select(Responder).where(whose, Responder.archived_at.is_(None)).order_by(Responder.id))
    found = [each for each in active if is_on_duty(read(each.hours), local)]
    return sorted(found, key=lambda each: each.team is not Team.STATION)


def list_cameras(session: Session, group_id: int) -> list[tuple[str, str]]:
    """The camera places of the grid that a group lies in: (name, landmark), by name."""
    rows = session.execute(
        select(Camera.name, Camera.landmark)
        .join(Grid, Camera.grid_id == Grid.id)
        .join(Group, Group.grid_id == Grid.id)
        .where(Group.id == group_id, Camera.archived_at.is_(None), Grid.archived_at.is_(None))
        .order_by(Camera.name)
    )
    return [(row.name, row.landmark) for row in rows]


def name_of(responder: Responder) -> str:
    """How a responder is called to others: 治保陈国平; a duty phone: 墙下陶村值班室."""
    if responder.team is not Team.STATION:
        return f"{TEAM_WORDS[responder.team][0]}{responder.name}"
    return responder.name if _ON_DUTY in responder.name else f"{responder.name}{_ON_DUTY}电话"


def name_in_english(responder: Responder) -> str:
    """The same in English: Chen Guoping (security); the duty phone of Qiangxiatao."""
    if responder.team is not Team.STATION:
        return f"{names.romanise(responder.name)} ({TEAM_WORDS[responder.team][1]})"
    return f"the duty phone of {names.romanise(responder.name.partition(_ON_DUTY)[0])}".removesuffix(" of ")
