"""What an .xlsx is looked through for before its reader sees it: what would fill the memory, macros, and its looks.

The reader aborts the whole process on a cell at XFD1048576, and 10 MB unpack to terabytes; so parts are unpacked under
a limit, read as a stream, and counted first. XML that is not well-formed is refused: nobody's guess decides.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from lzma import LZMAError

from lxml import etree

from groups.errors import RosterFileError, say
from groups.files.cell_formats import BUILT_IN, Looks

LARGEST_UNPACKED = 100_000_000
MOST_PARTS = 2_000
MOST_CELLS = 5_000_000
MOST_TEXT = 50_000_000
LONGEST_CELL = 32_767
MOST_COLUMNS = 16_384

NO_WORKBOOK = say("not_workbook")
TOO_WIDE = say("sheet_too_wide")
MACROS = say("workbook_has_macros")
_NOT_XLSX = say("not_an_xlsx")
_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_BROKEN = (zipfile.BadZipFile, zlib.error, LZMAError, ValueError, RuntimeError, EOFError, OSError, etree.XMLSyntaxError)


@dataclass(slots=True)
class _Styles:
    """By the number of a cell's style: its format, and whether it is struck through."""

    formats: dict[int, str] = field(default_factory=dict)
    struck: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Texts:
    """The texts that the sheets share: their lengths, and of those struck through what is left."""

    lengths: list[int] = field(default_factory=list)
    unstruck: dict[int, str] = field(default_factory=dict)


def look_through(content: bytes) -> dict[str, Looks]:
    """The looks of its cells, sheet by sheet. Raises RosterFileError for what must not be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = _read_parts(archive)
            texts, styles = _read_shared_texts(parts), _read_styles(parts)
            return {
                name: _read_looks(parts[part], texts, styles)
                for name, part in _read_sheets(parts).items()
                if part in parts
            }
    except _BROKEN as error:
        raise RosterFileError(NO_WORKBOOK) from error


def _read_parts(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    names = [entry.filename.lower() for entry in entries]
    if len(set(names)) != len(names) or len(entries) > MOST_PARTS:
        raise RosterFileError(NO_WORKBOOK)
    if any("vbaproject" in name or "/macrosheets/" in name for name in names):
        raise RosterFileError(MACROS)
    if "xl/workbook.bin" in names or (names and not any(name.startswith("xl/") for name in names)):
        raise RosterFileError(_NOT_XLSX)
    if sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise RosterFileError(say("workbook_unpacks_to_too_much"))
    return {
        entry.filename: archive.read(entry) for entry in entries if entry.filename.lower().endswith((".xml", ".rels"))
    }


def _read_elements(part: bytes, *names: str) -> Iterator[etree._Element]:
    """The elements of these names as they end. Entities are left alone, and nothing is fetched."""
    tags = [f"{{*}}{name}" for name in names]
    for _, element in etree.iterparse(io.BytesIO(part), tag=tags, resolve_entities=False, no_network=True):
        yield element
        element.clear(keep_tail=False)


def _read_shared_texts(parts: Mapping[str, bytes]) -> _Texts:
    texts = _Texts()
    for name in parts:
        if name.lower() == "xl/sharedstrings.xml":
            for place, element in enumerate(_read_elements(parts[name], "si")):
                texts.lengths.append(sum(len(str(text)) for text in element.itertext()))
                left = _read_unstruck(element)
                if left is not None:
                    texts.unstruck[place] = left
    if max(texts.lengths, default=0) > LONGEST_CELL:
        raise RosterFileError(TOO_WIDE)
    return texts


def _read_unstruck(element: etree._Element) -> str | None:
    """What of a text in several fonts is not struck through; None where nothing is."""
    runs = [child for child in element if _get_name(child) == "r"]
    struck = [run for run in runs if any(_get_name(part) == "strike" and _is_on(part) for part in run.iter())]
    if not struck:
        return None
    return "".join(str(text) for run in runs if run not in struck for text in run.itertext())


def _get_name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _is_on(element: etree._Element) -> bool:
    return str(element.get("val", "1")).lower() not in {"0", "false"}


def _read_styles(parts: Mapping[str, bytes]) -> _Styles:
    """The styles of cells, by their number: MS-OI29500's cellXfs, with the fonts and formats they name."""
    styles = _Styles()
    part = next((parts[name] for name in parts if name.lower() == "xl/styles.xml"), None)
    if part is None:
        return styles
    root = etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True))
    by_name = {_get_name(element): element for element in root}
    codes = BUILT_IN | {
        int(element.get("numFmtId", "0")): str(element.get("formatCode", "")) for element in by_name.get("numFmts", ())
    }
    struck = {
        place
        for place, font in enumerate(by_name.get("fonts", ()))
        if any(_get_name(child) == "strike" and _is_on(child) for child in font)
    }
    for place, style in enumerate(by_name.get("cellXfs", ())):
        if code := codes.get(int(style.get("numFmtId", "0"))):
            styles.formats[place] = code
        if int(style.get("fontId", "0")) in struck:
            styles.struck.add(place)
    return styles


