"""What a neighbour's key or text means once an alarm is out: coming, cannot come, on the scene; false alarm, all over.

One table a meaning. A text is compared without blanks, punctuation and full-width forms.
"""

from __future__ import annotations

from enum import StrEnum

from joint_defense.rules.triggers import plain


class Answer(StrEnum):
    """A household's acknowledgement (确认)."""

    COMING = "coming"
    CANNOT = "cannot"
    ON_SCENE = "on_scene"


KEYS: dict[str, Answer] = {"1": Answer.COMING, "2": Answer.CANNOT, "3": Answer.ON_SCENE}
JOIN_KEY = "9"
"""On an alarm call: talk to whoever called for help."""
CLOSE_KEY = "0"
"""On a leader's alarm call: it is over."""

_EXACT: dict[Answer, frozenset[str]] = {
    Answer.COMING: frozenset(
        {"1", "收到", "来了", "马上到", "马上来", "就来", "我来", "我来了", "我去", "好", "好的", "来", "去", "出动"}
        | {"在路上", "出发了", "coming", "yes", "ok", "onmyway", "omw"}
    ),
    Answer.CANNOT: frozenset(
        {"2", "不能来", "来不了", "去不了", "不能去", "不来", "不在家", "没空", "cannot", "cant", "no"}
    ),
    Answer.ON_SCENE: frozenset(
        {"3", "到了", "已到", "我到了", "到场", "已到场", "到现场了", "在现场", "arrived", "here"}
    ),
}
# Anywhere in a longer text; "cannot" first, because 来不了 and 不能来 have "come" in them.
_WITHIN: tuple[tuple[Answer, tuple[str, ...]], ...] = (
    (Answer.CANNOT, ("不能来", "来不了", "去不了", "不能去", "不在家", "不在村", "在外地")),
    (Answer.ON_SCENE, ("我到了", "已到", "到现场", "在现场", "到门口了")),
    (
        Answer.COMING,
        ("马上到", "马上来", "马上过来", "马上去", "这就来", "这就去", "我来了", "我过来", "在路上", "收到"),
    ),
)
# Only somebody in need says so: never an answer, whatever else the text says ("快马上来救命").
_CRIES = ("救命", "救我", "快来人", "来人啊")
_FALSE_ALARM = frozenset(
    {"0", "取消", "取消报警", "取消求助", "误报", "误拨", "按错了", "打错了", "没事", "没事了", "cancel"}
)
_ALL_OVER = frozenset({"解除", "已解除", "结束", "解除警报", "allclear"})
_STOP = frozenset({"stop", "stopall", "unsubscribe", "quit", "end", "退订", "td", "t"})
_START = frozenset({"start", "unstop", "订阅", "恢复短信"})


def answer_in_text(text: str, *, loosely: bool = False) -> Answer | None:
    """The answer a text gives: as the whole of it, or (`loosely`) anywhere in it."""
    squeezed = plain(text)
    for answer, texts in _EXACT.items():
        if squeezed in texts:
            return answer
    if loosely and not any(cry in squeezed for cry in _CRIES):
        for answer, parts in _WITHIN:
            if any(part in squeezed for part in parts):
                return answer
    return None


def is_false_alarm(text: str) -> bool:
    """Whether the caller takes the alarm back."""
    return plain(text) in _FALSE_ALARM


def is_all_over(text: str) -> bool:
    """Whether a leader says that it is over."""
    return plain(text) in _ALL_OVER


def is_stop(text: str) -> bool:
    """Whether the phone wants no more texts. The carrier keeps the list; its calls go on."""
    return plain(text) in _STOP


def is_start(text: str) -> bool:
    """Whether the phone wants texts again."""
    return plain(text) in _START
