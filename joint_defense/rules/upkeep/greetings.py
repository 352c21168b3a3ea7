"""A good morning: whether somebody who lives alone is well. When they are asked, who is asked next, how a day ends."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

EARLIEST, LATEST = 5 * 60, 20 * 60
"""Between these minutes of the day somebody may choose to be asked."""
LAST_ASKED = 21 * 60
"""Where the service was away at the chosen time, it still asks until this minute of the day; later nothing rings."""
LAST_ALARM = LAST_ASKED + 20
"""So long an alarm that is wished is still raised, where neighbours were asked before `LAST_ASKED`."""
MORNING = 7 * 60
"""What an evening leaves open is told at this minute of the next day."""
AWAY_FOR = timedelta(days=7)
"""So long a pause lasts of which no day was said."""
LONGEST_AWAY = timedelta(days=92)


class GreetingStep(StrEnum):
    """What is done on a day, one after the other, until somebody answers.

    ::

        FIRST ─15 min─► SECOND ─15 min─► THIRD ─10 min─► CONTACT ─10 min─► NEIGHBOURS ─20 min─► ALARM
                                          (no contact is named: passed over)         (only where it is wished)
    """

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    CONTACT = "contact"
    """The contact that they named."""
    NEIGHBOURS = "neighbours"
    """The group's leader and deputy, and the nearest neighbours: a quiet task."""
    ALARM = "alarm"


ASKS = (GreetingStep.FIRST, GreetingStep.SECOND, GreetingStep.THIRD)
"""The steps in which they themselves are asked."""
WAITS = {
    GreetingStep.FIRST: timedelta(minutes=15),
    GreetingStep.SECOND: timedelta(minutes=15),
    GreetingStep.THIRD: timedelta(minutes=10),
    GreetingStep.CONTACT: timedelta(minutes=10),
    GreetingStep.NEIGHBOURS: timedelta(minutes=20),
}
"""So long each step is given for an answer."""


class GreetingOutcome(StrEnum):
    """How a day ended."""

    WELL = "well"
    """They answered."""
    SEEN = "seen"
    """The contact or a neighbour says that they are well."""
    HELP = "help"
    """They called for help, or somebody did for them."""
    AWAY = "away"
    """They said that they go away."""
    ALARM = "alarm"
    """Nobody answered, and an alarm was raised as they wished."""
    UNASKED = "unasked"
    """They could not be asked: their phone takes neither calls nor texts any more."""
    UNANSWERED = "unanswered"
    """Nobody answered before the next day began."""
    ENDED = "ended"
    """The greeting was ended meanwhile."""


def find_next(step: GreetingStep, *, has_contact: bool, alarms: bool) -> GreetingStep | None:
    """What follows a step without an answer; None: nothing more, somebody is still to look in."""
    order = list(GreetingStep)
    for following in order[order.index(step) + 1 :]:
        if following is GreetingStep.CONTACT and not has_contact:
            continue
        if following is GreetingStep.ALARM and not alarms:
            continue
        return following
    return None


def is_night(local: datetime) -> bool:
    """Whether it is too late, or too early, for a good morning to disturb anybody."""
    return not EARLIEST <= local.hour * 60 + local.minute < LAST_ASKED


