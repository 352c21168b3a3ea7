"""What a neighbour's key means once an alarm is out, and the words that stop texts. Texts: see `understanding`."""

from __future__ import annotations

from enum import StrEnum

from joint_defense.rules.understanding.signs import squeeze


class Answer(StrEnum):
    """A household's acknowledgement (确认)."""

    COMING = "coming"
    CANNOT = "cannot"
    ON_SCENE = "on_scene"


COMES = frozenset({Answer.COMING, Answer.ON_SCENE})
"""The answers of whoever comes, or is there."""

KEYS: dict[str, Answer] = {"1": Answer.COMING, "2": Answer.CANNOT, "3": Answer.ON_SCENE}
JOIN_KEY = "9"
"""On an alarm call: talk to whoever called for help."""
LATER = 6
"""Minutes to arrival that stand for "more than five"."""
MINUTES_KEYS: dict[str, int] = {"1": 0, "2": 5, "3": LATER}
"""After "how soon will you be there?"."""
CLOSE_KEY = "0"
"""On a leader's alarm call: it is over."""

_STOP = frozenset({"stop", "stopall", "unsubscribe", "quit", "end", "退订", "td", "t"})
_START = frozenset({"start", "unstop", "订阅", "恢复短信"})


def is_stop(text: str) -> bool:
    """Whether the phone wants no more texts. The carrier keeps the list; its calls go on."""
    return squeeze(text) in _STOP


def is_start(text: str) -> bool:
    """Whether the phone wants texts again."""
    return squeeze(text) in _START
