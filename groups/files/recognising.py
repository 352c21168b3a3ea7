"""What the columns of a list hold, told by the words over them and by their cells; each list brings its vocabulary.

Rosters, carrier's lists, counts and responders are all recognised here. The heading is the row, or the two rows, among
the first ones that say most to the vocabulary. What it leaves open, or says of other cells than stand below it, the
cells tell; where nobody has written a heading, they tell all. What was told by cells is a guess, and shown as one.
"""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, Self, TypeVar

from groups.files.sheet import simplify_heading, strip_heading

SOMETHING_ELSE = ""
"""What a vocabulary says of a heading that is known to be of no use: 证件号码."""
LOOKED_AT = 60
"""So many rows below a heading are looked at to tell what its columns hold."""
_BRACKETS = re.compile(r"[(\[【{<《](.*?)(?:[)\]】}>》]|$)")
_BETWEEN_WORDS = re.compile(r"[/、,&+|;]|及|和|与|或")
_AS_ABOVE = re.compile(
    r"[与和跟]?[同仝](一?(上|前|左)(面|述|列|边)?)?(一?(组|行|户|面|栏|列|次|格|项|家|人|门牌号?|号码?|电话|手机|地址|住址))?"
    r"|[与和跟]?[上前][面一]?[行户格]?(相?同|一样)|[如照见]上|上|同左上|(same)?asabove|seeabove|same|ditto|do|id",
    re.IGNORECASE,
)
"""The words for: as in the row above."""
_BEGINS_AS_ABOVE = frozenset("同仝与和跟上前如照见asditASDIT")
_DITTO_SIGNS = "\"'`´^|│┃¦‖∥⋮⁞⁝↑⇑⇡⬆∧„“”‟‘’‚‛ʺʹ′″‴〃〞〟〝,:;"
"""Signs that people put for the cell above, where nothing else stands in theirs."""
_TOO_LITTLE = frozenset({",", ":", ";", "`"})
"""These are too easily left over from something else."""
_AROUND_DITTO = " \t\u3000-—_－()[]（）【】<>."
_LONGEST_DITTO = 14
_OF_OLD = re.compile(r"(户主)?(原|旧|老|曾用|以前|停用|作废|已停)")
"""Over what somebody had before: it is somebody else's by now."""


F = TypeVar("F", bound=str)


@dataclass(frozen=True)
class Column(Generic[F]):
    """A column of a sheet, counted from 0, the words over it, and what it is taken for."""

    index: int
    heading: str
    field: F


@dataclass(frozen=True)
class Layout(Generic[F]):
    """Where a sheet's rows begin (counted from 0), and what its columns are taken for.

    `heading_rows` is empty where nobody has written one, and the columns were told by their content.
    """

    first_row: int
    columns: tuple[Column[F], ...]
    heading_rows: tuple[int, ...] = ()
    guessed: frozenset[int] = frozenset()
    """Columns that were told by what stands in them, though something else stands over them."""

    def one(self, field: F) -> Column[F] | None:
        """The column taken for `field`, or None."""
        return next((column for column in self.columns if column.field == field), None)

    def with_fields(self, chosen: Mapping[int, F]) -> Self:
        """The layout as somebody has corrected it: by column, what it holds."""
        columns = (replace(column, field=chosen.get(column.index, column.field)) for column in self.columns)
        return replace(self, columns=tuple(columns))


L = TypeVar("L", bound=Layout[Any])


def _is_suited_always(cells: Sequence[str], filled: int) -> bool:
    return True


class Look(NamedTuple, Generic[F]):
    """What the cells of a field look like; `share` of a column's must, for it to be taken for that field.

    `suits` may speak against it by how the cells differ, and how many they are of so many rows that say anything.
    """

    field: F
    fits: Callable[[str], bool]
    share: float
    suits: Callable[[Sequence[str], int], bool] = _is_suited_always


