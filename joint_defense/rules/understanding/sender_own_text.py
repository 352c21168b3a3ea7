"""What somebody wrote themselves: quotations, forwarded texts, reactions, signatures and our own sentences are gone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from joint_defense.rules.understanding.theirs_words import (
    FORWARDED,
    OUR_LAST_WORDS,
    OUR_LINES,
    OUR_NAMES,
    OUR_SENTENCES,
    QUOTED_MAIL,
    REACTIONS,
    SIGNATURES,
)

_ANY = re.IGNORECASE
_QUOTES = (("“", "”"), ("「", "」"), ("『", "』"), ("‘", "’"), ('"', '"'), ("«", "»"))
_REACTION = re.compile("|".join(f"(?:{each})" for each in REACTIONS), _ANY)
_FORWARDED = re.compile("|".join(FORWARDED), _ANY)
_OURS = re.compile("|".join(OUR_SENTENCES), _ANY)
_OUR_LINE = re.compile("|".join(f"(?:{each})" for each in OUR_LINES), _ANY)
_OUR_LAST = re.compile("|".join(f"(?:{each})" for each in OUR_LAST_WORDS), _ANY)
_NAME = re.compile("|".join(re.escape(each) for each in OUR_NAMES), _ANY)
_LINE_QUOTED = re.compile(r"^[ \t]*[>》›][^\n]*$", re.MULTILINE)
_NAMED_QUOTE = re.compile(r"「[^「」\n]{1,20}[:：][\s\S]*?」\s*(?:[-—_ ]{3,})?")
_PICTURE = re.compile(r"\[(?!自动|自動|转发|轉發|auto|转|轉)[A-Za-z\u4e00-\u9fff]{1,4}\]")
"""How some phones write a picture: [强], [OK]."""
_QUOTES_AHEAD = re.compile(r"^(?:引用|原文|原短信|原信息|re|回复)\s*[:：]\s*\n", _ANY)
"""What is left of a quotation that is gone."""
_OWN_AHEAD = re.compile(r"\s{0,5}[123](?=[\s,，。.!！])")
_SHORT_QUOTE = 8
_MOST_QUOTES = 20


@dataclass(frozen=True, slots=True)
class Written:
    """`words`: what is left. `reacts`: the whole was a thumb or a heart; `forwarded`: somebody else wrote it."""

    words: str
    reacts: bool = False
    forwarded: bool = False


def find_own_part(text: str) -> Written:
    """Take away what is not the writer's own."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if _REACTION.fullmatch(text):
        return Written("", reacts=True)
    if _FORWARDED.match(text):
        return Written("", forwarded=True)
    for pattern in (*QUOTED_MAIL, *SIGNATURES):
        text = re.sub(pattern, "", text, flags=_ANY)
    text = _PICTURE.sub(" ", _LINE_QUOTED.sub("", text))
    text = _NAMED_QUOTE.sub(" ", text)
    text = _without_quotes_of_ours(text)
    text = _without_our_texts(text)
    text = _OURS.sub(" ", _without_our_lines(text))
    return Written(_QUOTES_AHEAD.sub("", text.strip()))


def _without_quotes_of_ours(text: str) -> str:
    """Quotations that hold words of ours, whole or cut off at the end."""
    for opening, closing in _QUOTES:
        start = 0
        for _ in range(_MOST_QUOTES):
            begin = text.find(opening, start)
            if begin < 0:
                break
            # Our own texts quote the caller: such a quotation ends at the last closing mark, not at the first.
            end = text.rfind(closing, begin + 1)
            inside = text[begin + 1 : end if end > begin else len(text)]
            if _NAME.search(inside) or _OURS.search(inside) or _OUR_LINE.search(inside):
                text = f"{text[:begin]} {text[end + 1 :] if end > begin else ''}"
                start = begin
            else:
                start = begin + 1
    return text


def _without_our_texts(text: str) -> str:
    """A text of ours from our name to its last words, or to the end of its line."""
    while found := _NAME.search(text):
        line_end = text.find("\n", found.end())
        line_end = len(text) if line_end < 0 else line_end
        end = max((each.end() for each in _OUR_LAST.finditer(text, found.end(), line_end)), default=line_end)
        text = f"{text[: found.start()]} {text[end:]}"
    return text


def _without_our_lines(text: str) -> str:
    """Without the lines that hold words of ours; a number or a few signs before them are the writer's own."""
    kept = []
    for line in text.split("\n"):
        found = _OUR_LINE.search(line)
        own = _OWN_AHEAD.match(line) if found else None
        kept.append(line if found is None else own[0] if own else "")
    return "\n".join(kept)


def is_hearsay_quote(text: str) -> bool:
    """Whether a longer part of the text stands in quotation marks: somebody else's words, most likely."""
    for opening, closing in _QUOTES:
        begin = text.find(opening)
        end = text.find(closing, begin + 1) if begin >= 0 else -1
        outside = text[:begin] + text[end + 1 :]
        if begin >= 0 and end > begin and outside.strip(" \n。.!！") and end - begin > _SHORT_QUOTE:
            return True
    return False
