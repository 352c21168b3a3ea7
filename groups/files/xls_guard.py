"""What an .xls is looked through for before its reader sees it: macros, passwords, cells far off, and formulas.

An .xls is a compound file (sectors and a chain of them per stream, MS-CFB) whose stream `Workbook` is a row of records
(MS-XLS): a record's kind, its length, its content. Only the cells' places and the formulas' are of interest.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator

from groups.errors import RosterFileError
from groups.files.xlsx_guard import MACROS, MOST_CELLS, NO_WORKBOOK, TOO_WIDE, Cells

_LOCKED = "表格有密码，请先取消密码 the workbook has a password: take it off first"
_FREE = 0xFFFFFFFA
"""This and above mark the end of a chain, or sectors of the file's own."""

_BOF, _BOUND_SHEET, _FORMULA, _FILE_PASS = 0x0809, 0x0085, 0x0006, 0x002F
_CELLS = {0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x00FD, 0x00D6}
_ROWS_OF_CELLS = {0x00BD, 0x00BE}


def look_through(content: bytes) -> dict[str, Cells]:
    """The cells with formulas, sheet by sheet. Raises RosterFileError for what must not be read."""
    for name, words in (("_VBA_PROJECT", MACROS), ("EncryptedPackage", _LOCKED)):
        if name.encode("utf-16-le") in content:
            raise RosterFileError(words)
    try:
        return _formulas(_workbook_stream(content))
    except (struct.error, IndexError, ValueError, UnicodeDecodeError):
        raise RosterFileError(NO_WORKBOOK) from None


def _formulas(stream: bytes) -> dict[str, Cells]:
    sheets: dict[int, str] = {}
    formulas: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    extents: dict[int, tuple[int, int]] = {}
    begins = 0
    for at, kind, record in _records(stream):
        if kind == _FILE_PASS:
            raise RosterFileError(_LOCKED)
        if kind == _BOF:
            begins = at
        elif kind == _BOUND_SHEET:
            sheets[struct.unpack_from("<I", record)[0]] = _sheet_name(record)
        elif kind in _CELLS or kind in _ROWS_OF_CELLS:
            row, column = struct.unpack_from("<HH", record)
            last = struct.unpack_from("<H", record, len(record) - 2)[0] if kind in _ROWS_OF_CELLS else column
            lowest, rightmost = extents.get(begins, (0, 0))
            extents[begins] = (max(lowest, row + 1), max(rightmost, last + 1))
            if kind == _FORMULA:
                formulas[sheets.get(begins, "")].add((row, column))
    if sum(height * width for height, width in extents.values()) > MOST_CELLS:
        raise RosterFileError(TOO_WIDE)
    return {name: frozenset(cells) for name, cells in formulas.items()}


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield at, kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _sheet_name(record: bytes) -> str:
    length, wide = record[6], record[7] & 1
    return record[8 : 8 + length * 2].decode("utf-16-le") if wide else record[8 : 8 + length].decode("latin-1")


def _workbook_stream(content: bytes) -> bytes:
    """The stream of a compound file that holds the workbook; short ones lie in small sectors of their own."""
    sector = 1 << min(struct.unpack_from("<H", content, 30)[0], 12)
    table = _allocation(content, sector)
    first_entry, smallest, first_small = (struct.unpack_from("<I", content, place)[0] for place in (48, 56, 60))
    directory = _chain(content, sector, table, first_entry)
    entries = [directory[at : at + 128] for at in range(0, len(directory) - 127, 128)]
    entry = next((entry for entry in entries if _entry_name(entry) in {"Workbook", "Book"}), None)
    if entry is None:
        raise ValueError("no workbook in it")
    first, size = struct.unpack_from("<II", entry, 116)
    if size >= smallest:
        return _chain(content, sector, table, first)[:size]
    small = _chain(content, sector, table, struct.unpack_from("<I", entries[0], 116)[0])
    small_table = _numbers(_chain(content, sector, table, first_small))
    return b"".join(small[64 * at : 64 * at + 64] for at in _links(small_table, first))[:size]


def _entry_name(entry: bytes) -> str:
    return entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le", "replace")


def _allocation(content: bytes, sector: int) -> tuple[int, ...]:
    """Which sector follows which: listed in the header, and in further sectors where the file is large."""
    listed = list(struct.unpack_from("<109I", content, 76))
    further = struct.unpack_from("<I", content, 68)[0]
    seen: set[int] = set()
    while further < _FREE and further not in seen:
        seen.add(further)
        *more, further = _numbers(_sector(content, sector, further))
        listed += more
    return _numbers(b"".join(_sector(content, sector, at) for at in dict.fromkeys(listed) if at < _FREE))


def _chain(content: bytes, sector: int, table: tuple[int, ...], first: int) -> bytes:
    return b"".join(_sector(content, sector, at) for at in _links(table, first))


def _links(table: tuple[int, ...], first: int) -> Iterator[int]:
    seen: set[int] = set()
    at = first
    while at < _FREE:
        if at in seen:
            raise ValueError("a chain that bites its tail")
        seen.add(at)
        yield at
        at = table[at]


def _sector(content: bytes, sector: int, at: int) -> bytes:
    found = content[sector * (at + 1) : sector * (at + 2)]
    if not found:
        raise ValueError("a chain that leads nowhere")
    return found


def _numbers(content: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4])
