"""Reading a list out of a file: .xlsx and .xls, .csv, and the export's own .json. Says nothing about its content.

The plain form: the first row is the header, the columns in any order. Phones are rung in the order of COLUMNS below,
wherever the columns stand.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from lzma import LZMAError
from pathlib import PurePath
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from groups.errors import RosterFileError
from groups.rules.roster_rows import ListRow, PhoneCell

LARGEST_FILE = 10_000_000
LARGEST_UNPACKED = 100_000_000
MOST_ROWS = 20_000
MOST_CELLS = 5_000_000

GROUP, DOOR, HEAD, LANDMARK = "联防组", "门牌号", "户主", "方位"
MOBILE, LANDLINE, SECOND_MOBILE, FURTHER = "手机", "固定电话", "备用手机", "其他电话"
PHONES = (MOBILE, LANDLINE, SECOND_MOBILE)
_TOO_WIDE = "表格范围过大，请删去边角的空白内容 the sheet spans too many cells: clear what stands far off"
_ROW_REFERENCE = re.compile(rb"\br\s*=\s*[\"'][A-Za-z]{0,8}(\d{1,18})")
_COLUMN_REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,8})\d")
_FURTHER = re.compile(rf"{FURTHER}(\d{{0,3}})")


@dataclass(frozen=True, slots=True)
class RosterList:
    """The rows of a file, and the columns that mean nothing to the roster."""

    rows: tuple[ListRow, ...]
    ignored: tuple[str, ...] = ()


def read_list(content: bytes, name: str) -> RosterList:
    """The households of a file; `name` tells by its ending what it is. Raises RosterFileError with the reason."""
    if len(content) > LARGEST_FILE:
        raise RosterFileError("文件超过10MB the file is larger than 10 MB")
    ending = PurePath(name).suffix.lower()
    if ending == ".json":
        read = RosterList(_json_rows(content))
    elif ending == ".csv":
        read = _table(_csv_cells(content))
    elif ending in {".xlsx", ".xls"}:
        read = _table(_workbook_cells(content))
    else:
        raise RosterFileError("只能读取 .xlsx .xls .csv .json 文件 only .xlsx, .xls, .csv and .json files can be read")
    if len(read.rows) > MOST_ROWS:
        raise RosterFileError(f"超过{MOST_ROWS}行 more than {MOST_ROWS} rows")
    return read


def _csv_cells(content: bytes) -> list[list[str]]:
    text = _decoded(content)
    heading = text.split("\n", 1)[0]
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter="," if "," in heading else "\t"))
    except csv.Error as error:
        raise RosterFileError(f"不是有效的CSV文件 not a CSV file: {error}") from None


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RosterFileError("文字编码须为UTF-8或GB18030 the text is neither UTF-8 nor GB18030")


def _workbook_cells(content: bytes) -> list[list[str]]:
    if content.startswith(b"PK"):
        _check_unpacked(content)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [workbook.get_sheet_by_name(name) for name in workbook.sheet_names]
        if sum(sheet.total_height * sheet.total_width for sheet in sheets) > MOST_CELLS:
            raise RosterFileError(_TOO_WIDE)
        cells = [[[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)] for sheet in sheets]
    except (CalamineError, ValueError, OSError) as error:
        raise RosterFileError(f"不是有效的表格文件 not a workbook: {str(error).splitlines()[0][:80]}") from None
    filled = [rows for rows in cells if any(cell for row in rows for cell in row)]
    if len(filled) > 1:
        raise RosterFileError("有多个工作表，请只留一个 more than one sheet has content: keep one")
    return filled[0] if filled else []


def _check_unpacked(content: bytes) -> None:
    """Refuse what would fill the memory: 10 MB unpack to terabytes, and one cell at XFD1048576 makes a dense sheet.

    The reader aborts the whole process on that, so the references are looked at before it sees them.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > LARGEST_UNPACKED:
                raise RosterFileError("表格解压后过大 the workbook unpacks to too much")
            for part in archive.infolist():
                if _cells_of(archive.read(part)) > MOST_CELLS:
                    raise RosterFileError(_TOO_WIDE)
    except (zipfile.BadZipFile, zlib.error, LZMAError, ValueError, RuntimeError, EOFError, OSError) as error:
        raise RosterFileError("不是有效的表格文件 not a workbook") from error


