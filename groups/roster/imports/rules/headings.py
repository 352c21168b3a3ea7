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

from groups.files.recognising import make_words
from groups.files.sheet import simplify_heading, strip_heading

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
    RELATION = "relation"
    NOTHING = "nothing"


FIELD_WORDS: dict[str, Field] = {
    **dict.fromkeys(("组", "组别", "联防组"), Field.GROUP),
    **dict.fromkeys(("门牌", "门牌号", "地址"), Field.DOOR),
    **dict.fromkeys(("户主", "姓名"), Field.HEAD),
    **dict.fromkeys(("方位",), Field.LANDMARK),
    **dict.fromkeys(("手机", "电话"), Field.MOBILE),
    **dict.fromkeys(("固话", "固定电话", "宅电"), Field.LANDLINE),
    **dict.fromkeys(("备用", "备用手机", "备用电话"), Field.SECOND),
    **dict.fromkeys(("其他电话",), Field.FURTHER),
    **dict.fromkeys(("关系", "与户主关系"), Field.RELATION),
    **dict.fromkeys(("不用", "无"), Field.NOTHING),
    **{field.value: field for field in Field},
}
"""What somebody may call a field who says what a column holds."""

PHONES = (Field.MOBILE, Field.LANDLINE, Field.SECOND, Field.FURTHER)
_ONCE = (Field.GROUP, Field.DOOR, Field.HEAD, Field.LANDMARK, Field.RELATION)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet, counted from 0, the words over it, and what it is taken for."""

    index: int
    heading: str
    field: Field


def read_index(column: Column | None) -> int | None:
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
    guessed: frozenset[int] = frozenset()
    """Columns that were told by what stands in them, though something else stands over them."""
    has_numbers_at_names: bool = False

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
        return tuple(lacks if self.phones or self.has_numbers_at_names else [*lacks, "手机"])

    def with_fields(self, chosen: Mapping[int, Field]) -> Layout:
        """The layout as somebody has corrected it: by column, what it holds."""
        return replace(
            self,
            columns=tuple(replace(column, field=chosen.get(column.index, column.field)) for column in self.columns),
        )


_NOT_A_PHONE = re.compile(
    r"短号|小号|集团号|虚拟号|身份证|车牌|编号|门牌|户号|序号|邮编|邮政|微信|组号|队号|卡号|账号|银行|日期|备注|qq|宽带|传真|工号"
)
_OF_THE_LEADER = re.compile(
    r"组长|队长|联防长|网格员|网格长|村长|书记|民警|责任人|片长|包干|干部|片警|楼长|楼栋长|负责人|填表人|采集人"
)
_PHONE = re.compile(
    r"电话|手机|号码|联系方式|联系号|宅电|固话|座机|坐机|小灵通|移动|长号|联络|通讯方式|通信方式|联系办法|机号|大号"
    r"|^tel|phone|mobile|landline|cell|^contact$",
    re.IGNORECASE,
)
_LANDLINE = re.compile(
    r"固|宅|座机|坐机|小灵通|家庭电话|家用电话|家里电话|住宅|landline|hometel|homephone", re.IGNORECASE
)
_HAND_HELD = re.compile(r"手机|移动|mobile|cell", re.IGNORECASE)
_SECOND = re.compile(
    r"备用|备|其他|其它|第二|另|副机|家属|家人|亲属|子女|儿|女|配偶|爱人|妻|丈夫|紧急|应急|[2-9二三四五]$|\([2-9二三四五]\)$"
)
_FURTHER = re.compile(r"其他电话(\d{0,3})")
_OF_ANOTHER = re.compile(r"家属|家人|亲属|子女|配偶|爱人|妻|紧急|备用|监护人")
_GROUP = re.compile(
    r"联防.{0,2}组|联户组|编组|组别|组号|组名|分组|小组|组次|^(所属|所在|隶属|村民)?组(长)?$|^第?几组$|^(所属|所在)?(联防)?(组|队)(名称?|别|号)?$"
    r"|^group$|^team$"
)
_HEAD = re.compile(
    r"户主|姓名|名字|住户|户名|业主|房主|房东|屋主|户代表|家长|农户|联系人|名单|主人|^成员$|^居民$|^村民$|^人员$|^head$|name$|^householder$"
)
_DOOR = re.compile(
    r"门牌|门号|住址|地址|住处|房号|室号|幢号|楼号|栋号|房屋编号|房间号|门户号|门洞号|居住地|^家庭住|^门$|^door|^house(no|number)?\.?$|^address$"
)
_LANDMARK = re.compile(r"方位|位置|地标|标志物|^landmark$")
_RELATION = re.compile(r"关系$|^(与|和|同)?户主(之)?(的)?关系|^关系|^称谓$|^relation", re.IGNORECASE)
_SOMETHING_ELSE = re.compile(
    r"[\d一二三四五六七八九十](号|十户|联防|互助|平安|小)*组|"
    r"身份证|性别|年龄|人数|户数|人口|单位|工作|短号|小号|微信|备注|签名|签字|日期|情况|车牌|民族|职务|文化|政治|账号|银行"
    r"|与.{0,4}关系|编号|序号"
)
_OF_OLD = re.compile(r"(户主)?(原|旧|老|曾用|以前|停用|作废|已停)")
_REMARKS = re.compile(r"备注|说明|备考|附注|补充|^其他$|^其它$|^note|^remark", re.IGNORECASE)
_ASKS_FOR_IT = re.compile(r"\((必填|选填|必须填写|可不填|可选|\*)\)|必填|选填")


def simplify(text: str) -> str:
    """A heading in the characters of the vocabulary: simplified, in small letters, a telephone for its picture."""
    return _ASKS_FOR_IT.sub("", strip_heading(text))


def find_field(text: str) -> Field | None:
    """What a column with these words over it holds; None where they say nothing to the roster.

    The words in front of a bracket count before those in it, and of several words each for itself: 电话/短号.
    """
    heading = simplify(text)
    bare, words, inner = make_words(heading)
    if not heading or len(bare or heading) > LONGEST_HEADING or len(re.findall(r"\d", bare)) > 3:
        return None
    if _RELATION.search(bare) and not (len(words) > 1 and _HEAD.search(words[0])):
        return Field.RELATION
    if found := _find_field_of_words(bare, heading):
        return found
    if len(words) > 1:
        fields = [field for word in words if (field := _find_field_of_words(word, word))]
        # A column for the name and the number has both in a cell; the name is what it cannot do without.
        if fields:
            return Field.HEAD if Field.HEAD in fields else fields[0]
    return (
        _find_field_of_words(inner, inner) if inner and not _SOMETHING_ELSE.search(bare) and len(inner) <= 8 else None
    )


def names_phones(text: str) -> bool:
    """Whether the words over a column speak of phones at all, whatever else: 户主及电话."""
    return bool(_PHONE.search(simplify(text)))


def is_remarks(text: str) -> bool:
    """Whether a column is for whatever else there is to say, where numbers stand now and then."""
    return bool(_REMARKS.search(simplify(text)))


def may_hold_phones(text: str) -> bool:
    """Whether a column may be taken for phones because of what stands in it: nothing over it speaks against that."""
    heading = simplify(text)
    return not _OF_THE_LEADER.search(heading) and not re.search(
        r"短号|身份证|车牌|序号|编号|账号|卡号|qq|工号|邮编", heading
    )


def _find_field_of_words(heading: str, whole: str) -> Field | None:
    """What the heading's own words say; `whole` has what stands in its brackets, too."""
    if not heading or _OF_THE_LEADER.search(heading):
        return None
    if _PHONE.search(heading) and not _NOT_A_PHONE.search(heading):
        return Field.HEAD if _NAME_AND_PHONE.fullmatch(heading) else _find_kind_of_phone(whole)
    if _SOMETHING_ELSE.search(heading) or _OF_ANOTHER.search(heading):
        return None
    for field, words in ((Field.GROUP, _GROUP), (Field.DOOR, _DOOR), (Field.LANDMARK, _LANDMARK), (Field.HEAD, _HEAD)):
        if words.search(heading):
            return field
    return None


