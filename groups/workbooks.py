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
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from groups.errors import RosterFileError
from groups.rules.roster_rows import ListRow, PhoneCell

LARGEST_FILE = 10_000_000
LARGEST_UNPACKED = 200_000_000
MOST_ROWS = 20_000

GROUP, DOOR, HEAD, LANDMARK = "联防组", "门牌号", "户主", "方位"
MOBILE, LANDLINE, SECOND_MOBILE, FURTHER = "手机", "固定电话", "备用手机", "其他电话"
PHONES = (MOBILE, LANDLINE, SECOND_MOBILE)
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
        _check_unpacked_size(content)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in workbook.sheet_names]
    except (CalamineError, ValueError, OSError) as error:
        raise RosterFileError(f"不是有效的表格文件 not a workbook: {str(error).splitlines()[0][:80]}") from None
    filled = [sheet for sheet in sheets if any(_text(cell) for row in sheet for cell in row)]
    if len(filled) > 1:
        raise RosterFileError("有多个工作表，请只留一个 more than one sheet has content: keep one")
    return [[_text(cell) for cell in row] for sheet in filled for row in sheet]


def _check_unpacked_size(content: bytes) -> None:
    """A file of 10 MB may unpack to terabytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise RosterFileError("不是有效的表格文件 not a workbook") from error
    if unpacked > LARGEST_UNPACKED:
        raise RosterFileError("表格解压后过大 the workbook unpacks to too much")


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