def _cells_of(part: bytes) -> int:
    """How many cells the rectangle has that holds every cell a part of a workbook refers to."""
    height = max((int(row) for row in _ROW_REFERENCE.findall(part)), default=0)
    widest = max((column.upper() for column in _COLUMN_REFERENCE.findall(part)), key=lambda c: (len(c), c), default=b"")
    width = 0
    for letter in widest:
        width = width * 26 + letter - ord("A") + 1
    return height * max(width, 1)


def _text(cell: object) -> str:
    """A cell as its author meant it: 19968730461.0 is a number's digits, and a date was the door 1-2."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return f"{cell.month}-{cell.day}"
    return str(cell)


def _table(cells: Sequence[Sequence[str]]) -> RosterList:
    """Rows under their header. A leading apostrophe is a spreadsheet's mark for text, and no part of it."""
    heading = [_column_name(cell) for cell in cells[0]] if cells else []
    _check_heading(heading)
    phones = sorted((column for column in heading if _phone_order(column) is not None), key=_phone_order)
    place = {column: heading.index(column) for column in (GROUP, DOOR, HEAD, LANDMARK, *phones) if column in heading}
    rows = []
    for number, row in enumerate(cells[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        said = {column: row[at].removeprefix("'") if at < len(row) else "" for column, at in place.items()}
        rows.append(
            ListRow(
                number,
                said[GROUP],
                said[DOOR],
                said[HEAD],
                tuple(PhoneCell(column, said[column]) for column in phones),
                said.get(LANDMARK),
            )
        )
    return RosterList(tuple(rows), tuple(column for column in heading if column and column not in place))


def _column_name(cell: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", cell)).removeprefix("'")


def _phone_order(column: str) -> Any:
    """Where the phones of this column come among the household's; None for a column of something else."""
    if column in PHONES:
        return PHONES.index(column)
    further = _FURTHER.fullmatch(column)
    return len(PHONES) + int(further[1] or 1) if further else None


def _check_heading(heading: Sequence[str]) -> None:
    lacking = [column for column in (GROUP, DOOR, HEAD) if column not in heading]
    if not any(_phone_order(column) is not None for column in heading):
        lacking.append(MOBILE)
    if lacking:
        raise RosterFileError(f"第一行缺少列：{'、'.join(lacking)} the first row lacks these columns")
    twice = sorted({column for column in heading if column and heading.count(column) > 1})
    if twice:
        raise RosterFileError(f"第一行有重复的列：{'、'.join(twice)[:60]} the first row has these columns twice")


def _json_rows(content: bytes) -> tuple[ListRow, ...]:
    try:
        households = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise RosterFileError("不是有效的JSON文件 not a JSON file") from None
    if not isinstance(households, list):
        raise RosterFileError("JSON须为住户列表 the JSON must be a list of households")
    return tuple(_json_row(number, household) for number, household in enumerate(households, start=1))


def _json_row(number: int, household: object) -> ListRow:
    texts = ("group", "head", "door")
    if (
        not isinstance(household, dict)
        or set(household) != {*texts, "phones"}
        or not all(isinstance(household[name], str) for name in texts)
        or not isinstance(household["phones"], list)
        or not all(isinstance(phone, str) for phone in household["phones"])
    ):
        raise RosterFileError(
            f"第{number}项须有 group、head、door（文字）与 phones（列表） "
            f"entry {number} must have three texts and a list of texts under these keys"
        )
    phones = tuple(PhoneCell(f"phones[{place}]", phone) for place, phone in enumerate(household["phones"]))
    return ListRow(number, household["group"], household["door"], household["head"], phones)
