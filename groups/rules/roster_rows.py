"""A row of somebody's list, and what can be said of it without looking at the roster."""

from __future__ import annotations

from dataclasses import dataclass

from groups.errors import InvalidNumber
from groups.rules.phone import PhoneNumber, normalise
from groups.rules.texts import LONGEST_NAME, flaw, tidied

NO_HEAD = "no_head"
NO_PHONE = "no_phone"
DUPLICATE_PHONE = "duplicate_phone"
REPEATED_HOUSEHOLD = "repeated_household"

_FLAWS = {
    "too_long": f"超过{LONGEST_NAME}个字 longer than {LONGEST_NAME} characters",
    "control_characters": "含有无法保存的字符 has characters that cannot be kept",
}


@dataclass(frozen=True, slots=True)
class PhoneCell:
    """A number as it is written, and the column's name. Cells come in the order in which the phones are rung."""

    column: str
    text: str


@dataclass(frozen=True, slots=True)
class ListRow:
    """A household as a file has it. `number` is the row's as its reader counts; `landmark` None: the file is silent."""

    number: int
    group: str
    door: str
    head: str
    phones: tuple[PhoneCell, ...]
    landmark: str | None = None


@dataclass(frozen=True, slots=True)
class RosterHousehold:
    """A household as the roster has it, in the order of the roster. Phones are E.164, the first is rung first."""

    id: int
    group: str
    door: str
    head: str
    landmark: str
    position: int
    phones: tuple[str, ...]

    @property
    def label(self) -> str:
        """How a person finds it again: 1组 1-1 董月水."""
        return label(self.group, self.door, self.head)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should see: a reason's code, and a line in Chinese and English."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class ExaminedRow:
    """A row with its texts tidied and its numbers read. An error keeps the row, and the whole file, out."""

    number: int
    group: str
    door: str
    head: str
    landmark: str | None
    phones: tuple[PhoneNumber, ...]
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    @property
    def label(self) -> str:
        return label(self.group, self.door, self.head)


def label(group: str, door: str, head: str) -> str:
    """A household in a line of text: 1组 1-1 董月水."""
    return " ".join(part for part in (group, door, head) if part)


def examine(row: ListRow, region: str, area_code: str) -> ExaminedRow:
    """Tidy the row's texts and read its numbers; a number that cannot be read is left out, with a warning."""
    group, door, head = tidied(row.group), tidied(row.door), tidied(row.head)
    landmark = None if row.landmark is None else tidied(row.landmark)
    errors = [] if head else [Finding(NO_HEAD, "没有户主 no head of the household")]
    for column, text in (("联防组", group), ("门牌号", door), ("户主", head), ("方位", landmark or "")):
        if reason := flaw(text):
            errors.append(Finding(reason, f"{column}{_FLAWS[reason]}"))
    phones, warnings = _phones(row.phones, region, area_code)
    return ExaminedRow(row.number, group, door, head, landmark, phones, tuple(errors), warnings)


def _phones(
    cells: tuple[PhoneCell, ...], region: str, area_code: str
) -> tuple[tuple[PhoneNumber, ...], tuple[Finding, ...]]:
    numbers: dict[str, PhoneNumber] = {}
    warnings = []
    for cell in cells:
        if not cell.text.strip():
            continue
        try:
            number = normalise(cell.text, region, area_code)
        except InvalidNumber as error:
            warnings.append(Finding(error.code, f"{cell.column}“{_shown(cell.text)}”{error.message}"))
        else:
            numbers.setdefault(number.e164, number)
    return tuple(numbers.values()), tuple(warnings)


def _shown(text: str) -> str:
    """A cell in a message: one line, not too long, nothing a terminal would obey."""
    line = "".join(character if character.isprintable() else "?" for character in text.strip())
    return line if len(line) <= 24 else f"{line[:24]}…"
