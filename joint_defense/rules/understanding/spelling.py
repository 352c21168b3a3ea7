"""Signs: whatever people and input methods type becomes one script, one width, one case, in clauses.

Words that are written by their sound ("吗上到", "煤汽", "救名") become the words that are meant: a few phrases are
listened for, each with the signs that must be right, so that no other word is heard in their place.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from joint_defense.rules.understanding.sign_words import (
    CRYING_SIGNS,
    DIALECT,
    HEARD,
    MISTYPED,
    PINYIN,
    PINYIN_BEFORE,
    PINYIN_BEHIND,
    READINGS,
    SIMPLIFIED,
    SPEAKING_SIGNS,
)

_MISTYPED = [(re.compile(pattern), meant) for pattern, meant in MISTYPED.items()]
_LONGEST_SOUND = 200
"""Signs of a text that are listened to."""


def read_by_sound(text: str) -> str:
    """The text, with each of our phrases where the same sounds stand in other signs. Tones do not count."""
    for pattern, meant in _MISTYPED:
        text = pattern.sub(meant, text)
    for phrase, anchors in HEARD.items():
        anchor = anchors[0]
        if anchor not in text[:_LONGEST_SOUND]:
            continue
        shift = phrase.index(anchor)
        at = text.find(anchor, 0, _LONGEST_SOUND)
        while at >= 0:
            begin = at - shift
            said = text[begin : begin + len(phrase)] if begin >= 0 else ""
            if said != phrase and _sounds_like(said, phrase, anchors):
                text = f"{text[:begin]}{phrase}{text[begin + len(phrase) :]}"
            at = text.find(anchor, at + 1, _LONGEST_SOUND)
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


_UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufe0e\ufe0f\u20e3\ufeff\u00ad]")
_ENDS = ",，、。．.!！?？;；:：\n\r~～…|/"
_CLAUSE = re.compile(rf"([^{re.escape(_ENDS)}]+)([{re.escape(_ENDS)}]*)")
_HAN = "\u3400-\u9fff"
_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}0-9])|(?<=[{_HAN}0-9])\s+(?=[{_HAN}])")
_SEVERAL_TIMES = re.compile(r"^(\S.{0,40}?)(?:[\s,，。!！;；、~]{1,3}+\1){1,9}[\s,，。!！;；、~]{0,3}+$")
_PARTICLES = re.compile(rf"(?<=[{_HAN}])(?:啊|呀|哦|噢|喔|哟|哇|(?<!哈)哈)+$")
_AHEAD = re.compile(
    r"^\s{0,9}+(?:(?:哎呀{1,5}|哎哟{1,5}|[哎诶欸唉喂嗨嘿]{1,5}+)[\s,，。.!！~…]{0,5}+|(?:你好|您好|大家好|各位[\u4e00-\u9fff]{0,3}|hi|hello|hey|"
    r"(?:老|小|阿)[\u4e00-\u9fff]|[\u4e00-\u9fff]{1,2}(?:哥|姐|叔|婶|伯|嫂|爷|奶奶|大爷|大妈|阿姨))[,，!！~]{1,5}+\s{0,5}+){1,3}",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"[\s,，。.!！~]+(?:谢谢|謝謝|多谢|多謝|感谢|辛苦|拜托|thanks|thank you|thx|ty|pls|please)"
    r"(?:了|啦|你们?|您|大家|各位)*[\s,，。.!！~]*$",
    re.IGNORECASE,
)
_BARE_YES = re.compile("(?:好的?|好了|收到|知道了?|嗯+|行|不用|ok)[。.!！]*", re.IGNORECASE)
"""With thanks it is politeness, not an answer."""
_PICTURES = re.compile("[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]+")
"""Signs that are no words; they stand where a stop would."""
_BLANK_AS_STOP = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}0-9a-z])|(?<=[a-z])\s+(?=[{_HAN}])")
_MUCH_BESIDE_PICTURES = 6
"""Signs; beside more of them a picture is ornament, and the words say what is meant."""
_LONGEST = 2_000
"""Signs of a text that are read: ten texts in one have 1,600."""


def _join_syllables(table: dict[str, str]) -> str:
    """A pattern of the table's keys, the longest first; their syllables may stand apart or together."""
    return "|".join(each.replace(" ", r"\s?") for each in sorted(table, key=len, reverse=True))


