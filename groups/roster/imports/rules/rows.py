"""A row of somebody's list, and what can be said of it without looking at the roster."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from groups.errors import say
from groups.roster.imports.rules.guesses import Guess
from groups.roster.imports.rules.names import Named, has_private_signs, read_name
from groups.roster.imports.rules.numbers import Wrong, read_numbers, says_nothing
from groups.roster.rules.household import make_label
from groups.rules.findings import Finding, show
from groups.rules.phone import PhoneNumber, is_called
from groups.rules.typed_text import LONGEST_NAME, NO_LINK, find_flaw, strip_kind_of_village, tidy

NO_HEAD = "no_head"
NO_PHONE = "no_phone"
INVALID_PHONE = "invalid_phone"
DUPLICATE_PHONE = "duplicate_phone"
FORMULA = "formula"
REPEATED_HOUSEHOLD = "repeated_household"
TWIN_HOUSEHOLD = "twin_household"
NUMBER_ELSEWHERE = "number_elsewhere"
UNREADABLE_CELL = "unreadable_cell"
DOUBTFUL_DOOR = "doubtful_door"
DAMAGED_TEXT = "damaged_text"
ANOTHER_VILLAGE = "another_village"
PRIVATE_SIGN = "private_sign"
NO_GROUP = "no_group"
LEADER_ABOVE = "leader_above"
BESIDE_THE_NAME = "beside_the_name"
EVERYTHING = frozenset({"group", "door", "landline", "second"})
"""All that a list may be silent about: what it does not say stays as it is."""

_DASH = re.compile(r"(?<=\d) ?[-‐-―−ー_~] ?(?=\d)")
"""What people write for the dash of a door: 1—4, 1 – 4."""
_FLAWS = {
    "too_long": say("longer_than_characters", most=LONGEST_NAME),
    "control_characters": say("signs_that_cannot_be_kept"),
    "link": NO_LINK,
}


@dataclass(frozen=True, slots=True)
class PhoneCell:
    """A number as it is written, and the column's name. Cells come in the order in which the phones are rung."""

    column: str
    text: str
    field: str = ""
    """What its column holds (`headings.Field`); empty where no column was told."""


@dataclass(frozen=True, slots=True)
class ListRow:
    """A household as a file has it.

    `number` is the row's as its reader counts, within `sheet` where a file has several; `landmark` None: the file is
    silent; `formulas` are the columns whose cells are computed.
    """

    number: int
    group: str
    door: str
    head: str
    phones: tuple[PhoneCell, ...]
    landmark: str | None = None
    sheet: str = ""
    formulas: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()
    """Of EVERYTHING, what the row says nothing about."""
    warnings: tuple[Finding, ...] = ()
    """What its reader had to guess or to leave out."""
    guesses: tuple[Guess, ...] = ()
    """What somebody may say otherwise."""
    further: tuple[int, ...] = ()
    """The numbers of the rows that add to it."""
    village: str = ""
    """The village that a column names; empty where the list has no such column."""


@dataclass(frozen=True, slots=True)
class ExaminedRow:
    """A row with its texts tidied and its numbers read. An error keeps the row out.

    `written` says, number by number of `phones`, how the list has it.
    """

    number: int
    group: str
    door: str
    head: str
    landmark: str | None
    phones: tuple[PhoneNumber, ...]
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    sheet: str = ""
    written: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()
    unread: bool = False
    """A number could not be read: those that the roster has stay."""
    says_no_phone: bool = False
    """No cell says anything of phones, not even that there is none."""
    unsaid: frozenset[str] = frozenset()
    """The fields of phones of which a cell says nothing."""
    guesses: tuple[Guess, ...] = ()
    village: str = ""

    @property
    def label(self) -> str:
        return make_label(self.group, self.door, self.head)

    @property
    def at(self) -> tuple[str, int]:
        """Where the row stands: its sheet and its number there."""
        return (self.sheet, self.number)


