"""The carrier's list (运营商名单): number, name, address, plan, start and end, row by row, as a file has them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from groups.enrolment.rules.periods import LONGEST_PLAN
from groups.errors import InvalidDay, say
from groups.files.columns import Columns, FoundColumns, FoundLists, find_lists
from groups.files.recognising import SOMETHING_ELSE, Look, PlainVocabulary
from groups.files.sheet import Sheet
from groups.roster.imports.rules.doors import judge_column
from groups.roster.imports.rules.numbers import read_numbers
from groups.rules.days import EARLIEST, is_far_ahead, is_unlikely
from groups.rules.findings import Finding, show
from groups.rules.list_days import Order, end_in, find_order, is_open_to_two_days, start_in
from groups.rules.typed_text import judge_name, tidy

DEEPEST_HEADING = 15
NO_PLAN = "套餐未注明"
"""The plan of a list that says none, where none is known either."""
_MOST_PLANS = 6
UNLIKELY_START = "unlikely_start"
"""The reason of a finding: the row starts so long ago that somebody has to say that it is meant."""


class ListColumn(StrEnum):
    """What a column of the carrier's list holds."""

    NUMBER = "number"
    NAME = "name"
    ADDRESS = "address"
    PLAN = "plan"
    START = "start"
    END = "end"


COLUMN_WORDS: dict[str, str] = {
    **dict.fromkeys(("号码", "电话", "手机"), ListColumn.NUMBER),
    **dict.fromkeys(("姓名", "户主", "客户"), ListColumn.NAME),
    "地址": ListColumn.ADDRESS,
    "套餐": ListColumn.PLAN,
    **dict.fromkeys(("开通", "开通日期"), ListColumn.START),
    **dict.fromkeys(("结束", "结束日期"), ListColumn.END),
    **dict.fromkeys(("不用", "无"), SOMETHING_ELSE),
    **{column.value: column for column in ListColumn},
}
"""What somebody may call a column who says what it holds."""
# The first that fits: 终止日期 is no 日期 of a start, and 客户地址 is no name.
_WORDS = (
    (ListColumn.END, re.compile(r"退订|失效|到期|结束|终止|截止|注销|销户|拆机|^止|^end|^expir|^to$", re.IGNORECASE)),
    (
        ListColumn.START,
        re.compile(
            r"开通|生效|入网|开始|起始|办理|受理|竣工|激活|启用|(开户|装机|安装)[日时]|^起|^start|^from$|^since$",
            re.IGNORECASE,
        ),
    ),
    (ListColumn.PLAN, re.compile(r"套餐|资费|产品|销售品|业务类型|业务名称|^plan$|^product$", re.IGNORECASE)),
    (ListColumn.ADDRESS, re.compile(r"地址|住址|门牌|安装地|装机地|address", re.IGNORECASE)),
    (
        ListColumn.NUMBER,
        re.compile(r"号码|手机|电话|接入号|业务号|设备号|计费号|联系方式|number|phone|msisdn", re.IGNORECASE),
    ),
    (ListColumn.NAME, re.compile(r"姓名|户主|客户|用户|机主|户名|住户|name$|^customer$|^head$", re.IGNORECASE)),
)
_NO_COLUMN = re.compile(r"身份|证件|证号|编码|编号|经理|工号|序号|状态|备注")


@dataclass(frozen=True, slots=True)
class CarrierRow:
    """A row as its file has it: texts by column, and where it stands. `number` counts as the file's reader does."""

    sheet: str
    number: int
    texts: tuple[str, ...]
    """In the order of ListColumn."""
    left_out: str = ""
    """Why the row does not count, where its file says so: it is hidden, or struck through."""
    order: Order = Order.OPEN
    """What its list tells of days that have the year last."""
    has_plans: bool = True
    """Whether a column of its list says the plans."""

    def text(self, column: ListColumn) -> str:
        return self.texts[_ORDER[column]]

    @property
    def key(self) -> str:
        """By which a decision about it is kept."""
        return f"{self.sheet}!{self.number}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that has been read: its number in E.164 (empty: none), its days; what keeps it out; what to look at."""

    row: CarrierRow
    number: str
    name: str
    address: str
    plan: str
    starts_on: date
    ends_on: date | None
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


_ORDER = {column: place for place, column in enumerate(ListColumn)}


def find_layouts(sheets: Sequence[Sheet], said: Columns | None = None, hidden: Sequence[str] = ()) -> FoundLists:
    """How the sheets that are such lists are understood; where none is, how all that have any rows are.

    `said`: with the columns as somebody says they are; `hidden`: the names of sheets that nobody reads.
    """
    return find_lists(sheets, VOCABULARY, said or {}, hidden)


