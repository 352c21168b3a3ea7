"""What a column of somebody's list holds: by the words over it, in the many forms heads write them.

A heading may stand on any of the first rows, alone or in two rows (联系电话 over 手机 and 固话). Where a list has none,
the columns are told by what stands in them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from groups.errors.masking import IDENTITY
from groups.files import recognising
from groups.files.recognising import Look, make_words
from groups.files.sheet import strip_heading

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


Column = recognising.Column[Field]


def read_index(column: Column | None) -> int | None:
    """The place of a column in its sheet, counted from 0."""
    return None if column is None else column.index


@dataclass(frozen=True)
class Layout(recognising.Layout[Field]):
    """What the columns of a sheet of households are taken for."""

    has_numbers_at_names: bool = False

    @property
    def phones(self) -> tuple[Column, ...]:
        """The columns of phones, in the order in which a household's are rung."""
        return tuple(sorted((c for c in self.columns if c.field in PHONES), key=_turn))

    @property
    def lacking(self) -> tuple[str, ...]:
        """The columns without which no roster comes of it."""
        lacks = [] if self.one(Field.HEAD) else ["户主"]
        return tuple(lacks if self.phones or self.has_numbers_at_names else [*lacks, "手机"])


_NOT_A_PHONE = re.compile(
    r"短号|小号|集团号|虚拟号|身份|证件|证号|公民|社保|社会保|医保|户[口籍][号编]|电表|水表|表号|车牌|编号|门牌|户号|序号|邮编|邮政|微信|组号|队号|卡号|账号|银行|日期|备注|qq|宽带|传真|工号|type$|label|类型|标签|归属"
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
    r"户主|姓名|名字|住户|户名|业主|房主|房东|屋主|户代表|家长|农户|联系人|名单|主人|当家人?|联防员|^成员$|^居民$|^村民$|^人员$|^head$|name$|^householder$"
)
_DOOR = re.compile(
    r"门牌|门号|住址|地址|住处|房号|室号|幢号|楼号|栋号|房屋编号|房间号|门户号|门洞号|居住地|^家庭住|^门$|^door|^house(no|number)?\.?$|^address$"
)
_LANDMARK = re.compile(r"方位|位置|地标|标志物|^landmark$")
_RELATION = re.compile(r"关系$|^(与|和|同)?户主(之)?(的)?关系|^关系|^称谓$|^relation", re.IGNORECASE)
_SOMETHING_ELSE = re.compile(
    r"[\d一二三四五六七八九十](号|十户|联防|互助|平安|小)*组|"
    r"身份|证件|证号|性别|年龄|人数|户数|人口|单位|工作|短号|小号|微信|备注|签名|签字|日期|情况|车牌|民族|职务|文化|政治|账号|银行"
    r"|与.{0,4}关系|编号|序号"
)
_OF_OLD = re.compile(r"(户主)?(原|旧|老|曾用|以前|停用|作废|已停)")
_COUNTS_GROUPS = re.compile(
    r"(本组|总|合计|联防|住户|家庭|应有|实有|在册|已)?(户数|总人数|人口数|总人口|联防员数)(\(户\))?"
)
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
        r"短号|身份|证件|证号|公民|社保|社会保|医保|车牌|序号|编号|账号|帐号|卡号|电表|水表|qq|工号|邮编", heading
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