class Vocabulary(ABC, Generic[F, L]):
    """A list's words, and what the cells of its fields look like."""

    nothing: F
    """The field of a column that holds nothing the list needs."""
    deepest: int = 10
    """The last row of a sheet, counted from 1, that is tried as its heading."""
    looks: Sequence[Look[F]] = ()
    """For a field that no heading names: where one column without a known heading looks so, it holds that."""
    bare_looks: Sequence[Look[F]] = ()
    """The same where there is no heading; the first that fits a column takes it."""
    words_only: Collection[F] = ()
    """Fields whose cells never look like one of `looks`: a column of 用户 that is full of numbers holds no names."""
    numeric: Collection[F] = ()
    """Fields in whose columns no word stands: a row with words there is a heading, whatever it says."""

    @abstractmethod
    def find(self, text: str) -> F | None:
        """What a column with these words over it holds; None: nothing that the list needs."""

    @abstractmethod
    def make(self, first_row: int, columns: tuple[Column[F], ...], heading_rows: tuple[int, ...] = ()) -> L:
        """The layout of these columns."""

    @abstractmethod
    def lacking(self, layout: L) -> Sequence[str]:
        """What the list needs, in words, that no column of it holds."""

    def is_once(self, field: F) -> bool:
        """Whether one column holds this field: of several, the one that says so best."""
        return True

    def weigh(self, layout: L) -> int:
        """How much a heading tells."""
        return len({column.field for column in layout.columns} - {self.nothing})

    def is_enough(self, layout: L) -> bool:
        """Whether a heading tells so much that it is one beyond doubt."""
        return not self.lacking(layout)

    def is_better(self, by_content: L, by_heading: L) -> bool:
        """Whether the cells alone tell more of a list than a heading of which `is_enough` has doubts."""
        return len(self.lacking(by_content)) < len(self.lacking(by_heading))

    def is_row(self, cells: Sequence[str]) -> bool:
        """Whether cells are those of a row of the list, and no heading."""
        return False

    def may_head(self, cells: Sequence[str]) -> bool:
        """Whether cells may be a heading, whatever stands in them."""
        return not self.is_row(cells)

    def join(self, above: str, below: str) -> str:
        """The heading that two cells, one above the other, make."""
        options = (below, above + below, above) if below.strip() and below != above else (above,)
        return next((text for text in options if self.find(text)), above + below)

    def rank(self, column: Column[F]) -> int:
        """How well a heading says what it says, 0 the best: of two columns for the same, that one is taken."""
        return 0

    def may_be(self, field: F, heading: str) -> bool:
        """Whether nothing over a column speaks against what its cells look like."""
        return True

    def correct(self, layout: L, cells: Mapping[int, Sequence[str]]) -> dict[int, F]:
        """By column, what the cells below say of it otherwise than its heading does."""
        return {}

    def finish(self, layout: L, cells: Mapping[int, Sequence[str]]) -> L:
        """The layout with whatever else of it the cells tell."""
        return layout


class Words(NamedTuple):
    """A heading taken apart: without its brackets, each of its words, what stands in its brackets."""

    bare: str
    several: tuple[str, ...]
    inner: str


def make_words(plain: str) -> Words:
    """The words of a heading as vocabularies have it: 电话/短号, 手机号码(微信同号)."""
    bare = _BRACKETS.sub("", plain)
    return Words(bare, tuple(word for word in _BETWEEN_WORDS.split(bare) if word), "".join(_BRACKETS.findall(plain)))


def is_ditto(text: str) -> bool:
    """Whether a cell repeats the one above: 同上, 〃, ", ↑, //, ,, and whatever else is but signs for that."""
    if not text or len(text) > _LONGEST_DITTO or (text[0].isalnum() and text[0] not in _BEGINS_AS_ABOVE):
        return False
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text[:_LONGEST_DITTO]).strip())
    bare = plain.strip(_AROUND_DITTO)
    words = bare.strip(_DITTO_SIGNS + _AROUND_DITTO + "。").replace(" ", "")
    if bare and not words:
        return bare not in _TOO_LITTLE
    return plain == "//" or bool(_AS_ABOVE.fullmatch(words))