def read_rows(layouts: Sequence[FoundColumns]) -> list[CarrierRow]:
    """The rows of the sheets whose columns lack nothing."""
    return [row for layout in layouts if not layout.lacking for row in _read_rows(layout)]


def read(row: CarrierRow, region: str, area_code: str, today: date, plans: Sequence[str] = ()) -> Entry:
    """What the row says, judged for itself: its number, its days, its plan.

    `plans`: those that are known. Where no column says the plan, it is the one that is known, or NO_PLAN where none is.
    """
    errors = [Finding("left_out", say(row.left_out))] if row.left_out else []
    warnings: list[Finding] = []
    number = _read_number(row.text(ListColumn.NUMBER), region, area_code, warnings)
    name, address, plan = (tidy(row.text(column)) for column in (ListColumn.NAME, ListColumn.ADDRESS, ListColumn.PLAN))
    if not number and not name:
        errors.append(Finding("nobody", say("neither_number_nor_name")))
    if not row.has_plans:
        plan = _take_the_only_plan(plans, errors, warnings)
    elif wrong := judge_name(plan, say("plan_missing_or_too_long"), LONGEST_PLAN):
        errors.append(Finding("no_plan", wrong, show(plan)))
    starts_on, ends_on = _read_days(row, today, errors, warnings)
    if ends_on is not None and is_far_ahead(ends_on, today):
        warnings.append(Finding("ends_far_ahead", say("list_ends_far_ahead", ends_on=ends_on), str(ends_on)))
    if not errors and is_unlikely(starts_on, today):
        warnings.append(Finding(UNLIKELY_START, say("list_starts_long_ago", starts_on=starts_on), str(starts_on)))
    return Entry(row, number, name, address[:200], plan, starts_on, ends_on, tuple(errors), tuple(warnings))


def _take_the_only_plan(plans: Sequence[str], errors: list[Finding], warnings: list[Finding]) -> str:
    if len(plans) > 1:
        errors.append(
            Finding("no_plan", say("list_plan_is_open", column="套餐", plans=tuple(map(show, plans[:_MOST_PLANS]))))
        )
        return ""
    plan = plans[0] if plans else NO_PLAN
    warnings.append(Finding("plan_not_said", say("list_plan_taken", plan=plan), plan))
    return plan


def note_unpriced(entries: Sequence[Entry], priced: Collection[str]) -> list[Entry]:
    """The entries, with a warning where their plan is in no tariff: no bill could say what it costs.

    `priced`: the plans of all tariffs. Where there is none, nobody bills by them, and nothing is said.
    """
    return [
        replace(each, warnings=(*each.warnings, Finding("no_tariff", say("list_plan_without_tariff"), show(each.plan))))
        if priced and each.plan not in priced and not each.errors
        else each
        for each in entries
    ]


def _read_number(written: str, region: str, area_code: str, warnings: list[Finding]) -> str:
    """The first number of a cell, in E.164; what else stands there is told."""
    numbers, wrong = read_numbers(written, region, area_code)
    for flaw in wrong:
        message = say("number_flaw", text=show(flaw.text), flaw=flaw.reason)
        warnings.append(Finding("invalid_phone", message, show(flaw.text)))
    for further in numbers[1:]:
        message = say("further_number_left_out", text=show(further.e164))
        warnings.append(Finding("further_number", message, show(further.e164)))
    return numbers[0].e164 if numbers else ""


def _read_days(
    row: CarrierRow, today: date, errors: list[Finding], warnings: list[Finding]
) -> tuple[date, date | None]:
    starts_on, ends_on = EARLIEST, None
    try:
        starts_on = start_in(row.text(ListColumn.START), row.order)
        ends_on = end_in(row.text(ListColumn.END), row.order)
    except InvalidDay as error:
        errors.append(Finding("invalid_day", error.message))
        return starts_on, ends_on
    for text, day in ((row.text(ListColumn.START), starts_on), (row.text(ListColumn.END), ends_on)):
        if day is not None and is_open_to_two_days(text, row.order):
            warnings.append(
                Finding("day_or_month", say("list_day_read_month_first", text=show(text), day=day), show(text))
            )
    if starts_on > today:
        errors.append(Finding("starts_in_future", say("would_start_after_today", starts_on=starts_on), str(starts_on)))
    if ends_on is not None and ends_on < starts_on:
        errors.append(
            Finding(
                "ends_before_start",
                say("would_end_before_it_starts", ends_on=ends_on, starts_on=starts_on),
                str(ends_on),
            )
        )
    return starts_on, ends_on


