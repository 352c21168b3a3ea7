"""What an .xls is looked through for before its reader sees it: macros, passwords, cells far off, and its looks.

An .xls is a compound file (sectors and a chain of them per stream, MS-CFB) whose stream `Workbook` is a row of records
(MS-XLS): a record's kind, its length, its content. Only the cells' places and looks are of interest.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from groups.errors import RosterFileError, say
from groups.files.cell_formats import BUILT_IN, Looks
from groups.files.xlsx_guard import MACROS, MOST_CELLS, NO_WORKBOOK, TOO_WIDE

_LOCKED = say("workbook_has_a_password")
_FREE = 0xFFFFFFFA
"""This and above mark the end of a chain, or sectors of the file's own."""

_BOF, _BOUND_SHEET, _FORMULA, _FILE_PASS = 0x0809, 0x0085, 0x0006, 0x002F
_FONT, _FORMAT, _STYLE, _ROW, _COLUMNS, _BOOLEAN_OR_ERROR = 0x0031, 0x041E, 0x00E0, 0x0208, 0x007D, 0x0205
_NUMBERS = {0x0006, 0x0203, 0x027E}
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_CELLS = {0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x00FD, 0x00D6}
_ROWS_OF_CELLS = {0x00BD, 0x00BE}


def look_through(content: bytes) -> dict[str, Looks]:
    """The looks of its cells, sheet by sheet. Raises RosterFileError for what must not be read."""
    for name, words in (("_VBA_PROJECT", MACROS), ("EncryptedPackage", _LOCKED)):
        if name.encode("utf-16-le") in content:
            raise RosterFileError(words)
    try:
        return _read_looks(_read_workbook_stream(content))
    except (struct.error, IndexError, ValueError, UnicodeDecodeError):
        raise RosterFileError(NO_WORKBOOK) from None


@dataclass(slots=True)
class _Styles:
    """The fonts that are struck through, the formats, and each style's font and format, in the file's order."""

    struck_fonts: list[bool] = field(default_factory=list)
    formats: dict[int, str] = field(default_factory=lambda: dict(BUILT_IN))
    styles: list[tuple[int, int]] = field(default_factory=list)

    def take(self, kind: int, record: bytes) -> None:
        """Keep what a record of the workbook's own says; of other kinds, nothing."""
        if kind == _FONT:
            self.struck_fonts.append(bool(struct.unpack_from("<H", record, 2)[0] & 0x0008))
        elif kind == _FORMAT:
            length, wide = struct.unpack_from("<HB", record, 2)
            text = (
                record[5 : 5 + length * 2].decode("utf-16-le") if wide & 1 else record[5 : 5 + length].decode("latin-1")
            )
            self.formats[struct.unpack_from("<H", record)[0]] = text
        elif kind == _STYLE:
            self.styles.append(struct.unpack_from("<HH", record))

    def look_at(self, looks: Looks, cell: tuple[int, int], style: int, *, is_number: bool) -> None:
        """Note how a cell of this style looks."""
        if style >= len(self.styles):
            return
        font, form = self.styles[style]
        font -= font > 4  # the format knows no font 4
        if font < len(self.struck_fonts) and self.struck_fonts[font]:
            looks.struck.add(cell)
        if is_number and form in self.formats and self.formats[form]:
            looks.formats[cell] = self.formats[form]


def _read_looks(stream: bytes) -> dict[str, Looks]:
    sheets: dict[int, str] = {}
    looks: defaultdict[str, Looks] = defaultdict(Looks)
    extents: dict[int, tuple[int, int]] = {}
    styles = _Styles()
    begins = 0
    for at, kind, record in _read_records(stream):
        if kind == _FILE_PASS:
            raise RosterFileError(_LOCKED)
        if kind == _BOF:
            begins = at
        elif kind == _BOUND_SHEET:
            sheets[struct.unpack_from("<I", record)[0]] = _read_sheet_name(record)
        elif kind in _CELLS or kind in _ROWS_OF_CELLS:
            row, column = struct.unpack_from("<HH", record)
            last = struct.unpack_from("<H", record, len(record) - 2)[0] if kind in _ROWS_OF_CELLS else column
            lowest, rightmost = extents.get(begins, (0, 0))
            extents[begins] = (max(lowest, row + 1), max(rightmost, last + 1))
            _look_at(looks[sheets.get(begins, "")], kind, record, styles)
        elif kind in {_ROW, _COLUMNS}:
            _look_for_hidden(looks[sheets.get(begins, "")], kind, record)
        else:
            styles.take(kind, record)
    if sum(height * width for height, width in extents.values()) > MOST_CELLS:
        raise RosterFileError(TOO_WIDE)
    return dict(looks)