def is_of_signs(text: str) -> bool:
    """Whether there is not one letter or digit in a text that is not empty."""
    return bool(text.strip()) and not any(sign.isalnum() for sign in text)


class PlainVocabulary(Vocabulary[str, Layout[str]]):
    """The vocabulary of a list of which each field stands in one column."""

    nothing = SOMETHING_ELSE

    def __init__(
        self,
        said: Callable[[str], str | None],
        needs: Mapping[str, Collection[str]],
        *,
        looks: Sequence[Look[str]] = (),
        bare_looks: Sequence[Look[str]] = (),
        words_only: Collection[str] = (),
        numeric: Collection[str] = (),
        who: Sequence[str] = (),
        deepest: int = 10,
    ) -> None:
        """`said` tells what a plain heading without brackets holds, SOMETHING_ELSE or None (unknown).

        `needs`: by the words for it, the fields of which the list needs one; `who`: those that say whom a row is
        about, the surest first. For the others see Vocabulary.
        """
        self._said = said
        self._needs = needs
        self.who = who
        self.looks, self.bare_looks, self.deepest = looks, bare_looks, deepest
        self.words_only, self.numeric = words_only, numeric

    def find(self, text: str) -> str | None:
        return find_by_words(text, self._said)

    def make(self, first_row: int, columns: tuple[Column[str], ...], heading_rows: tuple[int, ...] = ()) -> Layout[str]:
        return Layout(first_row, columns, heading_rows)

    def lacking(self, layout: Layout[str]) -> Sequence[str]:
        held = {column.field for column in layout.columns}
        return [words for words, fields in self._needs.items() if not held & set(fields)]

    def join(self, above: str, below: str) -> str:
        # 人口 below 户数 is something else, and no number of households.
        return below if self.find(below) == SOMETHING_ELSE else super().join(above, below)

    def is_row(self, cells: Sequence[str]) -> bool:
        return any(_FIGURES.fullmatch(cell[:40].strip()) for cell in cells)

    def may_be(self, field: str, heading: str) -> bool:
        found = self.find(heading) if heading else None
        return found is None or found in self.words_only


_FIGURES = re.compile(r"'?[+(]?\d[\d\s,.()-]*|\d{2,4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?( [\d:]+)?")
"""A number of any kind, or a day: no heading is that."""


def find_by_words(heading: str, said: Callable[[str], str | None]) -> str | None:
    """What a column with these words over it holds, where `said` tells it of a plain heading without brackets.

    The words in front of a bracket count before those in it, and of several words each for itself. `said` gives
    SOMETHING_ELSE for a heading of no use to the list, None for one that it does not know; so does this.
    """
    words = make_words(strip_heading(heading[:60]))
    if _OF_OLD.match(words.bare):
        return SOMETHING_ELSE
    found = said(words.bare) if words.bare else None
    if found:
        return found
    if len(words.several) > 1:
        apart = [field for word in words.several if (field := said(word))]
        if apart:
            return apart[0]
    if found is None and words.inner:
        return said(words.inner) or None
    return found


def recognise(rows: Sequence[Sequence[str]], vocabulary: Vocabulary[F, L], hidden: frozenset[int] = frozenset()) -> L:
    """Where the heading of a sheet is and what its columns hold; `rows` has merged headings filled in.

    A column of `hidden` is taken only where no other says the same. Without a heading the content tells; all columns
    hold nothing where that is no help either.
    """
    return _Recogniser(rows, vocabulary, hidden).recognise()


