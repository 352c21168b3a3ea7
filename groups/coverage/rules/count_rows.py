"""Counts of households as somebody lists them: a row a village, with its day and one or several kinds of count."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from groups.errors import InvalidDay, Message, say
from groups.files.columns import FoundColumns
from groups.files.recognising import SOMETHING_ELSE, PlainVocabulary
from groups.files.rows_below import Row
from groups.files.sheet import show_as_typed
from groups.rules.counting import CountKind
from groups.rules.list_days import Order, find_order, is_open_to_two_days, start_in

MOST_HOUSEHOLDS = 1_000_000
"""In one village: more is a slip of the hand."""


class CountColumn(StrEnum):
    """What a column of such a list holds."""

    CODE = "code"
    VILLAGE = "village"
    DAY = "day"
    KIND = "kind"
    HOUSEHOLDS = "households"
    """Of the kind that the row's `KIND` says; residents where it says none."""
    RESIDENT = "resident"
    REGISTERED = "registered"
    LANDLINE = "landline"


VILLAGES = (CountColumn.CODE, CountColumn.VILLAGE)
COUNTS = (CountColumn.HOUSEHOLDS, CountColumn.RESIDENT, CountColumn.REGISTERED, CountColumn.LANDLINE)
_WORDS = {
    CountColumn.CODE: {"代码", "村代码", "村居代码", "编码", "code"},
    CountColumn.VILLAGE: {"村居", "村名", "村", "行政村", "village", "name"},
    CountColumn.DAY: {"日期", "统计日期", "day", "date", "counted_on"},
    CountColumn.KIND: {"口径", "户数口径", "kind", "denominator"},
    CountColumn.HOUSEHOLDS: {"户数", "总户数", "households"},
}
_KINDS = {
    "常住户": CountKind.RESIDENT, "常住": CountKind.RESIDENT, "常住户数": CountKind.RESIDENT,
    "resident": CountKind.RESIDENT,
    "户籍户": CountKind.REGISTERED, "户籍": CountKind.REGISTERED, "户籍户数": CountKind.REGISTERED,
    "registered": CountKind.REGISTERED,
    "固话户": CountKind.LANDLINE, "固话": CountKind.LANDLINE, "固话户数": CountKind.LANDLINE,
    "landline": CountKind.LANDLINE,
}  # fmt: skip
COLUMN_WORDS: dict[str, str] = {
    **{word: column for column, words in _WORDS.items() for word in words},
    **{word: CountColumn(kind.value) for word, kind in _KINDS.items()},
    **dict.fromkeys(("不用", "无"), SOMETHING_ELSE),
    **{column.value: column for column in CountColumn},
}
"""What somebody may call a column who says what it holds."""
# The first that fits, where no heading is exactly one of those above: 所在行政村名称, 常住户数量.
_CONTAINED = (
    (CountColumn.CODE, re.compile(r"(村|居|社区|区划|行政).{0,4}(代码|编码|编号)$|^(代码|编码)")),
    (CountColumn.RESIDENT, re.compile(r"常住.{0,2}户")),
    (CountColumn.REGISTERED, re.compile(r"户籍.{0,2}户|在册户")),
    (CountColumn.LANDLINE, re.compile(r"固话.{0,2}户|固定电话.{0,2}户|座机.{0,2}户")),
    (CountColumn.KIND, re.compile(r"口径|统计类型")),
    (CountColumn.DAY, re.compile(r"日期|统计(时间|时点)|截至|截止|^时间$|^时点$")),
    (CountColumn.VILLAGE, re.compile(r"^(所在|所属)?(行政)?(村|社区)(居|委会)?(名称|名|/社区)?$|村居|村\(?居")),
    (CountColumn.HOUSEHOLDS, re.compile(r"^(总|全村|合计)?(户数|总户数|农户数|住户数|家庭户数)")),
)
_NO_COLUMN = re.compile(r"人口|人数|户主|备注|序号|电话|负责人|书记")
_NUMBER = re.compile(r"'?(?P<digits>\d{1,3}(,\d{3})+|\d{1,9})(\.0+)?\s*(户|家)?\s*(\([^\d()]{1,12}\))?")
_COUNTED = re.compile(r"^\d{1,3}[.、)]\s*(?=\D)")
"""A number in front that counts the villages: 1.东街村."""