def _look_at(looks: Looks, kind: int, record: bytes, styles: _Styles) -> None:
    row, column, style = struct.unpack_from("<HHH", record)
    if kind in _ROWS_OF_CELLS:
        size = 6 if kind == 0x00BD else 2
        for place in range((len(record) - 6) // size):
            style = struct.unpack_from("<H", record, 4 + size * place)[0]
            styles.look_at(looks, (row, column + place), style, is_number=size == 6)
        return
    styles.look_at(looks, (row, column), style, is_number=kind in _NUMBERS)
    if kind == _FORMULA:
        looks.formulas.add((row, column))
    if kind == _BOOLEAN_OR_ERROR and record[7]:
        looks.errors[row, column] = _ERRORS.get(record[6], "#N/A")


def _look_for_hidden(looks: Looks, kind: int, record: bytes) -> None:
    if kind == _ROW:
        if struct.unpack_from("<H", record, 12)[0] & 0x0020:
            looks.hidden_rows.add(struct.unpack_from("<H", record)[0])
        return
    first, last, width, _, options = struct.unpack_from("<HHHHH", record)
    if options & 1 or not width:
        looks.hidden_columns |= set(range(first, min(last, 255) + 1))


def _read_records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield at, kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _read_sheet_name(record: bytes) -> str:
    length, wide = record[6], record[7] & 1
    return record[8 : 8 + length * 2].decode("utf-16-le") if wide else record[8 : 8 + length].decode("latin-1")


def _read_workbook_stream(content: bytes) -> bytes:
    """The stream of a compound file that holds the workbook; short ones lie in small sectors of their own."""
    sector = 1 << min(struct.unpack_from("<H", content, 30)[0], 12)
    table = _read_allocation(content, sector)
    first_entry, smallest, first_small = (struct.unpack_from("<I", content, place)[0] for place in (48, 56, 60))
    directory = _read_chain(content, sector, table, first_entry)
    entries = [directory[at : at + 128] for at in range(0, len(directory) - 127, 128)]
    entry = next((entry for entry in entries if _read_entry_name(entry) in {"Workbook", "Book"}), None)
    if entry is None:
        raise ValueError("no workbook in it")
    first, size = struct.unpack_from("<II", entry, 116)
    if size >= smallest:
        return _read_chain(content, sector, table, first)[:size]
    small = _read_chain(content, sector, table, struct.unpack_from("<I", entries[0], 116)[0])
    small_table = _read_numbers(_read_chain(content, sector, table, first_small))
    return b"".join(small[64 * at : 64 * at + 64] for at in _follow_links(small_table, first))[:size]


def _read_entry_name(entry: bytes) -> str:
    return entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le", "replace")


def _read_allocation(content: bytes, sector: int) -> tuple[int, ...]:
    """Which sector follows which: listed in the header, and in further sectors where the file is large."""
    listed = list(struct.unpack_from("<109I", content, 76))
    further = struct.unpack_from("<I", content, 68)[0]
    seen: set[int] = set()
    while further < _FREE and further not in seen:
        seen.add(further)
        *more, further = _read_numbers(_read_sector(content, sector, further))
        listed += more
    return _read_numbers(b"".join(_read_sector(content, sector, at) for at in dict.fromkeys(listed) if at < _FREE))


def _read_chain(content: bytes, sector: int, table: tuple[int, ...], first: int) -> bytes:
    return b"".join(_read_sector(content, sector, at) for at in _follow_links(table, first))


def _follow_links(table: tuple[int, ...], first: int) -> Iterator[int]:
    seen: set[int] = set()
    at = first
    while at < _FREE:
        if at in seen:
            raise ValueError("a chain that comes back to itself")
        seen.add(at)
        yield at
        at = table[at]


def _read_sector(content: bytes, sector: int, at: int) -> bytes:
    found = content[sector * (at + 1) : sector * (at + 2)]
    if not found:
        raise ValueError("a chain that leads nowhere")
    return found


def _read_numbers(content: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4])
