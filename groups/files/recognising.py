"""What the columns of a list hold, told by the words over them and by their cells; each list brings its vocabulary.

Carrier's lists, counts and responders are recognised here alone. The roster's list, whose columns have many more names,
shares the way in which a heading's words are taken apart, and the signs that repeat what stands above.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from groups.files.sheet import Sheet, strip_heading

SOMETHING_ELSE = ""
"""What a vocabulary says of a heading that is known to be of no use: 证件号码."""
_BRACKETS = re.compile(r"[(\[【{<《](.*?)(?:[)\]】}>》]|$)")
_BETWEEN_WORDS = re.compile(r"[/、,&+|;]|及|和|与|或")
_DITTO = re.compile(
    r"[-—_\s]*(同上|同前|同|同左上|上同|同上行|〃|″|′′|[\"“”]{1,2}|''|〞|↑|⇑|ditto|do\.)[-—_\s]*", re.IGNORECASE
)
_OF_OLD = re.compile(r"(户主)?(原|旧|老|曾用|以前|停用|作废|已停)")
"""Over what somebody had before: it is somebody else's by now."""
_LOOKED_AT = 60
_ENOUGH = 0.6


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A list's words. `said` tells what a plain heading without brackets holds, SOMETHING_ELSE or None (unknown).

    `looks`: by field, whether a cell may be one of it, for a field that no heading names. `words_only`: fields whose
    cells never look so: a column of 用户 that is full of numbers holds no names.
    """

    said: Callable[[str], str | None]
    looks: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)
    words_only: frozenset[str] = frozenset()


class Words(NamedTuple):
    """A heading taken apart: without its brackets, each of its words, what stands in its brackets."""

    bare: str
    several: tuple[str, ...]
    inner: str


class Row(NamedTuple):
    """A row below the heading, counted from 1, with the texts of its columns; `left_out`: the code of why not."""

    number: int
    texts: tuple[str, ...]
    left_out: str = ""


HIDDEN = "row_hidden_left_out"
STRUCK = "row_struck_left_out"
"""Codes of messages: why a row does not count."""


def make_words(plain: str) -> Words:
    """The words of a heading as vocabularies have it: 电话/短号, 手机号码(微信同号)."""
    bare = _BRACKETS.sub("", plain)
    return Words(bare, tuple(word for word in _BETWEEN_WORDS.split(bare) if word), "".join(_BRACKETS.findall(plain)))


def is_ditto(text: str) -> bool:
    """Whether a cell repeats the one above: 同上, 〃, ", ↑."""
    if not text or len(text) > 12 or text[0].isdigit():
        return False
    return bool(_DITTO.fullmatch(unicodedata.normalize("NFKC", text[:12]).strip() or text))


def find_field(heading: str, vocabulary: Vocabulary) -> str | None:
    """What a column with these words over it holds; None: nothing that the list needs.

    The words in front of a bracket count before those in it, and of several words each for itself.
    """
    words = make_words(strip_heading(heading[:60]))
    if _OF_OLD.match(words.bare):
        return None
    found = vocabulary.said(words.bare) if words.bare else None
    if found:
        return found
    if len(words.several) > 1:
        apart = [said for word in words.several if (said := vocabulary.said(word))]
        if apart:
            return apart[0]
    if found is None and words.inner:
        return vocabulary.said(words.inner) or None
    return None


def recognise(sheet: Sheet, vocabulary: Vocabulary, deepest: int) -> tuple[int, dict[int, str]]:
    """The last row of the heading, counted from 0 (-1: there is none), and by column what it holds.

    The heading is the row, or the two rows, among the first `deepest` that name most. What they leave open the cells
    tell.
    """
    begin = sheet.first_filled
    rows = sheet.heading_rows(begin + deepest + 1)
    best: tuple[int, dict[int, str]] = (-1, {})
    for at in range(begin, min(begin + deepest, len(rows))):
        found = _find_fields(sheet, at, rows[at], vocabulary)
        if len(found) > len(best[1]):
            best = (at, found)
        lower = rows[at + 1] if at + 1 < len(rows) else ()
        if any(cell.strip() for cell in lower) and not any(sign.isdigit() for cell in lower for sign in cell):
            both = _find_fields(sheet, at + 1, _join_two_rows(rows[at], lower, vocabulary), vocabulary)
            says_more = len(both) > max(len(best[1]), len(_find_fields(sheet, at + 1, lower, vocabulary)))
            if says_more or (best == (at, found) and len(both) == len(found) and _are_headings(lower, vocabulary)):
                best = (at + 1, both)
    return (best[0], _complete(sheet, best[0], best[1], vocabulary)) if best[1] else best