@dataclass(frozen=True, slots=True)
class CountRow:
    """One count. `village` is the code or name as written; `problem` says in words why it cannot be taken."""

    line: int
    village: str
    kind: CountKind
    counted_on: date | None
    households: int | None
    problem: Message | None = None
    sheet: str = ""
    """Its sheet's name, where the file has several such lists."""


def _recognise_heading(heading: str) -> str | None:
    """What a plain heading holds."""
    # 常住户数 of a whole town's list is written with its year or the word for a number of households: 2026年常住户数.
    word = re.sub(r"^\d{2,4}年?(度)?|(总)?(数|数量)$", "", heading)
    if _NO_COLUMN.search(heading):
        return SOMETHING_ELSE
    for column, words in _WORDS.items():
        if heading in words or word in words:
            return column
    for each in (heading, word):
        if each in _KINDS:
            return CountColumn(_KINDS[each].value)
    return next((column for column, words in _CONTAINED if words.search(heading)), None)


VOCABULARY = PlainVocabulary(
    _recognise_heading, {"村居": VILLAGES, "户数": COUNTS}, numeric=(CountColumn.DAY, *COUNTS), who=VILLAGES
)
"""What stands over the columns of a list of counts."""


def find_lacking(layout: FoundColumns, default_day: date | None) -> Message | None:
    """What such a list needs and these columns do not hold; None where they hold it all."""
    if layout.lacking:
        return say("counts_without_heading")
    if CountColumn.DAY not in layout.places and default_day is None:
        return say("counts_without_day")
    return None


def read_count_rows(layout: FoundColumns, default_day: date | None = None, sheet: str = "") -> list[CountRow]:
    """The counts of a sheet's rows. A row that does not count has the reason for its problem."""
    places = {CountColumn(field): at for field, at in layout.places.items()}
    typed = _list_typed(layout)
    at_day = places.get(CountColumn.DAY, -1)
    order = find_order(row.texts[at_day] for row in layout.rows if 0 <= at_day < len(row.texts))
    return [
        replace(count, problem=say(row.left_out) if row.left_out else count.problem, sheet=sheet)
        for row in layout.rows
        for count in _read_row(row.number, _write_typed(row, typed), places, default_day, order)
    ]


def _list_typed(layout: FoundColumns) -> dict[tuple[int, int], str]:
    """By cell, the villages' codes and names that a spreadsheet took for days, as they were typed: 1-2."""
    places = {layout.places[field] for field in VILLAGES if field in layout.places}
    return {cell: show_as_typed(day) for cell, day in layout.sheet.dates.items() if cell[1] in places}


def _write_typed(row: Row, typed: Mapping[tuple[int, int], str]) -> Sequence[str]:
    return [typed.get((row.number - 1, at), text) for at, text in enumerate(row.texts)] if typed else row.texts


def _read_row(
    line: int, cells: Sequence[str], places: Mapping[CountColumn, int], default_day: date | None, order: Order
) -> Iterator[CountRow]:
    def get_cell(column: CountColumn) -> str:
        at = places.get(column)
        return cells[at].strip() if at is not None and at < len(cells) else ""

    # A code is surer than a name.
    village = get_cell(CountColumn.CODE) or _COUNTED.sub(
        "", unicodedata.normalize("NFKC", get_cell(CountColumn.VILLAGE)[:200])
    )
    if not village:
        return
    problem = None
    kind_word = get_cell(CountColumn.KIND).lower()
    if kind_word and kind_word not in _KINDS:
        problem = say("no_kind_of_count", word=kind_word[:20])
    day = default_day
    if written := get_cell(CountColumn.DAY):
        try:
            day = start_in(written, order)
            if is_open_to_two_days(written, order):
                problem = problem or say("day_may_be_two", text=written[:20])
        except InvalidDay as error:
            day, problem = None, problem or error.message
    elif day is None:
        problem = problem or say("no_day")
    of_a_kind = [column for column in COUNTS[1:] if column in places]
    for column in of_a_kind or [CountColumn.HOUSEHOLDS]:
        text = get_cell(column)
        if not text and len(of_a_kind) > 1:
            continue
        kind = CountKind(column.value) if of_a_kind else CountKind.RESIDENT
        plain = unicodedata.normalize("NFKC", text[:40]).strip()
        found = _NUMBER.fullmatch(plain)
        households = int(found["digits"].replace(",", "")) if found else None
        wrong = None if households is not None else say("no_number_of_households", text=text[:20])
        yield CountRow(line, village, _KINDS.get(kind_word, kind), day, households, problem or wrong)