def _recognise_heading(bare: str) -> str | None:
    """What a plain heading holds."""
    if _NO_COLUMN.search(bare):
        return SOMETHING_ELSE
    return next((column for column, words in _WORDS if words.search(bare)), None)


def _is_a_day(text: str) -> bool:
    """Whether a cell is a day that no number could be."""
    if not re.search(r"\d", text) or _is_number(text) or re.fullmatch(r"\d{5}", text.strip()):
        return False
    try:
        start_in(text)
    except InvalidDay:
        return False
    return True


def _is_an_end(text: str) -> bool:
    try:
        end_in(text)
    except InvalidDay:
        return False
    return True


def _make_look(pattern: str) -> Callable[[str], bool]:
    fits = re.compile(pattern)
    return lambda text: bool(fits.fullmatch(text.strip()[:80]))


def _is_number(text: str) -> bool:
    if _LIKE_A_DAY.fullmatch(text.strip()[:40]):
        return False
    return bool(_NUMBER.fullmatch(re.sub(r"[\s()（）-]", "", _simplify(text))))


_LIKE_A_DAY = re.compile(r"(19|20)\d{2}([-/.年]\d{1,2}[-/.月]\d{1,2}.*|(0[1-9]|1[0-2])([0-2]\d|3[01])(\d{4,6})?)")
_NUMBER = re.compile(r"(\+?86)?(1[3-9]\d{9}|0?[2-9]\d{9,10}|[2-9]\d{6,7})")
VOCABULARY = PlainVocabulary(
    _recognise_heading,
    {
        "号码": (ListColumn.NUMBER, ListColumn.NAME),
        "开通日期": (ListColumn.START,),
    },
    looks=(Look(ListColumn.NUMBER, _is_number, 0.6), Look(ListColumn.START, _is_a_day, 0.8)),
    bare_looks=(
        Look(ListColumn.NUMBER, _is_number, 0.6),
        Look(ListColumn.START, _is_a_day, 0.8),
        Look(ListColumn.END, _is_an_end, 0.8),
        Look(ListColumn.PLAN, _make_look(r"(?=.*[^\d\s]).{0,30}(套餐|#9|＃9|联防|专用|按键|元|畅享|宽带).{0,30}"), 0.8),
        Look(ListColumn.ADDRESS, _make_look(r".{0,30}([省市县区镇乡村路街弄巷]|\d[-—]\d|\d号).{0,40}"), 0.6),
        Look(ListColumn.NAME, _make_look(r"[\u3400-\u9fff\U00020000-\U000323af·*]{2,5}"), 0.8),
    ),
    words_only=(ListColumn.NAME,),
    numeric=(ListColumn.NUMBER, ListColumn.START),
    who=(ListColumn.NUMBER, ListColumn.NAME),
    deepest=DEEPEST_HEADING,
)
"""What stands over the columns of a carrier's list, and in them."""


def find_column(text: str) -> ListColumn | None:
    """What a column with these words over it holds."""
    found = VOCABULARY.find(text)
    return ListColumn(found) if found else None


def _read_rows(layout: FoundColumns) -> Iterator[CarrierRow]:
    places = [layout.places.get(column, -1) for column in ListColumn]
    doors = _list_doors(layout)
    days = {places[_ORDER[column]] for column in (ListColumn.START, ListColumn.END)}
    has_plans = ListColumn.PLAN in layout.places
    order = find_order(row.texts[at] for row in layout.rows for at in days if 0 <= at < len(row.texts))
    for row in layout.rows:
        texts = tuple(
            doors.get((row.number - 1, at)) or _simplify(row.texts[at]) if 0 <= at < len(row.texts) else ""
            for at in places
        )
        # Sums and notes below the list have no day; an empty row has nothing.
        if any(texts[_ORDER[column]] for column in (ListColumn.NUMBER, ListColumn.START, ListColumn.PLAN)):
            yield CarrierRow(layout.sheet.label, row.number, texts, row.left_out, order, has_plans)


def _list_doors(layout: FoundColumns) -> dict[tuple[int, int], str]:
    """By cell, the doors of the address column that a spreadsheet took for days, as they were typed."""
    at, sheet = layout.places.get(ListColumn.ADDRESS, -1), layout.sheet
    cells = {row: day for (row, column), day in sheet.dates.items() if column == at}
    judged = judge_column((sheet.text(row.number - 1, at), cells.get(row.number - 1)) for row in layout.rows)
    return {(row, at): judged.door(sheet.text(row, at), day).text for row, day in cells.items()}


def _simplify(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:200]).strip().removeprefix("'")
