"""The lines of the timeline in sentences. A kind that is not known here is shown as it stands, never left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Flask
from flask_babel import gettext, ngettext

from joint_defense.alarms.held_alarms import ReleasedBy
from joint_defense.rules.escalation import Level, Whom
from joint_defense.rules.parties import OverseerKind
from joint_defense.rules.replies import LATER, Answer
from joint_defense.rules.states import Channel, ClosingOutcome
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.triggers import Category
from joint_defense.web.board.incident import Line
from joint_defense.web.words import CATEGORIES, LEVELS, OUTCOMES, OVERSEER_KINDS, explain_carrier_code, name_whom

Detail = dict[str, str]

_ICONS: Mapping[str, str] = {
    UpdateKind.OPENED: "alarm",
    UpdateKind.VOICE: "voice",
    UpdateKind.AGAIN: "voice",
    UpdateKind.WORDLESS: "voice",
    UpdateKind.REFUSED: "missed",
    UpdateKind.ACCOUNT_TROUBLE: "warning",
    UpdateKind.UNREACHABLE: "missed",
    UpdateKind.OTHER_WAY: "again",
    UpdateKind.NEWS_BY_CALL: "phone",
    UpdateKind.CATEGORY: "info",
    UpdateKind.RING_AGAIN: "again",
    UpdateKind.HELD: "warning",
    UpdateKind.RELEASED: "wider",
    UpdateKind.LAPSED: "check",
    UpdateKind.RESTORED: "warning",
    UpdateKind.NOTE: "note",
    UpdateKind.SAID: "voice",
    UpdateKind.MACHINE: "info",
    UpdateKind.NOT_THEIRS: "warning",
    UpdateKind.CLOSED: "check",
    UpdateKind.WITHDRAWN: "cross",
    UpdateKind.JOINED: "phone",
    UpdateKind.LEFT: "phone",
    UpdateKind.HUNG_UP: "phone",
    UpdateKind.LATE: "warning",
    UpdateKind.CUT_OFF: "warning",
    UpdateKind.CARRIER_SLOW: "warning",
    UpdateKind.CARRIER_AWAY: "warning",
    UpdateKind.CARRIER_CHANGED: "warning",
    UpdateKind.WIDENED: "wider",
    UpdateKind.ENOUGH: "check",
    UpdateKind.OVERSEERS: "text",
}
_ANSWER_ICONS: Mapping[str, str] = {Answer.COMING: "coming", Answer.CANNOT: "cannot", Answer.ON_SCENE: "there"}
LOUD = frozenset(
    {
        UpdateKind.WIDENED,
        UpdateKind.OPENED,
        UpdateKind.VOICE,
        UpdateKind.ACCOUNT_TROUBLE,
        UpdateKind.UNREACHABLE,
        UpdateKind.WORDLESS,
        UpdateKind.SAID,
        UpdateKind.HELD,
    }
)
"""Kinds that stand out on the page."""


def register(app: Flask) -> None:
    """Give templates the filters."""
    app.jinja_env.filters.update(
        how_soon=write_how_soon,
        timeline_words=write_sentence,
        timeline_icon=find_icon,
        timeline_loud=lambda line: line.kind in LOUD,
    )


def find_icon(line: Line) -> str:
    """The drawing of a line."""
    if line.kind == UpdateKind.ANSWER and line.detail.get("answer") in set(Answer):
        return _ANSWER_ICONS[Answer(line.detail["answer"])]
    return _ICONS.get(line.kind, "line")


def write_how_soon(minutes: int) -> str:
    """In how many minutes somebody means to be there."""
    if minutes == LATER:
        later: str = gettext("in more than five minutes")
        return later
    words: str = ngettext("in %(num)d minute", "in %(num)d minutes", minutes) if minutes else gettext("there at once")
    return words


def write_sentence(line: Line) -> str:
    """A line in words."""
    detail = {name: str(value) for name, value in line.detail.items() if value is not None}
    tell = _SENTENCES.get(line.kind)
    if tell is not None:
        try:
            return tell(detail)
        except (KeyError, ValueError):
            # Written by another release: its particulars are not the ones known here.
            pass
    return " · ".join((line.kind, *(f"{name}: {value}" for name, value in detail.items())))


def _write_opened(detail: Detail) -> str:
    called: str = gettext(
        "%(household)s called for help: %(place)s", household=detail["household"], place=detail["place"]
    )
    return called + _write_channel(detail) + _write_category(detail)


def _write_voice(detail: Detail) -> str:
    called: str = gettext(
        "A further household calls for help: %(household)s, %(place)s",
        household=detail["household"],
        place=detail["place"],
    )
    return called + _write_channel(detail) + _write_category(detail)


def _write_again(detail: Detail) -> str:
    called: str = gettext("%(household)s called for help again", household=detail["household"])
    return called + _write_channel(detail)


def _write_channel(detail: Detail) -> str:
    match detail.get("channel"):
        case "call":
            words: str = gettext(" (by phone)")
        case "sms":
            words = gettext(" (by text)")
        case _:
            words = ""
    return words


def _write_category(detail: Detail) -> str:
    category = Category(detail.get("category") or Category.UNSPECIFIED)
    return "" if category is Category.UNSPECIFIED else f" · {CATEGORIES[category]}"


def _write_refused(detail: Detail) -> str:
    words: str = gettext(
        "%(household)s, %(number)s: refused by the carrier (%(reason)s)",
        household=detail["household"],
        number=detail["number"],
        reason=explain_carrier_code(detail["code"]),
    )
    return words


def _write_answer(detail: Detail) -> str:
    household = detail["household"]
    match Answer(detail["answer"]):
        case Answer.COMING:
            words: str = gettext("%(household)s is coming", household=household)
            if "minutes" in detail:
                words += f" · {write_how_soon(int(detail['minutes']))}"
        case Answer.CANNOT:
            words = gettext("%(household)s cannot come", household=household)
        case Answer.ON_SCENE:
            words = gettext("%(household)s is there", household=household)
    return words


def _write_other_way(detail: Detail) -> str:
    where = {"household": detail["household"], "number": detail["number"]}
    words: str = (
        gettext("%(household)s, %(number)s: the text failed, so it is called", **where)
        if detail["channel"] == Channel.CALL
        else gettext("%(household)s, %(number)s: it cannot be called, so it is texted", **where)
    )
    return words


def _ring_again(detail: Detail) -> str:
    words: str = (
        gettext("%(by)s has %(household)s rung again", by=detail["by"], household=detail["household"])
        if detail.get("household")
        else gettext("%(by)s has all rung again that are not coming yet", by=detail["by"])
    )
    return words


def _write_closed(detail: Detail) -> str:
    words: str = gettext(
        "Closed by %(by)s: %(outcome)s", by=detail["by"], outcome=OUTCOMES[ClosingOutcome(detail["outcome"])]
    )
    return f"{words} · {detail['note']}" if detail.get("note") else words


def _write_widened(detail: Detail) -> str:
    level = LEVELS[Level(detail["level"])]
    coming = int(detail["coming"])
    why = ngettext("%(num)d household is coming", "%(num)d households are coming", coming)
    called, missing = _write_whom(detail["whom"]), _write_whom(detail["missing"])
    lines = []
    if called:
        lines.append(gettext("now calling %(whom)s, %(phones)s phones", whom=called, phones=detail["phones"]))
    if missing:
        lines.append(gettext("nobody further to call: %(whom)s", whom=missing))
    return f"{level} ({why}) · {gettext(', ').join(lines)}"


def _write_enough(detail: Detail) -> str:
    coming = int(detail["coming"])
    words: str = ngettext(
        "%(num)d household is coming, which is enough: not widened to %(whom)s",
        "%(num)d households are coming, which is enough: not widened to %(whom)s",
        coming,
        whom=_write_whom(detail["whom"]),
    )
    return words


def _write_released(detail: Detail) -> str:
    name = detail.get("household", "")
    match ReleasedBy(detail["why"]):
        case ReleasedBy.KEY:
            words: str = gettext("%(household)s pressed the key that was asked for: all are called", household=name)
        case ReleasedBy.LEADER:
            words = gettext("%(household)s, the leader, has answered: all are called", household=name)
        case ReleasedBy.VOICE:
            words = gettext("%(household)s calls for help as well: all are called", household=name)
        case ReleasedBy.WATCHER:
            words = gettext("%(by)s has all called", by=name)
        case ReleasedBy.CLOCK:
            words = gettext("Nobody has answered in time: all are called")
    return words


def _write_whom(names: str) -> str:
    return name_whom(Whom(each) for each in names.split())


def _write_overseers(detail: Detail) -> str:
    parts: list[str] = []
    if detail["told"]:
        parts.append(gettext("Told at once, with a link: %(people)s", people=detail["told"]))
    if kinds := detail["without"].split():
        nobody = gettext(", ").join(str(OVERSEER_KINDS[OverseerKind(kind)]) for kind in kinds)
        parts.append(gettext("nobody takes texts: %(whom)s", whom=nobody))
    return " · ".join(parts)


def _write_wordless(d: Detail) -> str:
    words: str
    if d.get("keys"):
        words = gettext("%(household)s called and pressed %(keys)s, not #9", household=d["household"], keys=d["keys"])
    elif d.get("spoke"):
        words = gettext("%(household)s called and spoke, and did not press #9", household=d["household"])
    else:
        words = gettext("%(household)s called, and neither spoke nor pressed a key", household=d["household"])
    return words


_SENTENCES: Mapping[str, Callable[[Detail], str]] = {
    UpdateKind.OPENED: _write_opened,
    UpdateKind.VOICE: _write_voice,
    UpdateKind.AGAIN: _write_again,
    UpdateKind.WORDLESS: _write_wordless,
    UpdateKind.REFUSED: _write_refused,
    UpdateKind.ACCOUNT_TROUBLE: lambda d: gettext(
        "The carrier refuses our account: %(reason)s", reason=explain_carrier_code(d["code"])
    ),
    UpdateKind.UNREACHABLE: lambda d: gettext(
        "%(household)s is unreachable: everything was tried, and nobody answered", household=d["household"]
    ),
    UpdateKind.OTHER_WAY: _write_other_way,
    UpdateKind.NEWS_BY_CALL: lambda d: gettext(
        "%(household)s, %(number)s: it takes no texts, so a call tells who is coming",
        household=d["household"],
        number=d["number"],
    ),
    UpdateKind.ANSWER: _write_answer,
    UpdateKind.CATEGORY: lambda d: gettext(
        "The caller says what it is: %(what)s", what=CATEGORIES[Category(d["category"])]
    ),
    UpdateKind.SAID: lambda d: gettext("%(household)s says: %(text)s", household=d["household"], text=d["text"]),
    UpdateKind.MACHINE: lambda d: gettext(
        "%(household)s: an automatic reply, which counts as no answer: %(text)s",
        household=d["household"],
        text=d["text"],
    ),
    UpdateKind.NOT_THEIRS: lambda d: gettext(
        "Whoever answered %(number)s says that it is not a phone of %(household)s",
        household=d["household"],
        number=d["number"],
    ),
    UpdateKind.NOTE: lambda d: gettext("%(by)s: %(text)s", by=d["by"], text=d["text"]),
    UpdateKind.RING_AGAIN: _ring_again,
    UpdateKind.HELD: lambda d: gettext(
        "The last alarm of %(household)s was malicious: its leader is called first, all within %(seconds)s seconds",
        household=d["household"],
        seconds=d["seconds"],
    ),
    UpdateKind.RELEASED: _write_released,
    UpdateKind.LAPSED: lambda _: gettext("Nobody has closed it: closed by the clock"),
    UpdateKind.RESTORED: lambda detail: gettext(
        "The database was restored from a copy of %(made_at)s: ask how it ended", made_at=detail["made_at"]
    ),
    UpdateKind.CLOSED: _write_closed,
    UpdateKind.WITHDRAWN: lambda d: gettext("%(household)s says it was a false alarm", household=d["household"]),
    UpdateKind.LATE: lambda d: gettext(
        "Kept on disk while the database was away, and taken in %(seconds)s seconds late: %(household)s",
        seconds=d["seconds"],
        household=d["household"],
    ),
    UpdateKind.CUT_OFF: lambda d: ngettext(
        "A sender was cut off with %(num)s request in hand: it is looked up, and sent if it never left",
        "A sender was cut off with %(num)s requests in hand: they are looked up, and sent if they never left",
        int(d["requests"]),
    ),
    UpdateKind.CARRIER_SLOW: lambda _: gettext(
        "The carrier wants fewer requests a second: the rest follows more slowly"
    ),
    UpdateKind.CARRIER_AWAY: lambda _: gettext(
        "The carrier does not answer as it should: whatever it has not taken is sent again"
    ),
    UpdateKind.CARRIER_CHANGED: lambda _: gettext("One carrier does not carry: calls and texts go out by another"),
    UpdateKind.WIDENED: _write_widened,
    UpdateKind.ENOUGH: _write_enough,
    UpdateKind.OVERSEERS: _write_overseers,
    UpdateKind.JOINED: lambda d: gettext("%(household)s talks to the caller", household=d["household"]),
    UpdateKind.LEFT: lambda d: gettext("%(household)s no longer talks to the caller", household=d["household"]),
    UpdateKind.HUNG_UP: lambda d: gettext("%(household)s has hung up", household=d["household"]),
}