_SHOWS_HOW = re.compile(r"如|例")
_HEAD_ALONE = 110
_IS_GROUP = re.compile(r"第?[\d一二三四五六七八九十]{1,4}(号|联防|十户|互助|平安|村民)*小?[组组队]")
_IS_DOOR = re.compile(
    r"\d{1,4}([-—–]\d{1,4}){1,3}(号|室)?|\d{1,4}号(楼|院)?(\d{1,4}(室|号)?)?|\d{1,3}(栋|幢|弄)\S{1,10}"
)
_IS_PLACE = re.compile(
    r"(?!.*\d{5})(?!第?\S{1,4}组$)\D.{0,20}?(东|西|南|北|前|后|旁|边|侧|面|隔壁|口|头|尾|角|附近|第\S{1,2}[家户排]|桥|庙|祠|店|超市|学校|巷|河"
    r"|井|树|塘|坡|岭|湾|村委)\S{0,12}"
)
"""Where a house lies: 桥西第一家, 村口大樟树旁."""
_IS_SHORT = re.compile(r"\d{3,6}")
_IS_NAME = re.compile(r"[★☆▲●*]?[\u3400-\u9fff\U00020000-\U000323af·]{2,4}(\(.{1,4}\))?")
_HOLDS_PHONE = re.compile(
    r".*(?<!\d)((?:\+?86|0086)?1[3-9]\d{9}|0\d{2,3}-?[2-9]\d{6,7}|[2-9]\d{7}|1\.[3-9]\d*[eE]\+?(?:10|21))(?!\d).*",
    re.DOTALL,
)


def _make_test(look: re.Pattern[str], blanks: str = r"[\s-]") -> Callable[[str], bool]:
    return lambda cell: bool(look.fullmatch(re.sub(blanks, "", unicodedata.normalize("NFKC", cell[:60]))))


def _measure_share(cells: Sequence[str], look: re.Pattern[str]) -> float:
    return sum(map(_make_test(look), cells)) / len(cells) if cells else 0.0


def _are_many(cells: Sequence[str], filled: int) -> bool:
    """Whether a column names different people, not one of them again and again: a leader."""
    return len(set(cells)) * 2 > len(cells)


def _are_half(cells: Sequence[str], filled: int) -> bool:
    return len(cells) * 2 >= filled


def _find_kind_of_phone(heading: str) -> Field:
    if _FURTHER.fullmatch(heading):
        return Field.FURTHER
    if _SECOND.search(_REMARKS.sub("", heading)):
        return Field.SECOND
    return Field.LANDLINE if _LANDLINE.search(heading) and not _HAND_HELD.search(heading) else Field.MOBILE


def _turn(column: Column) -> tuple[int, int, int]:
    further = _FURTHER.fullmatch(column.heading)
    return (PHONES.index(column.field), int(further[1] or 1) if further else 0, column.index)


def _are_places(cells: Sequence[str], filled: int) -> bool:
    """Whether a column says where houses lie: no short words, which are somebody's names."""
    return sum(len(cell.strip()) > 2 for cell in cells) * 2 > len(cells) and _measure_share(cells, _IS_NAME) < 0.8


def _look(field: Field, pattern: str, suits: Callable[[Sequence[str], int], bool] | None = None) -> Look[Field]:
    fits = _make_test(re.compile(pattern), r"\s")
    return Look(field, fits, 0.8, suits) if suits else Look(field, fits, 0.8)


_LOOKS = (
    Look(Field.GROUP, _make_test(_IS_GROUP), 0.8),
    Look(Field.DOOR, _make_test(_IS_DOOR, r"\s"), 0.8),
    Look(Field.HEAD, _make_test(_IS_NAME), 0.8, _are_many),
    Look(Field.LANDMARK, _make_test(_IS_PLACE), 0.6, _are_places),
)
_BARE_LOOKS = (
    _look(Field.MOBILE, r"[+(]?\d[\d\-(),;/、]{5,40}"),
    _look(Field.GROUP, r"第?[\d一二三四五六七八九十百]{1,4}(联防|互助)?小?组"),
    _look(Field.DOOR, r"[\d一-龥]{0,10}\d+[-#号幢室弄\d]*"),
    _look(Field.HEAD, r"(\d{1,3}[.、)])?[\u3400-\u9fff\U00020000-\U000323af·]{2,4}", _are_half),
    Look(Field.LANDMARK, _make_test(_IS_PLACE), 0.6, _are_places),
)


