"""What a column of somebody's list holds: by the words over it, in the many forms heads write them.

A heading may stand on any of the first rows, alone or in two rows (联系电话 over 手机 and 固话). Where a list has none,
the columns are told by what stands in them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from groups.files.sheet import plain_heading

DEEPEST_HEADING = 15
"""The last row of a sheet, counted from 1, that is tried as its heading."""
LONGEST_HEADING = 24


class Field(StrEnum):
    """What a column means to the roster. The phones are rung in the order in which they stand here."""

    GROUP = "group"
    DOOR = "door"
    HEAD = "head"
    LANDMARK = "landmark"
    MOBILE = "mobile"
    LANDLINE = "landline"
    SECOND = "second"
    FURTHER = "further"
    NOTHING = "nothing"


PHONES = (Field.MOBILE, Field.LANDLINE, Field.SECOND, Field.FURTHER)
_ONCE = (Field.GROUP, Field.DOOR, Field.HEAD, Field.LANDMARK)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet, counted from 0, the words over it, and what it is taken for."""

    index: int
    heading: str
    field: Field


def index_of(column: Column | None) -> int | None:
    """The place of a column in its sheet, counted from 0."""
    return None if column is None else column.index


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a sheet's households begin (counted from 0), and what its columns are taken for.

    `heading_rows` is empty where nobody has written one, and the columns were told by their content.
    """

    first_row: int
    columns: tuple[Column, ...]
    heading_rows: tuple[int, ...] = ()

    def one(self, field: Field) -> Column | None:
        """The column taken for `field`, or None."""
        return next((column for column in self.columns if column.field is field), None)

    @property
    def phones(self) -> tuple[Column, ...]:
        """The columns of phones, in the order in which a household's are rung."""
        return tuple(sorted((c for c in self.columns if c.field in PHONES), key=_turn))

    @property
    def lacking(self) -> tuple[str, ...]:
        """The columns without which no roster comes of it."""
        lacks = [] if self.one(Field.HEAD) else ["户主"]
        return tuple(lacks if self.phones else [*lacks, "手机"])

    def with_fields(self, chosen: Mapping[int, Field]) -> Layout:
        """The layout as somebody has corrected it: by column, what it holds."""
        return replace(
            self,
            columns=tuple(replace(column, field=chosen.get(column.index, column.field)) for column in self.columns),
        )


_NOT_A_PHONE = re.compile(
    r"短号|小号|集团号|虚拟号|身份证|车牌|编号|门牌|户号|序号|邮编|邮政|微信|组号|队号|卡号|账号|银行|日期|备注"
)
_OF_THE_LEADER = re.compile(r"组长|队长|联防长|网格员|网格长|村长|书记|民警|责任人|片长|包干")
_PHONE = re.compile(
    r"电话|手机|号码|联系方式|联系号|宅电|固话|座机|坐机|小灵通|移动|长号|联络|^tel|phone|mobile|landline",
    re.IGNORECASE,
)
_LANDLINE = re.compile(r"固|宅|座机|坐机|小灵通|家庭电话|家用电话|家里电话|住宅|landline", re.IGNORECASE)
_HAND_HELD = re.compile(r"手机|移动|mobile", re.IGNORECASE)
_SECOND = re.compile(
    r"备用|备|其他|其它|第二|另|副机|家属|家人|亲属|子女|儿|女|配偶|爱人|妻|丈夫|紧急|应急|[2-9二三四五]$|\([2-9二三四五]\)$"
)
_FURTHER = re.compile(r"其他电话(\d{0,3})")
_OF_ANOTHER = re.compile(r"家属|家人|亲属|子女|配偶|爱人|妻|紧急|备用")
_GROUP = re.compile(r"联防.{0,2}组|联户组|编组|组别|组号|组名|分组|小组|组次|^(所属|所在|隶属)?组$|^第?几组$|^group$")
_HEAD = re.compile(r"户主|姓名|名字|住户|户名|业主|房主|户代表|家长|农户|联系人|^成员$|^居民$|^村民$|^head$|^name$")
_DOOR = re.compile(r"门牌|门号|住址|地址|住处|房号|室号|幢号|楼号|房屋编号|^家庭住|^door$|^address$")
_LANDMARK = re.compile(r"方位|位置|地标|标志物|^landmark$")
_SOMETHING_ELSE = re.compile(
    r"[\d一二三四五六七八九十](号|十户|联防|互助|平安|小)*组|"
    r"身份证|关系|性别|年龄|人数|户数|人口|单位|工作|短号|小号|微信|备注|签名|签字|日期|情况|车牌|民族|职务|文化|政治|账号|银行"
)


def field_of(text: str) -> Field | None:
    """What a column with these words over it holds; None where they say nothing to the roster."""
    heading = plain_heading(text[:200]).lower()
    if not heading or len(heading) > LONGEST_HEADING or len(re.findall(r"\d", heading)) > 3:
        return None
    if _OF_THE_LEADER.search(heading):
        return None
    if _PHONE.search(heading) and not _NOT_A_PHONE.search(heading):
        return _kind_of_phone(heading)
    if _SOMETHING_ELSE.search(heading) or _OF_ANOTHER.search(heading):
        return None
    for field, words in ((Field.GROUP, _GROUP), (Field.DOOR, _DOOR), (Field.LANDMARK, _LANDMARK), (Field.HEAD, _HEAD)):
        if words.search(heading):
            return field
    return None