def find_night(local: datetime) -> datetime:
    """The moment of that day from which nobody is disturbed."""
    return local.replace(hour=LAST_ASKED // 60, minute=LAST_ASKED % 60, second=0, microsecond=0)


def find_morning(local: datetime) -> datetime:
    """The next morning; on the same day where it is still before it."""
    morning = local.replace(hour=MORNING // 60, minute=MORNING % 60, second=0, microsecond=0)
    return morning if morning > local else morning + timedelta(days=1)


def read_minute(text: str) -> int | None:
    """The minute of the day that is written as 7, 7:30 or 7点半; None for what is no time of the day."""
    plain = unicodedata.normalize("NFKC", text[:16]).strip()
    found = re.fullmatch(r"(\d{1,2})(?:[:.点时](?:(\d{1,2})分?|(半))?)?", plain)
    if found is None:
        return None
    hour, minute = int(found[1]), 30 if found[3] else int(found[2] or 0)
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def write_minute(minute: int) -> str:
    """The same the other way round: 07:30."""
    return f"{minute // 60:02}:{minute % 60:02}"


@dataclass(frozen=True, slots=True)
class Pause:
    """A wish by text: to be left alone until a day (None: no day was said), or `back`."""

    until: date | None = None
    back: bool = False


_AWAY = re.compile(
    r"(?:我|我们)?(?:要|要去|去)?(?:出门|外出|出远门)(?:几天|一阵子|一段时间)?了?"
    r"(?:[,，、 ]?(?:到|至|直到)(?P<until>.+?))?"
    r"|(?:i am |i'm )?away(?: until (?P<until_en>.+?))?"
)
_BACK = re.compile(r"(?:我|我们)?(?:已经|已)?(?:回来|回家|到家)了?(?:.{0,2}平安)?|(?:i am |i'm )?back(?: home)?")
_NEAR = {"明天": 1, "后天": 2, "大后天": 3, "tomorrow": 1}
_DAY = re.compile(r"(?:(?:(?P<year>\d{4})[年/.-])?(?P<month>\d{1,2})[月/.-])?(?P<day>\d{1,2})(?:[日号]|)")


class WrongDay(ValueError):
    """A day was written that is none, has gone by, or is too far off. `why`: `pause_unread`, `pause_past`, …"""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def read_pause(text: str, today: date) -> Pause | None:
    """The pause that a text asks for; None for a text about something else. Raises WrongDay."""
    plain = unicodedata.normalize("NFKC", text[:60]).strip(" \t\n.,;:!?。，、；：！？~").casefold()
    if _BACK.fullmatch(plain):
        return Pause(back=True)
    found = _AWAY.fullmatch(plain)
    if found is None:
        return None
    until = found["until"] or found["until_en"]
    return Pause(None if until is None else check_pause(read_pause_day(until, today), today))


def read_pause_day(text: str, today: date) -> date:
    """The next such day: 5号, 12月5日, 2026-12-05. Raises WrongDay."""
    plain = unicodedata.normalize("NFKC", text[:24]).strip()
    plain = plain.removesuffix("回来").removesuffix("为止")
    if plain in _NEAR:
        return today + timedelta(days=_NEAR[plain])
    found = _DAY.fullmatch(plain)
    if found is None:
        raise WrongDay("pause_unread")
    year, month, day = found["year"], found["month"], int(found["day"])
    if year:
        one = _make_day(int(year), int(month), day)
        if one is None:
            raise WrongDay("pause_unread")
        return one
    for ahead in range(13):
        place = today.year * 12 + today.month - 1 + ahead
        one = _make_day(place // 12, place % 12 + 1, day)
        if one is None or one <= today or (month and one.month != int(month)):
            continue
        if month and one > today + LONGEST_AWAY:
            # Nobody goes away for most of a year: the day has just gone by.
            raise WrongDay("pause_past")
        return one
    raise WrongDay("pause_unread")


def _make_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def check_pause(until: date, today: date) -> date:
    """The day, where a pause may last until then. Raises WrongDay."""
    if until <= today:
        raise WrongDay("pause_past")
    if until > today + LONGEST_AWAY:
        raise WrongDay("pause_long")
    return until


_WELL = re.compile(
    r"(?:我们?|俺|咱|家里|家人|一切|一直|今天|今早|早上|身体|都|很|挺|还|蛮|您好|你好|喂|嗯|哦|放心|谢谢您?|早|"
    r"i am|i'm|we are|i feel|yes|thanks|thank you|very|all|good morning| )*"
    r"(?:平安|好|早上好|早安|没事|没问题|没什么事|不错|可以|正常|健康|安好|收到|在家|"
    r"ok|okay|fine|well|good|yes|alright|good morning)"
    r"(?:的|着|呢|啊|呀|了|哦|得很|放心吧?|谢谢(?:您|你|你们|大家|关心)?|thanks|thank you| )*"
)


def says_well(text: str) -> bool:
    """Whether words say no more than that somebody is well; in doubt they do not."""
    plain = unicodedata.normalize("NFKC", text[:80]).casefold()
    plain = re.sub(r"[\s,.;:!?。，、；：！？~…]+", " ", plain).strip()
    return _WELL.fullmatch(plain) is not None