_PINYIN = re.compile(
    rf"(?<![a-z'])(?P<before>(?:(?>{_join_syllables(PINYIN_BEFORE)})\s?)*)(?P<words>(?:(?>{_join_syllables(PINYIN)})\s?){{1,9}}?)"
    rf"(?P<behind>(?:{_join_syllables(PINYIN_BEHIND)})?)(?![a-z'])"
)
_DIALECT = re.compile("|".join(sorted(DIALECT, key=len, reverse=True)))
_BEFORE, _WORDS = (re.compile(_join_syllables(each)) for each in (PINYIN_BEFORE, PINYIN))
_JOINED = {each.replace(" ", ""): signs for each, signs in (PINYIN | PINYIN_BEFORE).items()}


def _read_pinyin(found: re.Match[str]) -> str:
    def read(syllables: re.Match[str]) -> str:
        return _JOINED[re.sub(r"\s", "", syllables[0])]

    before = re.sub(r"\s", "", _BEFORE.sub(read, found["before"]))
    return before + re.sub(r"\s", "", _WORDS.sub(read, found["words"])) + PINYIN_BEHIND.get(found["behind"], "")


@lru_cache(maxsize=1024)
def fold(text: str) -> str:
    """Half-width, lower case, simplified; unseen signs are gone, pictures, pinyin and sounds that say a word are it."""
    beside = sum(sign.isalnum() for sign in text)
    for picture, word in SPEAKING_SIGNS.items():
        text = text.replace(picture, word if beside <= _MUCH_BESIDE_PICTURES or picture in CRYING_SIGNS else " ")
    whole = unicodedata.normalize("NFKC", _UNSEEN.sub("", text[:_LONGEST])).casefold().translate(SIMPLIFIED)
    whole = _DIALECT.sub(lambda found: DIALECT[found[0]], whole)
    return read_by_sound(_PINYIN.sub(_read_pinyin, whole.replace("’", "'").replace("‘", "'").replace("`", "'")))


def squeeze(text: str) -> str:
    """The text without blanks, punctuation and pictures. `#` and `*` stay, because they are keys."""
    return "".join(sign for sign in fold(text) if sign in "#*" or sign.isalnum())


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a folded text between two stops. `words` has no blank between Chinese signs."""

    words: str
    asks: bool
    """A question mark ends it."""
    parts: tuple[str, ...] = ()
    """Its words where blanks stand for stops ("好的 马上来"), two or more; empty where they do not."""
    tells: bool = False
    """A colon ends it: what follows may be somebody else's."""

    @property
    def english(self) -> str:
        """Its English words, one blank between two of them."""
        return " ".join(re.findall(r"[a-z0-9']+", self.words))


def split_clauses(text: str) -> list[Clause]:
    """The clauses of a text, folded."""
    found = []
    for words, end in _CLAUSE.findall(_PICTURES.sub(",", fold(text))):
        bare = words.strip(" \t\"'“”「」『』()（）[]{}<>《》*#-—_=+^&@$%")
        plain = without_particles(_BETWEEN_HAN.sub("", bare).strip())
        if plain:
            found.append(Clause(plain, "?" in end, _split_parts(bare), ":" in end))
    return found


def without_particles(words: str) -> str:
    """Folded words without the sounds that end a Chinese sentence and say nothing: "马上到啊"."""
    return _PARTICLES.sub("", words)


def say_once(text: str) -> str:
    """A text that says the same several times, once: "1，1"."""
    return _SEVERAL_TIMES.sub(r"\1", text)


def peel(text: str) -> str:
    """The text without what is said before and behind it ("喂，", "老王，", "，谢谢"); the whole where that is all."""
    rest = _AHEAD.sub("", text)
    rest = _BEHIND.sub("", rest).strip() if _BEHIND.search(rest) else rest
    return text if not rest or _BARE_YES.fullmatch(rest) else rest


def _split_parts(words: str) -> tuple[str, ...]:
    """What blanks between Chinese words divide; a sign that stands alone belongs to what follows it."""
    parts: list[str] = []
    waiting = ""
    for each in _BLANK_AS_STOP.split(words):
        if len(each) == 1:
            waiting += each
        elif each:
            parts.append(waiting + each)
            waiting = ""
    return (*parts, waiting) if waiting and parts else tuple(parts) if len(parts) > 1 else ()