def examine(row: ListRow, region: str, area_code: str, countries: Collection[str] = ()) -> ExaminedRow:
    """Tidy the row's texts and read its numbers; one that cannot be read or called is left out, with a warning."""
    group, door, head = tidy(row.group), _DASH.sub("-", tidy(row.door)), read_name(row.head)
    landmark = None if row.landmark is None else tidy(row.landmark)
    cells = (*row.phones, PhoneCell("户主", head.numbers)) if head.numbers else row.phones
    phones, written, warnings, unread = _read_phones(cells, region, area_code, countries)
    warnings = (*row.warnings, *warnings, *_judge_name(row, head))
    errors = [Finding(FORMULA, say("cell_is_a_formula", column=column)) for column in row.formulas[:1]]
    if not head.head and not errors:
        said = next((show(cell.text) for cell in row.phones if cell.text.strip()), None)
        errors.append(Finding(NO_HEAD, say("row_without_head"), said))
    if any("\ufffd" in text for text in (group, door, head.head)):
        errors.append(Finding(DAMAGED_TEXT, say("text_damaged_write_anew"), show(head.head)))
    for column, text in (("联防组", group), ("门牌号", door), ("户主", head.head), ("方位", landmark or "")):
        if reason := find_flaw(text):
            errors.append(Finding(reason, say("column_flaw", column=column, flaw=_FLAWS[reason]), show(text)))
    return ExaminedRow(
        row.number,
        group,
        door,
        head.head,
        landmark,
        phones,
        tuple(errors),
        warnings,
        row.sheet,
        written,
        row.silent,
        unread,
        bool(row.phones) and all(says_nothing(cell.text) for cell in cells),
        frozenset(cell.field for cell in row.phones if cell.field and says_nothing(cell.text)),
        row.guesses,
        strip_kind_of_village(tidy(row.village)),
    )


def _judge_name(row: ListRow, head: Named) -> tuple[Finding, ...]:
    found = []
    if head.numbers:
        found.append(Finding(NUMBER_ELSEWHERE, say("number_taken_from_cell_name"), show(head.numbers)))
    if head.left_out:
        words = say("beside_the_name_left_out", text=show("、".join(head.left_out)))
        found.append(Finding(BESIDE_THE_NAME, words, show(row.head)))
    if head.beside:
        words = say("beside_the_name_kept", text=show("、".join(head.beside)), name=show(head.head))
        found.append(Finding(BESIDE_THE_NAME, words, show(row.head)))
    if has_private_signs(row.head.replace("\ue863", "")):
        found.append(
            Finding(
                PRIVATE_SIGN,
                say("name_sign_no_other_machine_shows"),
                show(row.head),
            )
        )
    return tuple(found)


def _keep_called(
    numbers: tuple[PhoneNumber, ...], wrong: tuple[Wrong, ...], countries: Collection[str]
) -> tuple[tuple[PhoneNumber, ...], tuple[Wrong, ...]]:
    """The numbers that are called, and those of other countries among what is wrong."""
    refused = tuple(each for each in numbers if not is_called(each.e164, countries))
    if not refused:
        return numbers, wrong
    reason = say("country_is_not_called", known=tuple(countries))
    called = tuple(each for each in numbers if each not in refused)
    return called, (*wrong, *(Wrong(each.e164, reason) for each in refused))


def _read_phones(
    cells: tuple[PhoneCell, ...], region: str, area_code: str, countries: Collection[str]
) -> tuple[tuple[PhoneNumber, ...], tuple[str, ...], tuple[Finding, ...], bool]:
    """The row's numbers: the first of every cell, then the second ones; as written; what was left out, and whether
    that may be a number.

    A cell that lists several has the household's spare numbers in it, which come behind the first of the others.
    """
    read = [(cell, *_keep_called(*read_numbers(cell.text, region, area_code), countries)) for cell in cells]
    most = max((len(found) for _, found, _ in read), default=0)
    numbers: dict[str, tuple[PhoneNumber, str]] = {}
    for turn in range(most):
        for cell, found, _ in read:
            if turn < len(found):
                numbers.setdefault(found[turn].e164, (found[turn], show(cell.text)))
    warnings = tuple(
        Finding(
            INVALID_PHONE, say("cell_flaw", column=cell.column, text=show(one.text), flaw=one.reason), show(one.text)
        )
        for cell, _, wrong in read
        for one in wrong
    )
    unread = any(one.unread for _, _, wrong in read for one in wrong)
    return tuple(one for one, _ in numbers.values()), tuple(text for _, text in numbers.values()), warnings, unread
