"""Sounds: words that are written by their sound ("吗上到", "煤汽", "救名") become the words that are meant.

A few phrases are listened for, each with the signs that must be right, so that no other word is heard in their place.
"""

from __future__ import annotations

import re
from functools import lru_cache

from joint_defense.rules.understanding.sound_words import HEARD, MISTYPED, READINGS

_MISTYPED = [(re.compile(pattern), meant) for pattern, meant in MISTYPED.items()]
_LONGEST = 200
"""Signs of a text that are listened to."""


def read_by_sound(text: str) -> str:
    """The text, with each of our phrases where the same sounds stand in other signs. Tones do not count."""
    for pattern, meant in _MISTYPED:
        text = pattern.sub(meant, text)
    for phrase, anchors in HEARD.items():
        anchor = anchors[0]
        if anchor not in text[:_LONGEST]:
            continue
        shift = phrase.index(anchor)
        at = text.find(anchor, 0, _LONGEST)
        while at >= 0:
            begin = at - shift
            said = text[begin : begin + len(phrase)] if begin >= 0 else ""
            if said != phrase and _sounds_like(said, phrase, anchors):
                text = f"{text[:begin]}{phrase}{text[begin + len(phrase) :]}"
            at = text.find(anchor, at + 1, _LONGEST)
    return text


def _sounds_like(said: str, phrase: str, anchors: str) -> bool:
    if len(said) != len(phrase) or not all(
        one == other for one, other in zip(said, phrase, strict=True) if other in anchors
    ):
        return False
    return all(
        one == other or not _list_readings(one).isdisjoint(READINGS.get(other) or _list_readings(other))
        for one, other in zip(said, phrase, strict=True)
    )


@lru_cache(maxsize=4096)
def _list_readings(sign: str) -> frozenset[str]:
    """How a sign can be read, without tones. Empty for what is no Chinese sign."""
    # Loaded at the first text: its dictionaries take 0.2 s, and `directory.warm_up` loads them where that would count.
    from pypinyin import Style, pinyin  # noqa: PLC0415

    readings = pinyin(sign, style=Style.NORMAL, heteronym=True, errors="ignore")
    return frozenset(readings[0]) if readings else frozenset()