@dataclass(frozen=True, slots=True)
class _Recogniser(Generic[F, L]):
    """A sheet's rows beside a vocabulary."""

    rows: Sequence[Sequence[str]]
    vocabulary: Vocabulary[F, L]
    hidden: frozenset[int]

    def recognise(self) -> L:
        heading = self._find_heading()
        if heading is None:
            return self._guess_by_content()
        completed = self._complete(heading)
        if self.vocabulary.is_enough(completed):
            return completed
        by_content = self._guess_by_content()
        return by_content if self.vocabulary.is_better(by_content, completed) else completed

    def _find_heading(self) -> L | None:
        """The row, or the two rows, that say most."""
        best: L | None = None
        weigh, rows = self.vocabulary.weigh, self.rows
        begin = next((at for at, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)
        for at in range(begin, min(begin + self.vocabulary.deepest, len(rows))):
            if not self.vocabulary.may_head(rows[at]):
                continue
            upper = self._make_layout(rows[at], (at,))
            lower = rows[at + 1] if at + 1 < len(rows) else ()
            both = upper
            if any(cell.strip() for cell in lower) and not self.vocabulary.is_row(lower):
                both = self._make_layout(self._join_two_rows(rows[at], lower), (at, at + 1))
            alone = max(weigh(upper), weigh(self._make_layout(lower, (at + 1,))))
            # A second row of headings may only repeat what the first says; a row of the list never does.
            repeats = weigh(both) == alone == weigh(upper) and self._are_headings(lower)
            found = both if weigh(both) > alone or repeats else upper
            if weigh(found) > (weigh(best) if best else 0):
                best = found
        return best

    def _are_headings(self, row: Sequence[str]) -> bool:
        said = [cell for cell in row if cell.strip()]
        return bool(said) and all(self.vocabulary.find(cell) is not None for cell in said)

    def _join_two_rows(self, upper: Sequence[str], lower: Sequence[str]) -> list[str]:
        """The headings of a two-row heading: what stands below, with what stands above it where that tells more."""
        headings, above = [], ""
        for index, below in enumerate(lower):
            own = upper[index] if index < len(upper) else ""
            above = own if own.strip() else above if below.strip() else ""
            headings.append(self.vocabulary.join(above, below))
        return headings + list(upper[len(lower) :])

    def _make_layout(self, headings: Sequence[str], heading_rows: tuple[int, ...]) -> L:
        nothing = self.vocabulary.nothing
        columns = [
            Column(index, simplify_heading(words), self.vocabulary.find(words) or nothing)
            for index, words in enumerate(headings)
        ]
        if self.vocabulary.words_only:
            below = self._list_filled(heading_rows[-1] + 1)
            columns = [replace(each, field=nothing) if self._lies(each, below) else each for each in columns]
        for field in {column.field for column in columns} - {nothing}:
            several = [column for column in columns if column.field == field]
            if len(several) > 1 and self.vocabulary.is_once(field):
                beneath = self._list_filled(heading_rows[-1] + 1)
                keep = min(several, key=lambda each: (self._looks_otherwise(each, beneath), *self._rank(each)))
                columns = [
                    replace(each, field=nothing) if each.field == field and each is not keep else each
                    for each in columns
                ]
        return self.vocabulary.make(heading_rows[-1] + 1, tuple(columns), heading_rows)

    def _rank(self, column: Column[F]) -> tuple[bool, int, int]:
        return column.index in self.hidden, self.vocabulary.rank(column), column.index

    def _looks_otherwise(self, column: Column[F], below: Sequence[Sequence[str]]) -> bool:
        """Whether the cells below a heading are not what others of the same field look like."""
        cells = _list_cells(below, column.index)
        looks = [each for each in (*self.vocabulary.looks, *self.vocabulary.bare_looks) if each.field == column.field]
        return bool(looks) and not any(_measure_share(cells, look.fits) >= look.share for look in looks)

    def _lies(self, column: Column[F], below: Sequence[Sequence[str]]) -> bool:
        """Whether the cells below a heading of words are no words."""
        if column.field not in self.vocabulary.words_only:
            return False
        cells = _list_cells(below, column.index)
        return any(_measure_share(cells, look.fits) >= look.share for look in self.vocabulary.looks)

    def _list_filled(self, first_row: int) -> list[Sequence[str]]:
        """The first rows from here on that have anything in them."""
        return [row for row in self.rows[first_row : first_row + LOOKED_AT] if any(cell.strip() for cell in row)]

    def _complete(self, layout: L) -> L:
        """The layout with what its headings leave open told by the cells."""
        below = self.rows[layout.first_row : layout.first_row + LOOKED_AT]
        cells = {column.index: _list_cells(below, column.index) for column in layout.columns}
        fields = self.vocabulary.correct(layout, cells)
        filled = sum(any(cell.strip() for cell in row) for row in below)
        for look in self.vocabulary.looks:
            if layout.one(look.field) is not None or look.field in fields.values():
                continue
            alike = [
                column.index
                for column in layout.columns
                if column.field == self.vocabulary.nothing
                and column.index not in fields
                and self.vocabulary.may_be(look.field, column.heading)
                and _measure_share(cells[column.index], look.fits) >= look.share
            ]
            if len(alike) == 1 and look.suits(cells[alike[0]], filled):
                fields[alike[0]] = look.field
        told: L = replace(layout.with_fields(fields), guessed=frozenset(fields))
        return self.vocabulary.finish(told, cells)

    def _guess_by_content(self) -> L:
        """Columns told by what stands in most of their cells: for cells pasted without their heading."""
        rows = self.rows
        width = max((len(row) for row in rows), default=0)
        top = rows[: self.vocabulary.deepest]
        begin = next((at for at, row in enumerate(top) if self.vocabulary.is_row(row)), 0)
        below = rows[begin:] if len(rows) >= begin + 2 else rows
        filled = sum(any(cell.strip() for cell in row) for row in below)
        taken: set[F] = set()
        columns = []
        for index in range(width):
            field = self._guess_field(_list_cells(below, index), filled, taken)
            if field != self.vocabulary.nothing and self.vocabulary.is_once(field):
                taken.add(field)
            columns.append(Column(index, "", field))
        told = (column.index for column in columns if column.field != self.vocabulary.nothing)
        layout = replace(self.vocabulary.make(0, tuple(columns)), guessed=frozenset(told))
        return start_below_words(layout, rows, self.vocabulary)

    def _guess_field(self, cells: Sequence[str], filled: int, taken: set[F]) -> F:
        """What most of a column's cells look like; nothing where they are serial numbers, or few."""
        bare = [cell.strip() for cell in cells]
        if not bare or bare == [str(number) for number in range(1, len(bare) + 1)]:
            return self.vocabulary.nothing
        for look in self.vocabulary.bare_looks:
            is_free = look.field not in taken
            if is_free and _measure_share(cells, look.fits) >= look.share and look.suits(cells, filled):
                return look.field
        return self.vocabulary.nothing


def start_below_words(layout: L, rows: Sequence[Sequence[str]], vocabulary: Vocabulary[F, L]) -> L:
    """The layout begun below a heading in words that nobody knows: it has words where numbers stand below."""
    if layout.heading_rows:
        return layout
    numeric = [column.index for column in layout.columns if column.field in vocabulary.numeric]
    first = next((at for at, row in enumerate(rows[:3]) if not any(_is_a_word(row, index) for index in numeric)), 0)
    words = rows[first - 1] if first else ()
    columns = (
        replace(column, heading=simplify_heading(words[column.index]) if column.index < len(words) else "")
        for column in layout.columns
    )
    begun: L = replace(layout, first_row=first, columns=tuple(columns)) if first else layout
    return begun


def _is_a_word(row: Sequence[str], column: int) -> bool:
    cell = row[column].strip() if column < len(row) else ""
    return bool(re.fullmatch(r"[^\W\d_]+[(（]?\d{0,2}[)）]?", cell)) and cell not in {
        "无",
        "没有",
        "暂无",
        "空",
        "同上",
    }


def _list_cells(rows: Sequence[Sequence[str]], column: int) -> list[str]:
    return [row[column] for row in rows if column < len(row) and row[column].strip()]


def _measure_share(cells: Sequence[str], fits: Callable[[str], bool]) -> float:
    return sum(map(fits, cells)) / len(cells) if cells else 0.0
