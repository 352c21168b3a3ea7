"""What a neighbour's key means once an alarm is out, and the words that stop texts. Texts: see `understanding`."""

from __future__ import annotations

import re
from enum import StrEnum

from joint_defense.rules.understanding.spelling import squeeze


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

_STOP = frozenset({"stop", "stopall", "unsubscribe", "quit", "end", "optout", "revoke", "退订", "td", "t"})
_STOP_ASKED = re.compile(
    r"(?:请|麻烦)?(?:退订|拒收)(?:你们的|所有的?|此|全部)?(?:短信|信息|消息)?(?:了|吧|谢谢)?"
    r"|(?:请|麻烦)?(?:以后)?(?:你们)?(?:别|不要|不用|停止|勿)(?:再)?(?:给我|向我|往我手机)?发送?(?:短信|信息|消息)(?:给我)?(?:了|啦|吧)?"
    r"|(?:please|pls)?stop(?:please|pls|now)?|(?:please|pls)?stop(?:sending|texting)(?:me)?(?:texts|messages|sms)?(?:tome)?(?:please)?"
)
"""The same in a sentence of its own; squeezed."""
_START = frozenset({"start", "unstop", "订阅", "恢复短信"})


def is_stop(text: str) -> bool:
    """Whether the phone wants no more texts. The carrier keeps the list; its calls go on."""
    said = squeeze(text)
    return said in _STOP or _STOP_ASKED.fullmatch(said) is not None


def is_start(text: str) -> bool:
    """Whether the phone wants texts again."""
    return squeeze(text) in _START
