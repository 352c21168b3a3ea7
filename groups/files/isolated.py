"""Reading a workbook in a process of its own, with limits of memory and time: no file takes with it whoever reads it.

    sheets, hidden = read_apart(content, "名册.xlsx")

The parsers of workbooks are in C and Rust; what makes one crash, or eat all memory, ends the child and is refused in
words. The child has none of our settings, writes no file, and hands over cells as JSON. Plain text is read here: that
is bounded by its size.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from groups.errors import RosterFileError, keep_message, restore_message, say
from groups.files.cell_formats import Cells, DateShape
from groups.files.reading import FileRead, find_hidden_sheets, is_workbook, read_sheets
from groups.files.sheet import DateCell, Sheet, Span
from groups.files.xlsx_guard import NO_WORKBOOK

_LIMITS = (1_500_000_000, 60)
"""Bytes of address space, and seconds of processor time, that reading may take. 20,000 rows take about a tenth."""
PATIENCE = 120.0
"""Seconds by the clock, for a machine that has other things to do."""
_ROOT = Path(__file__).resolve().parents[2]
_TOO_MUCH = say("file_takes_too_much")
_CELLS = ("formulas", "struck", "partly_struck", "errors")


def read_apart(content: bytes, name: str, *, dated: bool = False) -> FileRead:
    """The sheets of a file, as `sheets_of` gives them, and the names of those hidden. Raises RosterFileError."""
    if not is_workbook(content):
        return FileRead(read_sheets(content, name, dated=dated))
    # A name is only looked at for its ending.
    command = [
        sys.executable,
        "-m",
        "groups.files.isolated",
        Path(name).suffix,
        "dated" if dated else "typed",
        *map(str, _LIMITS),
    ]
    clean = {"PYTHONPATH": str(_ROOT), "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(  # noqa: S603  our own module, and no text of anybody's in the line
            command, input=content, capture_output=True, timeout=PATIENCE, env=clean, cwd=_ROOT, check=False
        )
    except subprocess.TimeoutExpired:
        raise RosterFileError(_TOO_MUCH) from None
    if done.returncode:
        raise RosterFileError(_TOO_MUCH if done.returncode in _OUT_OF_BOUNDS else NO_WORKBOOK)
    found = json.loads(done.stdout)
    if "error" in found:
        raise RosterFileError(restore_message(found["error"]))
    return FileRead([_unpack(sheet) for sheet in found["sheets"]], tuple(found["hidden"]))


_OUT_OF_BOUNDS = {-9, -24, -6, 3}
"""Killed, out of processor time, aborted for want of memory; and what the child says where memory is over."""


def _pack(sheet: Sheet) -> dict[str, Any]:
    return {
        "name": sheet.name,
        "rows": sheet.rows,
        "merged": sheet.merged,
        "hidden_rows": sorted(sheet.hidden_rows),
        "hidden_columns": sorted(sheet.hidden_columns),
        "dates": [[*cell, day.day.isoformat(), day.shape.value] for cell, day in sheet.dates.items()],
        **{name: sorted(getattr(sheet, name)) for name in _CELLS},
    }


def _unpack(packed: dict[str, Any]) -> Sheet:
    return Sheet(
        packed["name"],
        tuple(tuple(row) for row in packed["rows"]),
        tuple(Span(*span) for span in packed["merged"]),
        hidden_rows=frozenset(packed["hidden_rows"]),
        hidden_columns=frozenset(packed["hidden_columns"]),
        dates={
            (row, column): DateCell(date.fromisoformat(day), DateShape(shape))
            for row, column, day, shape in packed["dates"]
        },
        formulas=_unpack_cells(packed["formulas"]),
        struck=_unpack_cells(packed["struck"]),
        partly_struck=_unpack_cells(packed["partly_struck"]),
        errors=_unpack_cells(packed["errors"]),
    )


def _unpack_cells(packed: Sequence[Sequence[int]]) -> Cells:
    return frozenset((row, column) for row, column in packed)


def _set_limits(memory: int, seconds: int) -> None:
    import resource  # noqa: PLC0415  not on every system; where it is missing there are no limits but time

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(arguments: Sequence[str]) -> int:
    """The child: a file on standard input, its sheets on standard output. 3 where memory is over."""
    ending, days, memory, seconds = arguments
    # Behind alarms: a small file is read while a page waits for it, by a child of the web process.
    os.nice(10)
    _set_limits(int(memory), int(seconds))
    content = sys.stdin.buffer.read()
    try:
        sheets = read_sheets(content, f"list{ending}", dated=days == "dated")
        found: dict[str, Any] = {
            "sheets": [_pack(sheet) for sheet in sheets],
            "hidden": list(find_hidden_sheets(content)),
        }
    except RosterFileError as error:
        found = {"error": keep_message(error.message)}
    except MemoryError:
        return 3
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