def _read_sheets(parts: Mapping[str, bytes]) -> dict[str, str]:
    """The sheets' names, and the parts that hold them."""
    targets: dict[str, str] = {}
    for element in _read_elements(parts.get("xl/_rels/workbook.xml.rels", b"<none/>"), "Relationship"):
        target = str(element.get("Target", "")).replace("\\", "/")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
        targets[str(element.get("Id", ""))] = path
    sheets: dict[str, str] = {}
    for element in _read_elements(parts.get("xl/workbook.xml", b"<none/>"), "sheet"):
        relation = next((value for key, value in element.attrib.items() if str(key).endswith("}id")), "")
        sheets[str(element.get("name", ""))] = targets.get(str(relation), "")
    # A sheet that no name leads to is counted all the same: a lenient reader may find it.
    known = set(sheets.values())
    return sheets | {part: part for part in parts if "worksheets/" in part.lower() and part not in known}


def _read_looks(part: bytes, shared: _Texts, styles: _Styles) -> Looks:
    """Count what a sheet unfolds to; how its cells look."""
    row = column = lowest = rightmost = letters = 0
    looks = Looks()
    for element in _read_elements(part, "c", "row", "col"):
        kind = _get_name(element)
        if kind == "row":
            row, column = _read_row_number(element, row + 1), 0
            if _is_hidden(element, "ht"):
                looks.hidden_rows.add(row - 1)
            continue
        if kind == "col":
            if _is_hidden(element, "width"):
                first, last = int(element.get("min", "1")), int(element.get("max", "1"))
                looks.hidden_columns |= set(range(first - 1, min(last, MOST_COLUMNS)))
            continue
        place = _REFERENCE.fullmatch(str(element.get("r", "")))
        row, column = (int(place[2]) - 1, _read_column(place[1])) if place else (row, column + 1)
        said = "".join(str(text) for text in element.itertext()).strip()
        if any(_get_name(child) == "f" for child in element):
            looks.formulas.add((row, column - 1))
        elif not said:
            continue
        lowest, rightmost = max(lowest, row + 1), max(rightmost, column)
        is_shared = element.get("t") == "s" and said.isdecimal() and int(said) < len(shared.lengths)
        letters += shared.lengths[int(said)] if is_shared else len(said)
        if lowest * rightmost > MOST_CELLS or letters > MOST_TEXT:
            raise RosterFileError(TOO_WIDE)
        _look_at(element, (row, column - 1), said, looks, shared, styles)
    return looks


def _read_row_number(element: etree._Element, expected: int) -> int:
    said = str(element.get("r", ""))
    return int(said) if said.isdecimal() and len(said) < 8 else expected


def _is_hidden(element: etree._Element, size: str) -> bool:
    return str(element.get("hidden", "0")).lower() in {"1", "true"} or element.get(size) in {"0", "0.0"}


def _look_at(
    element: etree._Element, cell: tuple[int, int], said: str, looks: Looks, shared: _Texts, styles: _Styles
) -> None:
    """Note a cell's style, its error, and what of its text is struck through."""
    style, kind = str(element.get("s", "0")), element.get("t", "n")
    number = int(style) if style.isdecimal() and len(style) < 8 else 0
    if number in styles.struck:
        looks.struck.add(cell)
    if kind == "n" and number in styles.formats:
        looks.formats[cell] = styles.formats[number]
    if kind == "e":
        looks.errors[cell] = said
    left = shared.unstruck.get(int(said)) if kind == "s" and said.isdecimal() else None
    if kind == "inlineStr":
        left = next((_read_unstruck(child) for child in element if _get_name(child) == "is"), None)
    if left is not None and left.strip():
        looks.unstruck[cell] = left
    elif left is not None:
        looks.struck.add(cell)


def _read_column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