def _are_headings(cells: Sequence[str], vocabulary: Vocabulary) -> bool:
    """Whether each cell that says anything is a heading that the vocabulary knows."""
    said = [make_words(strip_heading(cell)).bare for cell in cells if cell.strip()]
    return all(vocabulary.said(word) is not None for word in said)


def _find_fields(sheet: Sheet, at: int, headings: Sequence[str], vocabulary: Vocabulary) -> dict[int, str]:
    """What the headings above the rows below `at` say, but for what those rows give the lie."""
    below = _list_filled(sheet, at) if vocabulary.words_only else ()
    lies = {
        column
        for column, text in enumerate(headings)
        if below
        and find_field(text, vocabulary) in vocabulary.words_only
        and _looks_otherwise(below, column, vocabulary)
    }
    kept = ["" if column in lies else text for column, text in enumerate(headings)]
    return find_fields(kept, vocabulary, sheet.hidden_columns)


def _looks_otherwise(below: Sequence[Sequence[str]], column: int, vocabulary: Vocabulary) -> bool:
    return any(_share(below, column, looks) for looks in vocabulary.looks.values())


def _list_filled(sheet: Sheet, at: int) -> list[Sequence[str]]:
    """The first rows below a heading that have anything in them."""
    return [row for row in sheet.rows[at + 1 : at + 1 + _LOOKED_AT] if any(cell.strip() for cell in row)]


def find_fields(
    headings: Sequence[str], vocabulary: Vocabulary, hidden: frozenset[int] = frozenset()
) -> dict[int, str]:
    """By column, what the headings say; each field once, and in a column that can be seen where there is one."""
    said = [(column, name) for column, text in enumerate(headings) if (name := find_field(text, vocabulary))]
    found: dict[str, int] = {}
    for column, name in sorted(said, key=lambda each: (each[0] in hidden, each[0])):
        found.setdefault(name, column)
    return {column: name for name, column in sorted(found.items(), key=lambda each: each[1])}


def _join_two_rows(upper: Sequence[str], lower: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    """The headings of a two-row heading: the lower word where it says something, with the upper one, or that one."""
    headings = []
    for column, above in enumerate(upper):
        below = lower[column] if column < len(lower) else ""
        together = above + below
        options = (below, together, above) if below.strip() and below != above else (above,)
        headings.append(next((text for text in options if find_field(text, vocabulary)), together))
    return headings


def _complete(sheet: Sheet, at: int, fields: Mapping[int, str], vocabulary: Vocabulary) -> dict[int, str]:
    """The fields with those that no heading names, where one column without a known heading looks like it."""
    found = dict(fields)
    below = _list_filled(sheet, at)
    for name, looks in vocabulary.looks.items():
        if name in found.values():
            continue
        alike = [
            column
            for column in range(min(sheet.width, _LOOKED_AT))
            if column not in found and _is_open(sheet.text(at, column), vocabulary) and _share(below, column, looks)
        ]
        if len(alike) == 1:
            found[alike[0]] = name
    return found


def _is_open(heading: str, vocabulary: Vocabulary) -> bool:
    """Whether nothing over a column says that it holds something else."""
    bare = make_words(strip_heading(heading[:60])).bare
    said = vocabulary.said(bare) if bare else None
    return (said is None or said in vocabulary.words_only) and not _OF_OLD.match(bare)


def _share(rows: Sequence[Sequence[str]], column: int, looks: Callable[[str], bool]) -> bool:
    cells = [row[column].strip() for row in rows if column < len(row) and row[column].strip()]
    return bool(cells) and sum(map(looks, cells)) >= _ENOUGH * len(cells)


def list_rows_below(sheet: Sheet, at: int) -> Iterator[Row]:
    """The rows below the heading that say anything, with 同上 as what it repeats, and nothing where it is crossed out.

    A hidden row, or one struck through from end to end, comes with the reason why it does not count.
    """
    above: dict[int, str] = {}
    for place in range(at + 1, len(sheet.rows)):
        cells = sheet.rows[place]
        said = [column for column, cell in enumerate(cells) if cell.strip()]
        if not said:
            continue
        if place in sheet.hidden_rows:
            yield Row(place + 1, cells, HIDDEN)
            continue
        if all((place, column) in sheet.struck for column in said):
            yield Row(place + 1, cells, STRUCK)
            continue
        yield Row(place + 1, tuple(_read_meant(sheet, place, column, above) for column in range(len(cells))))


def _read_meant(sheet: Sheet, place: int, column: int, above: dict[int, str]) -> str:
    text = sheet.text(place, column)
    if (place, column) in sheet.struck:
        return ""
    if is_ditto(text.strip()):
        return above.get(column, text)
    if text.strip():
        above[column] = text
    return text
