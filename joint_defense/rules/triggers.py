"""What counts as a call for help: the keys of a phone, and the words of a text.

One table holds the words and the category each stands for. When in doubt it is an alarm: a false one costs an
apology, a missed one a life.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Category(StrEnum):
    """What has happened (警情类别)."""

    UNSPECIFIED = "unspecified"
    BURGLARY = "burglary"
    FIRE = "fire"
    MEDICAL = "medical"
    OTHER = "other"


# Anywhere in the text. The first category that has a word in it wins, so the order is that of what cannot wait.
CHINESE_WORDS: dict[Category, tuple[str, ...]] = {
    Category.FIRE: ("着火", "起火", "失火", "火灾", "救火", "灭火", "大火", "冒烟", "浓烟", "爆炸", "煤气泄漏", "火警"),
    Category.MEDICAL: (
        *("摔倒", "摔伤", "摔了", "跌倒", "晕倒", "昏倒", "昏迷", "中风", "心脏病", "心梗", "流血", "受伤", "溺水"),
        *("落水", "触电", "中毒", "难产", "急病", "急救", "救护车"),
    ),
    Category.BURGLARY: (
        *("小偷", "偷东西", "有贼", "进贼", "盗贼", "盗窃", "入室", "抢劫", "抢东西", "强盗", "歹徒", "坏人", "撬门"),
        *("撬锁", "砸门", "翻墙", "行凶"),
    ),
    Category.OTHER: ("打架", "走失", "失踪", "被困", "反锁"),
    Category.UNSPECIFIED: (
        "报警",
        "救命",
        "求救",
        "求助",
        "救我",
        "救人",
        "快来人",
        "来人啊",
        "紧急",
        "危险",
        "出事了",
    ),
}

# As whole words of an English text.
ENGLISH_WORDS: dict[Category, frozenset[str]] = {
    Category.FIRE: frozenset({"fire", "smoke", "burning", "explosion"}),
    Category.MEDICAL: frozenset({"fell", "fallen", "fall", "injured", "hurt", "bleeding", "unconscious", "ambulance"}),
    Category.BURGLARY: frozenset(
        {"thief", "thieves", "burglar", "burglars", "burglary", "robber", "robbery", "intruder"}
    ),
    Category.UNSPECIFIED: frozenset({"help", "sos", "emergency", "mayday"}),
}

# The whole text, once blanks and punctuation are gone.
EXACT: dict[str, Category] = {
    "#9": Category.UNSPECIFIED,
    "9#": Category.UNSPECIFIED,
    "9": Category.UNSPECIFIED,
    "99": Category.UNSPECIFIED,
    "999": Category.UNSPECIFIED,
    "井9": Category.UNSPECIFIED,
    "井号9": Category.UNSPECIFIED,
    "110": Category.UNSPECIFIED,
    "119": Category.FIRE,
    "120": Category.MEDICAL,
    "火": Category.FIRE,
    "贼": Category.BURGLARY,
}


def plain(text: str) -> str:
    """The text without what fingers and input methods add: full-width forms, blanks, punctuation, capitals.

    `#` and `*` stay, because they are keys.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if sign in "#*" or sign.isalnum())


def alarm_in_text(text: str) -> Category | None:
    """The category of the alarm that a text raises; None if it raises none."""
    squeezed = plain(text)
    if squeezed in EXACT:
        return EXACT[squeezed]
    for category, words in CHINESE_WORDS.items():
        if any(word in squeezed for word in words):
            return category
    english = set(re.findall(r"[a-z]+", unicodedata.normalize("NFKC", text).casefold()))
    for category, known in ENGLISH_WORDS.items():
        if english & known:
            return category
    return None


def alarm_in_keys(keys: str) -> bool:
    """Whether what was pressed raises the alarm: `#9` anywhere, or a 9 with nothing but 9, # and * beside it.

    A lone 9, or 9#, is somebody in a hurry; 19 or 92 may be somebody dialling on.
    """
    return "#9" in keys or ("9" in keys and set(keys) <= set("9#*"))