_NAME_AND_PHONE = re.compile(
    r"(户主)?(姓名|户主|名字)(、|/|及|和|与|\+|&)(联系)?(电话|手机|号码|方式|电话号码|手机号码?|联系方式)+"
)


def guess_layout(rows: Sequence[Sequence[str]]) -> Layout:
    """Where the heading of a sheet is and what its columns hold: the row, or two rows, that say most.

    `rows` has merged headings filled in. Without a heading the content tells; all columns hold nothing where that is
    no help either.
    """
    best: Layout | None = None
    begin = next((at for at, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)
    for at in range(begin, min(begin + DEEPEST_HEADING, len(rows))):
        if _are_cells(rows[at]) and not any(_SHOWS_HOW.search(cell) for cell in rows[at]):
            continue  # a household's, whatever words stand in it: 户主：王建国
        upper = _make_layout(rows[at], (at,))
        lower = rows[at + 1] if at + 1 < len(rows) else ()
        both = upper if _are_cells(lower) else _make_layout(_join_two_rows(rows[at], lower), (at, at + 1))
        alone = max(_measure_layout(upper), _measure_layout(_make_layout(lower, (at + 1,))))
        # A second row of headings may only repeat what the first says; a row of a household never does.
        repeats = _measure_layout(both) == alone == _measure_layout(upper) and _are_headings(lower)
        found = both if _measure_layout(both) > alone or repeats else upper
        if _measure_layout(found) > (_measure_layout(best) if best else 0):
            best = found
    if best is None:
        return _guess_by_content(rows)
    completed = _complete(best, rows)
    if completed.one(Field.HEAD) and (_measure_layout(completed) > _HEAD_ALONE or completed.has_numbers_at_names):
        return completed
    by_content = _guess_by_content(rows)
    return (
        by_content
        if len(by_content.lacking) < len(completed.lacking) or _measure_layout(completed) <= _HEAD_ALONE
        else completed
    )


_SHOWS_HOW = re.compile(r"如|例")


def _are_cells(row: Sequence[str]) -> bool:
    """Whether a row is a household's and no heading: a number stands in it."""
    return any(_HOLDS_PHONE.fullmatch(cell[:60]) for cell in row)


def _complete(layout: Layout, rows: Sequence[Sequence[str]]) -> Layout:
    """The layout with what its headings leave open told by the cells: a column of phones, of names, of both."""
    below = rows[layout.first_row : layout.first_row + _LOOKED_AT]
    cells = {
        c.index: [row[c.index] for row in below if c.index < len(row) and row[c.index].strip()] for c in layout.columns
    }
    fields: dict[int, Field] = {}
    for column in layout.columns:
        others = [c for c in layout.phones if c is not column and _measure_share(cells[c.index], _IS_SHORT) <= 0.8]
        if column.field in PHONES and others and _measure_share(cells[column.index], _IS_SHORT) > 0.8:
            fields[column.index] = Field.NOTHING
    current = [column for column in layout.phones if not _OF_OLD.match(column.heading)]
    if current:
        fields |= {column.index: Field.NOTHING for column in layout.phones if column not in current}
    lacks_phones = not [column for column in layout.phones if column.index not in fields]
    for column in layout.columns:
        # Numbers under nothing at all are phones, too; under other words only where there are no others.
        is_open = column.field is Field.NOTHING and (lacks_phones or not column.heading)
        may_be = is_open and may_hold_phones(column.heading) and not is_remarks(column.heading)
        if may_be and _measure_share(cells[column.index], _HOLDS_PHONE) >= 0.6:
            fields[column.index] = Field.SECOND if layout.one(Field.MOBILE) else Field.MOBILE
    for field, look in ((Field.GROUP, _IS_GROUP), (Field.DOOR, _IS_DOOR), (Field.HEAD, _IS_NAME)):
        if layout.one(field) is None:
            open_ = [c for c in layout.columns if c.field is Field.NOTHING and c.index not in fields]
            alike = [c.index for c in open_ if _may_be(field, c) and _measure_share(cells[c.index], look) >= 0.8]
            if len(alike) == 1 and (field is not Field.HEAD or _are_many(cells[alike[0]])):
                fields[alike[0]] = field
    told = layout.with_fields(fields)
    head = told.one(Field.HEAD)
    both = head is not None and _measure_share(cells[head.index], _HOLDS_PHONE) >= (
        0.3 if names_phones(head.heading) else 0.6
    )
    return replace(told, guessed=frozenset(fields), has_numbers_at_names=both)


def _may_be(field: Field, column: Column) -> bool:
    """Whether nothing over a column speaks against what its cells look like."""
    if field is not Field.HEAD:
        return not re.search(r"短号|小号|身份证|日期|电话|面积|时间", column.heading)
    return not _SOMETHING_ELSE.search(column.heading) and not _OF_ANOTHER.search(column.heading)


def _are_many(cells: Sequence[str]) -> bool:
    """Whether a column names different people, not one of them again and again: a leader."""
    return len(set(cells)) * 2 > len(cells)


_IS_GROUP = re.compile(r"第?[\d一二三四五六七八九十]{1,4}(号|联防|十户|互助|平安|村民)*小?[组組队]")
_IS_DOOR = re.compile(
    r"\d{1,4}([-—–]\d{1,4}){1,3}(号|室)?|\d{1,4}号(楼|院)?(\d{1,4}(室|号)?)?|\d{1,3}(栋|幢|弄)\S{1,10}"
)
_LOOKED_AT = 60
_IS_SHORT = re.compile(r"\d{3,6}")
_IS_NAME = re.compile(r"[★☆▲●*]?[\u3400-\u9fff\U00020000-\U000323af·]{2,4}(\(.{1,4}\))?")
_HOLDS_PHONE = re.compile(r".*(?<!\d)(1[3-9]\d{9}|0\d{2,3}-?[2-9]\d{6,7}|[2-9]\d{7})(?!\d).*", re.DOTALL)


def _measure_share(cells: Sequence[str], look: re.Pattern[str]) -> float:
    blanks = r"\s" if look is _IS_DOOR else r"[\s-]"
    plain = [re.sub(blanks, "", unicodedata.normalize("NFKC", cell[:60])) for cell in cells]
    return sum(bool(look.fullmatch(cell)) for cell in plain) / len(plain) if plain else 0.0


_HEAD_ALONE = 110


def _measure_layout(layout: Layout) -> int:
    """How much a heading tells: its columns, above all the household's name."""
    told = {column.field for column in layout.columns} - {Field.NOTHING}
    return 100 * len(told & {Field.HEAD}) + 10 * len(told) + sum(c.field in PHONES for c in layout.columns)


def _are_headings(row: Sequence[str]) -> bool:
    said = [cell for cell in row if cell.strip()]
    return bool(said) and all(find_field(cell) for cell in said)


def _make_layout(headings: Sequence[str], heading_rows: tuple[int, ...]) -> Layout:
    columns = [
        Column(index, simplify_heading(words), find_field(words) or Field.NOTHING)
        for index, words in enumerate(headings)
    ]
    for field in _ONCE:
        several = [column for column in columns if column.field is field]
        if len(several) > 1:
            keep = min(several, key=lambda column: (_measure_vagueness(column.heading), column.index))
            columns = [
                replace(column, field=Field.NOTHING) if column.field is field and column is not keep else column
                for column in columns
            ]
    return Layout(heading_rows[-1] + 1, tuple(columns), heading_rows)


def _measure_vagueness(heading: str) -> int:
    """Of two columns for the same, the one that says so in so many words: 户主 before 姓名, 门牌 before 住址."""
    return next((place for place, word in enumerate(("户主", "门牌", "联防", "组")) if word in heading), 9)


def _join_two_rows(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """The headings of a two-row heading: what stands below, with what stands above it where that tells more."""
    headings, above = [], ""
    for index, below in enumerate(lower):
        own = upper[index] if index < len(upper) else ""
        above = own if own.strip() else above if below.strip() else ""
        headings.append(_join(above, below))
    return headings + list(upper[len(lower) :])


def _join(above: str, below: str) -> str:
    own = find_field(below)
    if not below.strip():
        return above
    if own in PHONES or (own is Field.HEAD and _OF_ANOTHER.search(above)):
        return above + below
    return below if own else above + below


def _find_kind_of_phone(heading: str) -> Field:
    if _FURTHER.fullmatch(heading):
        return Field.FURTHER
    if _SECOND.search(_REMARKS.sub("", heading)):
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
    (Field.HEAD, re.compile(r"(\d{1,3}[.、)])?[\u3400-\u9fff\U00020000-\U000323af·]{2,4}")),
)


def _guess_by_content(rows: Sequence[Sequence[str]]) -> Layout:
    """Columns told by what stands in most of their cells: for cells pasted without their heading."""
    width = max((len(row) for row in rows), default=0)
    begin = next((at for at, row in enumerate(rows[:DEEPEST_HEADING]) if _are_cells(row)), 0)
    below = rows[begin:] if len(rows) >= begin + 2 else rows
    filled = sum(any(cell.strip() for cell in row) for row in below)
    taken: set[Field] = set()
    columns = []
    for index in range(width):
        cells = [row[index].strip() for row in below if index < len(row) and row[index].strip()]
        field = _guess_field(cells, filled, taken)
        taken |= {field} & set(_ONCE)
        columns.append(Column(index, "", field))
    return start_below_words(Layout(0, tuple(columns)), rows)


def start_below_words(layout: Layout, rows: Sequence[Sequence[str]]) -> Layout:
    """The layout begun below a heading in words that nobody knows: it has words where numbers stand below."""
    if layout.heading_rows:
        return layout
    first = next(
        (at for at, row in enumerate(rows[:3]) if not any(_is_a_word(row, column.index) for column in layout.phones)), 0
    )
    words = rows[first - 1] if first else ()
    columns = (
        replace(column, heading=simplify_heading(words[column.index]) if column.index < len(words) else "")
        for column in layout.columns
    )
    return replace(layout, first_row=first, columns=tuple(columns)) if first else layout


def _is_a_word(row: Sequence[str], column: int) -> bool:
    cell = row[column].strip() if column < len(row) else ""
    return bool(re.fullmatch(r"[^\W\d_]+", cell)) and cell not in {"无", "没有", "暂无", "空", "同上"}


def _guess_field(cells: Sequence[str], rows: int, taken: set[Field]) -> Field:
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