class RosterVocabulary(recognising.Vocabulary[Field, Layout]):
    """The words of rosters: several columns may hold phones, and a heading without the household's name is none."""

    nothing = Field.NOTHING
    deepest = DEEPEST_HEADING
    numeric = PHONES
    looks = _LOOKS
    bare_looks = _BARE_LOOKS

    def find(self, text: str) -> Field | None:
        return find_field(text)

    def make(self, first_row: int, columns: tuple[Column, ...], heading_rows: tuple[int, ...] = ()) -> Layout:
        return Layout(first_row, columns, heading_rows)

    def lacking(self, layout: Layout) -> Sequence[str]:
        return layout.lacking

    def is_once(self, field: Field) -> bool:
        return field not in PHONES

    def weigh(self, layout: Layout) -> int:
        told = {column.field for column in layout.columns} - {Field.NOTHING}
        return 100 * len(told & {Field.HEAD}) + 10 * len(told) + sum(c.field in PHONES for c in layout.columns)

    def is_enough(self, layout: Layout) -> bool:
        says_more = self.weigh(layout) > _HEAD_ALONE or layout.has_numbers_at_names
        return layout.one(Field.HEAD) is not None and says_more

    def is_better(self, by_content: Layout, by_heading: Layout) -> bool:
        # Under 户数 and 联防长 groups are counted: what looks like a name there is no household's.
        counts = any(_COUNTS_GROUPS.fullmatch(column.heading) for column in by_heading.columns)
        if counts and by_heading.one(Field.HEAD) is None:
            return False
        return len(by_content.lacking) < len(by_heading.lacking) or self.weigh(by_heading) <= _HEAD_ALONE

    def is_row(self, cells: Sequence[str]) -> bool:
        return any(_HOLDS_PHONE.fullmatch(cell[:60]) for cell in cells)

    def may_head(self, cells: Sequence[str]) -> bool:
        return not self.is_row(cells) or any(_SHOWS_HOW.search(cell) for cell in cells)

    def join(self, above: str, below: str) -> str:
        own = find_field(below)
        if not below.strip():
            return above
        if own in PHONES or (own is Field.HEAD and _OF_ANOTHER.search(above)):
            return above + below
        return below if own else above + below

    def rank(self, column: Column) -> int:
        words = ("户主", "门牌", "联防", "组")
        return next((place for place, word in enumerate(words) if word in column.heading), 9)

    def may_be(self, field: Field, heading: str) -> bool:
        if field is Field.LANDMARK:
            return not heading
        if field is Field.HEAD and _OF_THE_LEADER.search(heading):
            return False
        if field is not Field.HEAD:
            return not re.search(r"短号|小号|身份|证件|日期|电话|面积|时间", heading)
        return not _SOMETHING_ELSE.search(heading) and not _OF_ANOTHER.search(heading)

    def correct(self, layout: Layout, cells: Mapping[int, Sequence[str]]) -> dict[int, Field]:
        """Short numbers and old ones are none beside others; columns of phones under nothing at all are."""
        fields: dict[int, Field] = {}
        shorts = {c.index for c in layout.phones if _measure_share(cells[c.index], _IS_SHORT) > 0.8}
        for column in layout.phones:
            if column.index in shorts and any(c.index not in shorts for c in layout.phones if c is not column):
                fields[column.index] = Field.NOTHING
        papers = [c.index for c in layout.phones if _measure_share(cells[c.index], IDENTITY) > 0.5]
        fields |= dict.fromkeys(papers, Field.NOTHING)
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
        return fields

    def finish(self, layout: Layout, cells: Mapping[int, Sequence[str]]) -> Layout:
        head = layout.one(Field.HEAD)
        both = head is not None and _measure_share(cells[head.index], _HOLDS_PHONE) >= (
            0.3 if names_phones(head.heading) else 0.6
        )
        return replace(layout, has_numbers_at_names=both)


VOCABULARY = RosterVocabulary()


def guess_layout(rows: Sequence[Sequence[str]], hidden: frozenset[int] = frozenset()) -> Layout:
    """Where the heading of a sheet is and what its columns hold; `rows` has merged headings filled in.

    A column of `hidden` is taken only where no other says the same.
    """
    return recognising.recognise(rows, VOCABULARY, hidden)


def start_below_words(layout: Layout, rows: Sequence[Sequence[str]]) -> Layout:
    """The layout begun below a heading in words that nobody knows: it has words where numbers stand below."""
    return recognising.start_below_words(layout, rows, VOCABULARY)