def guess_layout(rows: Sequence[Sequence[str]]) -> Layout:
    """Where the heading of a sheet is and what its columns hold: the row, or two rows, that say most.

    `rows` has merged headings filled in. Without a heading the content tells; all columns hold nothing where that is
    no help either.
    """
    best: Layout | None = None
    for at in range(min(DEEPEST_HEADING, len(rows))):
        upper = _layout(rows[at], (at,))
        lower = rows[at + 1] if at + 1 < len(rows) else ()
        both = _layout(_two_rows(rows[at], lower), (at, at + 1))
        alone = max(_says(upper), _says(_layout(lower, (at + 1,))))
        # A second row of headings may only repeat what the first says; a row of a household never does.
        repeats = _says(both) == alone == _says(upper) and _are_headings(lower)
        found = both if _says(both) > alone or repeats else upper
        if _says(found) > (_says(best) if best else 0):
            best = found
    return best if best is not None and best.one(Field.HEAD) and _says(best) > _HEAD_ALONE else _by_content(rows)


_HEAD_ALONE = 110


def _says(layout: Layout) -> int:
    """How much a heading tells: its columns, above all the household's name."""
    told = {column.field for column in layout.columns} - {Field.NOTHING}
    return 100 * len(told & {Field.HEAD}) + 10 * len(told) + sum(c.field in PHONES for c in layout.columns)


def _are_headings(row: Sequence[str]) -> bool:
    said = [cell for cell in row if cell.strip()]
    return bool(said) and all(field_of(cell) for cell in said)


def _layout(headings: Sequence[str], heading_rows: tuple[int, ...]) -> Layout:
    columns = [
        Column(index, plain_heading(words), field_of(words) or Field.NOTHING) for index, words in enumerate(headings)
    ]
    for field in _ONCE:
        several = [column for column in columns if column.field is field]
        if len(several) > 1:
            keep = min(several, key=lambda column: (_vagueness(column.heading), column.index))
            columns = [
                replace(column, field=Field.NOTHING) if column.field is field and column is not keep else column
                for column in columns
            ]
    return Layout(heading_rows[-1] + 1, tuple(columns), heading_rows)


def _vagueness(heading: str) -> int:
    """Of two columns for the same, the one that says so in so many words: 户主 before 姓名, 门牌 before 住址."""
    return next((place for place, word in enumerate(("户主", "门牌", "联防", "组")) if word in heading), 9)


def _two_rows(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """The headings of a two-row heading: what stands below, with what stands above it where that tells more."""
    headings, above = [], ""
    for index, below in enumerate(lower):
        own = upper[index] if index < len(upper) else ""
        above = own if own.strip() else above if below.strip() else ""
        headings.append(_joined(above, below))
    return headings + list(upper[len(lower) :])


def _joined(above: str, below: str) -> str:
    own = field_of(below)
    if not below.strip():
        return above
    if own in PHONES or (own is Field.HEAD and _OF_ANOTHER.search(above)):
        return above + below
    return below if own else above + below


def _kind_of_phone(heading: str) -> Field:
    if _FURTHER.fullmatch(heading):
        return Field.FURTHER
    if _SECOND.search(heading):
        return Field.SECOND
    return Field.LANDLINE if _LANDLINE.search(heading) and not _HAND_HELD.search(heading) else Field.MOBILE


def _turn(column: Column) -> tuple[int, int, int]:
    further = _FURTHER.fullmatch(column.heading)
    return (PHONES.index(column.field), int(further[1] or 1) if further else 0, column.index)


# What a cell looks like, where no heading says it.
_LOOKS: tuple[tuple[Field, re.Pattern[str]], ...] = (
    (Field.MOBILE, re.compile(r"[+(]?\d[\d\-(),;/、]{5,40}")),
    (Field.GROUP, re.compile(r"第?[\d一二三四五六七八九十百]{1,4}(联防|互助)?小?组")),
    (Field.DOOR, re.compile(r"[\d一-龥]{0,10}\d+[-#号幢室弄\d]*")),
    (Field.HEAD, re.compile(r"[\u3400-\u9fff\U00020000-\U000323af·]{2,4}")),
)


def _by_content(rows: Sequence[Sequence[str]]) -> Layout:
    """Columns told by what stands in most of their cells: for cells pasted without their heading."""
    width = max((len(row) for row in rows), default=0)
    filled = sum(any(cell.strip() for cell in row) for row in rows)
    taken: set[Field] = set()
    columns = []
    for index in range(width):
        cells = [row[index].strip() for row in rows if index < len(row) and row[index].strip()]
        field = _look(cells, filled, taken)
        taken |= {field} & set(_ONCE)
        columns.append(Column(index, "", field))
    return Layout(0, tuple(columns))


def _look(cells: Sequence[str], rows: int, taken: set[Field]) -> Field:
    """What most of a column's cells look like; nothing where they are serial numbers, or few."""
    if not cells or list(cells) == [str(number) for number in range(1, len(cells) + 1)]:
        return Field.NOTHING
    plain = [re.sub(r"\s", "", unicodedata.normalize("NFKC", cell[:60])) for cell in cells]
    for field, look in _LOOKS:
        fitting = sum(bool(look.fullmatch(cell)) for cell in plain)
        often_enough = len(cells) * 2 >= rows or field is not Field.HEAD
        if field not in taken and fitting * 5 >= len(cells) * 4 and often_enough:
            return field
    return Field.NOTHING
