"""A sheet of a list as texts, with its merged cells: what every reader of lists works on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from groups.files.cell_formats import Cell, Cells, DateShape


def simplify_heading(text: str) -> str:
    """A heading without what people put into it to look at: blanks, line breaks, colons, a text's apostrophe."""
    return re.sub(r"[\s:*]+", "", unicodedata.normalize("NFKC", text[:200])).removeprefix("'")


_SIMPLE = str.maketrans(
    "組別門牌號戶機碼電話聯繫絡備註編隊長屬稱樓棟單業農戶連繋關係個員環狀態記錄後絡與間號級際區鄉鎮縣陣"
    "開數結時類產費銷網辦終總統計點監虛擬實體攝護責證標識資齡對應義願衛語體該幹務產權歸屬",
    "组别门牌号户机码电话联系络备注编队长属称楼栋单业农户连系关系个员环状态记录后络与间号级际区乡镇县阵"
    "开数结时类产费销网办终总统计点监虚拟实体摄护责证标识资龄对应义愿卫语体该干务产权归属",
)
_TELEPHONES = re.compile("[\u260e\u260f\u2706\u2121\U0001f4de\U0001f4f1\U0001f4f2\U0001f57b-\U0001f57f]\ufe0f?")


def strip_heading(text: str) -> str:
    """A plain heading as vocabularies have it: in simplified characters, small letters, a telephone for its picture."""
    return simplify_heading(_TELEPHONES.sub("电话", text[:200])).lower().translate(_SIMPLE)


class Span(NamedTuple):
    """A merged range of cells, counted from 0, its last row and column in it."""

    top: int
    left: int
    bottom: int
    right: int


class DateCell(NamedTuple):
    """A cell that a spreadsheet keeps as a day, and which parts of it are shown."""

    day: date
    shape: DateShape
    year_last: bool = False
    """It is shown with the year behind the month and the day, as no Chinese spreadsheet shows it."""
    day_first: bool = False


def show_as_typed(cell: DateCell) -> str:
    """What was typed into a cell that a spreadsheet took for a day: 3-45 where it shows Mar-45, 12-1 for 12月1日."""
    day = cell.day
    match cell.shape:
        case DateShape.MONTH_YEAR:
            return f"{day.month}-{day.year % 100:02}"
        case DateShape.YEAR_MONTH:
            return f"{day.year % 100}-{day.month}"
        case DateShape.FULL:
            return f"{day.year % 100}-{day.month}-{day.day}"
        case _:
            return f"{day.month}-{day.day}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as texts. `formulas` are the cells that compute what they show; `part`: one of several lists on it.

    `struck` is struck through as a whole; of `partly_struck`, the texts are what is left. `dates` are the cells that
    are kept as days; `group` is the name of the group that stands over this part of the sheet.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    merged: tuple[Span, ...] = ()
    formulas: Cells = frozenset()
    part: str = ""
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    struck: Cells = frozenset()
    partly_struck: Cells = frozenset()
    errors: Cells = frozenset()
    dates: Mapping[Cell, DateCell] = field(default_factory=dict)
    group: str = ""
    is_of_text: bool = False
    """It comes from a text, whose cells keep nothing of what they were in a workbook."""

    @property
    def label(self) -> str:
        """The sheet's name, and which of its lists."""
        return f"{self.name}{self.part}"

    def text(self, row: int, column: int) -> str:
        cells = self.rows[row]
        return cells[column] if column < len(cells) else ""

    @property
    def is_empty(self) -> bool:
        return not any(cell.strip() for row in self.rows for cell in row)

    @property
    def first_filled(self) -> int:
        """The first row with anything in it; 0 where there is none."""
        return next((at for at, row in enumerate(self.rows) if any(cell.strip() for cell in row)), 0)

    @property
    def width(self) -> int:
        """The columns of its widest row."""
        return max((len(row) for row in self.rows), default=0)

    def with_columns(self, columns: Sequence[int]) -> Sheet:
        """The sheet with these columns only, in this order."""
        place = {column: at for at, column in enumerate(columns)}
        merged = []
        for span in self.merged:
            inside = [
                place[column] for column in range(span.left, min(span.right, max(columns)) + 1) if column in place
            ]
            if inside:
                merged.append(Span(span.top, min(inside), span.bottom, max(inside)))

        def move_cells(cells: Cells) -> Cells:
            return frozenset((row, place[column]) for row, column in cells if column in place)

        return replace(
            self,
            rows=tuple(tuple(self.text(at, column) for column in columns) for at in range(len(self.rows))),
            merged=tuple(merged),
            formulas=move_cells(self.formulas),
            hidden_columns=frozenset(place[column] for column in self.hidden_columns if column in place),
            struck=move_cells(self.struck),
            partly_struck=move_cells(self.partly_struck),
            errors=move_cells(self.errors),
            dates={(row, place[column]): day for (row, column), day in self.dates.items() if column in place},
        )

    def turned(self) -> Sheet:
        """The sheet with its columns as rows."""

        def move_cells(cells: Cells) -> Cells:
            return frozenset((column, row) for row, column in cells)

        return replace(
            self,
            rows=tuple(tuple(self.text(at, column) for at in range(len(self.rows))) for column in range(self.width)),
            merged=tuple(Span(span.left, span.top, span.right, span.bottom) for span in self.merged),
            formulas=move_cells(self.formulas),
            hidden_rows=self.hidden_columns,
            hidden_columns=self.hidden_rows,
            struck=move_cells(self.struck),
            partly_struck=move_cells(self.partly_struck),
            errors=move_cells(self.errors),
            dates={(column, row): day for (row, column), day in self.dates.items()},
        )

    def heading_rows(self, deepest: int) -> list[list[str]]:
        """All rows, those down to `deepest` with the text of a cell merged across columns in each of them."""
        width = self.width
        filled = [[*row, *[""] * (width - len(row))] if at < deepest else list(row) for at, row in enumerate(self.rows)]
        for span in [span for span in self.merged if span.top < min(deepest, len(filled))][:_MOST_MERGED_HEADINGS]:
            # A title across the whole sheet is no heading of its columns.
            if span.right - span.left + 1 < max(width, 2):
                text = self.text(span.top, span.left)
                filled[span.top][span.left : span.right + 1] = [text] * (min(span.right + 1, width) - span.left)
        return filled

    def covered(self, column: int | None) -> dict[int, int]:
        """The rows of a column that belong to a merged cell above them, and the row where that one begins."""
        tops: dict[int, int] = {}
        begun: set[int] = set()
        for span in self.merged if column is not None else ():
            if column is not None and span.left <= column <= span.right and span.top not in begun:
                begun.add(span.top)
                for row in range(span.top + 1, min(span.bottom + 1, len(self.rows))):
                    if row in tops:  # merged cells never overlap, but a forged file's may
                        break
                    tops[row] = span.top
        return tops


_MOST_MERGED_HEADINGS = 200


def name_column(index: int) -> str:
    """A column as a spreadsheet names it: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def find_column_index(name: str) -> int:
    """The column that a spreadsheet gives this name: A is 0. Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z]{1,3}", name):
        raise ValueError(name)
    index = 0
    for letter in name.upper():
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def name_cell(row: int, column: int) -> str:
    """A cell as a spreadsheet names it: (1, 3) is D2."""
    return f"{name_column(column)}{row + 1}"
