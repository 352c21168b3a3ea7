"""What somebody asks about coverage: read from the words of an address, a command or a request, and written back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from groups.coverage.rules.report import Level
from groups.errors import InvalidChoice, InvalidDay, say
from groups.rules.counting import CountKind
from groups.rules.days import end_of, find_local_day, read_day, read_moment

Word = TypeVar("Word", bound=StrEnum)


QUERY_WORDS = frozenset({
    "as_of", "from", "to", "by", "level", "village", "denominator", "known_at", "since", "since_known_at",
})  # fmt: skip
"""What `read_query` reads."""


class Step(StrEnum):
    """How far apart the points of a series are."""

    MONTH = "month"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class CoverageQuery:
    """The figures of `as_of`; with `first` and `last` also how they moved between them, by `step`.

    `village` is the code of the one village that is asked about; None: the town. `known_at`: as it was known at that
    moment; None: as it is known now. With `since`, what changed since the report of that day, as that was known at
    `since_known_at` (None: when it was issued, or at the end of that day).
    """

    as_of: date
    first: date | None = None
    last: date | None = None
    step: Step = Step.MONTH
    level: Level = Level.VILLAGE
    village: str | None = None
    kind: CountKind = CountKind.RESIDENT
    known_at: datetime | None = None
    since: date | None = None
    since_known_at: datetime | None = None

    def words(self) -> dict[str, str]:
        """The question as `read_query` reads it; what is meant anyway is left out."""
        words = {"as_of": self.as_of.isoformat()}
        if self.first is not None and self.last is not None:
            words |= {"from": self.first.isoformat(), "to": self.last.isoformat()}
        chosen = (
            ("by", self.step, Step.MONTH),
            ("level", self.level, Level.VILLAGE),
            ("village", self.village, None),
            ("denominator", self.kind, CountKind.RESIDENT),
        )
        words |= {name: str(value) for name, value, usual in chosen if value != usual}
        asked = (("known_at", self.known_at), ("since", self.since), ("since_known_at", self.since_known_at))
        return words | {name: value.isoformat() for name, value in asked if value is not None}


def read_query(words: Mapping[str, str], latest: date, zone: ZoneInfo, now: datetime | None = None) -> CoverageQuery:
    """The question that these words ask; an empty word counts as none. Raises InvalidDay, InvalidChoice.

    The figures are of `latest` where no day is named, and of no day after it: nobody knows yet who will have left.
    Where only one end of a span is named, the other is the day of the figures, or two years before. Nothing is known at
    a moment of days that are to come then. With `now` no moment may be named that is to come; today as a day means now.
    """
    given = {name: word.strip() for name, word in words.items() if word.strip()}
    last = read_day(given["to"]) if "to" in given else None
    as_of = read_day(given["as_of"]) if "as_of" in given else last or latest
    first = read_day(given["from"]) if "from" in given else None
    if first is not None or last is not None:
        last = last or as_of
        first = first or go_back_two_years(last)
        if last < first:
            raise InvalidDay(say("last_day_before_first", last=last, first=first))
    if (late := max(as_of, last or as_of)) > latest:
        raise InvalidDay(say("no_figures_yet", late=late, latest=latest))
    known_at = _read_moment_known(given["known_at"], zone, now) if "known_at" in given else None
    if known_at is not None:
        latest = min(latest, find_local_day(known_at, zone))
        if as_of > latest and "as_of" not in given and last is None:
            as_of = latest
    if (late := max(as_of, last or as_of)) > latest:
        raise InvalidDay(say("was_to_come_then", late=late, latest=latest))
    since = read_day(given["since"]) if "since" in given else None
    if since is not None and since >= as_of:
        raise InvalidDay(say("last_report_not_earlier", since=since, until=as_of))
    return CoverageQuery(
        as_of,
        first,
        last,
        read_choice(Step, given.get("by", Step.MONTH)),
        read_choice(Level, given.get("level", Level.VILLAGE)),
        given.get("village"),
        read_choice(CountKind, given.get("denominator", CountKind.RESIDENT)),
        known_at,
        since,
        _read_moment_known(given["since_known_at"], zone, now) if "since_known_at" in given else None,
    )


def _read_moment_known(text: str, zone: ZoneInfo, now: datetime | None) -> datetime:
    """A moment of which somebody asks what was known; the end of today is not yet known. Raises InvalidDay."""
    moment = read_moment(text, zone)
    if now is None or moment <= now:
        return moment
    if moment == end_of(find_local_day(now, zone), zone):
        return now
    raise InvalidDay(say("moment_to_come", moment=f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"))


def read_choice(kind: type[Word], word: str) -> Word:
    """The member of `kind` with this value. Raises InvalidChoice, which names those there are."""
    try:
        return kind(word)
    except ValueError:
        raise make_unknown_choice(word, [member.value for member in kind]) from None


def make_unknown_choice(word: str, choices: Iterable[str]) -> InvalidChoice:
    """What is said of a word that is none of those to choose from."""
    shown = "".join(sign for sign in word[:20] if sign.isprintable())
    return InvalidChoice(say("not_among_choices", text=shown, choices=tuple(choices)))


def go_back_two_years(day: date) -> date:
    """The first of the month two years earlier: with `day`'s own month, twenty-five points."""
    return date(day.year - 2, day.month, 1)
