"""What an .xlsx is looked through for before its reader sees it: what would fill the memory, macros, and formulas.

The reader aborts the whole process on a cell at XFD1048576, and 10 MB unpack to terabytes; so parts are unpacked under
a limit, read as a stream, and counted first. XML that is not well-formed is refused: nobody's guess decides.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from lzma import LZMAError

from lxml import etree

from groups.errors import RosterFileError

LARGEST_UNPACKED = 100_000_000
MOST_PARTS = 2_000
MOST_CELLS = 5_000_000
MOST_TEXT = 50_000_000
LONGEST_CELL = 32_767

Cells = frozenset[tuple[int, int]]
"""Places of cells: row and column, counted from 0."""

NO_WORKBOOK = "不是有效的表格文件 not a workbook"
TOO_WIDE = "表格范围过大，请删去边角的空白内容 the sheet spans too many cells: clear what stands far off"
MACROS = "含有宏的表格不予读取，请另存为不含宏的 .xlsx has macros: save it as a plain .xlsx"
_NOT_XLSX = "不是 .xlsx 工作簿，请用WPS另存为 .xlsx not an .xlsx workbook: save it as one"
_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_BROKEN = (zipfile.BadZipFile, zlib.error, LZMAError, ValueError, RuntimeError, EOFError, OSError, etree.XMLSyntaxError)


def look_through(content: bytes) -> dict[str, Cells]:
    """The cells with formulas, sheet by sheet. Raises RosterFileError for what must not be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = _parts(archive)
            texts = _lengths_of_shared_texts(parts)
            return {name: _formulas_of(parts[part], texts) for name, part in _sheets(parts).items() if part in parts}
    except _BROKEN as error:
        raise RosterFileError(NO_WORKBOOK) from error


def _parts(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    names = [entry.filename.lower() for entry in entries]
    if len(set(names)) != len(names) or len(entries) > MOST_PARTS:
        raise RosterFileError(NO_WORKBOOK)
    if any("vbaproject" in name or "/macrosheets/" in name for name in names):
        raise RosterFileError(MACROS)
    if "xl/workbook.bin" in names or (names and not any(name.startswith("xl/") for name in names)):
        raise RosterFileError(_NOT_XLSX)
    if sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise RosterFileError("表格解压后过大 the workbook unpacks to too much")
    return {
        entry.filename: archive.read(entry) for entry in entries if entry.filename.lower().endswith((".xml", ".rels"))
    }


def _elements(part: bytes, *names: str) -> Iterator[etree._Element]:
    """The elements of these names as they end. Entities are left alone, and nothing is fetched."""
    tags = [f"{{*}}{name}" for name in names]
    for _, element in etree.iterparse(io.BytesIO(part), tag=tags, resolve_entities=False, no_network=True):
        yield element
        element.clear(keep_tail=False)


def _lengths_of_shared_texts(parts: Mapping[str, bytes]) -> list[int]:
    lengths = []
    for name in parts:
        if name.lower() == "xl/sharedstrings.xml":
            lengths = [sum(len(str(text)) for text in element.itertext()) for element in _elements(parts[name], "si")]
    if max(lengths, default=0) > LONGEST_CELL:
        raise RosterFileError(TOO_WIDE)
    return lengths


def _sheets(parts: Mapping[str, bytes]) -> dict[str, str]:
    """The sheets' names, and the parts that hold them."""
    targets: dict[str, str] = {}
    for element in _elements(parts.get("xl/_rels/workbook.xml.rels", b"<none/>"), "Relationship"):
        target = str(element.get("Target", "")).replace("\\", "/")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
        targets[str(element.get("Id", ""))] = path
    sheets: dict[str, str] = {}
    for element in _elements(parts.get("xl/workbook.xml", b"<none/>"), "sheet"):
        relation = next((value for key, value in element.attrib.items() if str(key).endswith("}id")), "")
        sheets[str(element.get("name", ""))] = targets.get(str(relation), "")
    # A sheet that no name leads to is counted all the same: a lenient reader may find it.
    known = set(sheets.values())
    return sheets | {part: part for part in parts if "worksheets/" in part.lower() and part not in known}


def _formulas_of(part: bytes, shared: Sequence[int]) -> Cells:
    """Count what a sheet unfolds to; the cells that compute what they show."""
    row = column = lowest = rightmost = letters = 0
    formulas: set[tuple[int, int]] = set()
    for element in _elements(part, "c", "row"):
        if str(element.tag).endswith("row"):
            row, column = row + 1, 0
            continue
        place = _REFERENCE.fullmatch(str(element.get("r", "")))
        row, column = (int(place[2]) - 1, _column(place[1])) if place else (row, column + 1)
        said = "".join(str(text) for text in element.itertext()).strip()
        if any(str(child.tag).endswith("}f") for child in element):
            formulas.add((row, column - 1))
        elif not said:
            continue
        lowest, rightmost = max(lowest, row + 1), max(rightmost, column)
        is_shared = element.get("t") == "s" and said.isdecimal() and int(said) < len(shared)
        letters += shared[int(said)] if is_shared else len(said)
        if lowest * rightmost > MOST_CELLS or letters > MOST_TEXT:
            raise RosterFileError(TOO_WIDE)
    return frozenset(formulas)


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
