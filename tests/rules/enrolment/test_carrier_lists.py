"""What a carrier's list says, whom it means, and what it would change: the rules alone."""

from __future__ import annotations

from datetime import date

import pytest

from groups.enrolment.carrier_lists.rules.judgement import SKIP, Subscribed, Verdict, judge
from groups.enrolment.carrier_lists.rules.matching import Candidate, Index, names_agree
from groups.enrolment.carrier_lists.rules.rows import (
    NO_PLAN,
    UNLIKELY_START,
    CarrierRow,
    Entry,
    ListColumn,
    find_column,
    find_layouts,
    note_unpriced,
    read,
    read_rows,
)
from groups.enrolment.rules.bill import read_fen, read_month, write_yuan
from groups.files.sheet import Sheet

TODAY = date(2026, 11, 23)
PLAN = "平安联防#9按键"
VILLAGES = {1: "墙下陶村", 2: "四甲村"}


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("接入号", ListColumn.NUMBER),
        ("手机号码", ListColumn.NUMBER),
        ("客户名称", ListColumn.NAME),
        ("客户地址", ListColumn.ADDRESS),
        ("装机地址", ListColumn.ADDRESS),
        ("主套餐名称", ListColumn.PLAN),
        ("入网时间", ListColumn.START),
        ("开通日期", ListColumn.START),
        ("结束日期", ListColumn.END),
        ("销户时间", ListColumn.END),
        ("证件号码", None),
        ("客户编码", None),
        ("客户经理", None),
    ],
)
def test_a_column_is_known_by_what_carriers_write_over_it(heading: str, column: ListColumn | None) -> None:
    assert find_column(heading) is column


def test_titles_sums_and_empty_rows_are_no_rows_of_a_list() -> None:
    sheet = Sheet(
        "一",
        (
            ("业务清单", "", "", ""),
            ("号码", "姓名", "套餐", "开通日期"),
            ("13900001000", "王建国", PLAN, "2026-03-01"),
            ("", "", "", ""),
            ("", "合计 1 户", "", ""),
        ),
    )
    sheets = [sheet, Sheet("二", (("备注",),))]
    layouts = find_layouts(sheets).layouts
    rows = read_rows(layouts)
    assert [(row.sheet, row.number, row.text(ListColumn.NAME)) for row in rows] == [("一", 3, "王建国")]
    assert [layout.sheet.name for layout in layouts] == ["一"]
    assert [(seen["heading"], seen["field"]) for seen in layouts[0].shown()["columns"]][2:] == [
        ("套餐", ListColumn.PLAN),
        ("开通日期", ListColumn.START),
    ]
    incomplete = Sheet("", (("号码", "姓名"),))
    (layout,) = find_layouts([incomplete]).layouts
    assert layout.lacking == ["开通日期"]
    assert read_rows([layout]) == []


def entry(number: str = "", name: str = "", address: str = "", start: str = "2026-03-01", **more: str) -> Entry:
    texts = (number, name, address, more.get("plan", PLAN), start, more.get("end", ""))
    return read(CarrierRow("", int(more.get("row", "2")), texts), "CN", "574", TODAY)


def house(number: int, head: str, door: str, phone: str = "", village: int = 1, holder: str = "") -> Candidate:
    numbers = frozenset({phone} if phone else ())
    return Candidate(
        number, village, VILLAGES[village], "3组", door, head, numbers, frozenset({holder} if holder else ())
    )


WANG = house(1, "王建国", "3-1", "+8613900001000", holder="王小明")
LI = house(2, "李月芳", "3-2", "+8613900001001")
WANG_ELSEWHERE = house(3, "王建国", "3-1", village=2)
NAMESAKE = house(4, "李月芳", "12号")


@pytest.fixture
def index() -> Index:
    made = Index(VILLAGES)
    for each in (WANG, LI, WANG_ELSEWHERE, NAMESAKE):
        made.add(each)
    return made


@pytest.mark.parametrize(
    ("row", "household", "candidates"),
    [
        (entry("13900001000", "王建国"), WANG, ()),
        (entry("13900001000", "王*国"), WANG, ()),
        (entry("13900001000", "王小明"), WANG, ()),
        (entry("13900001000", "谁", "墙下陶村3组3-1"), WANG, ()),
        (entry("13900001000", "谁"), None, (WANG,)),
        (entry("13900001000", "谁", "墙下陶村9-9"), None, (WANG,)),
        (entry("13900001000", "李月芳", "墙下陶村3-2"), None, (WANG, LI, NAMESAKE)),
        (entry("", "王建国", "四甲村3组3—1号"), WANG_ELSEWHERE, ()),
        (entry("", "王建国", "3-1"), None, (WANG, WANG_ELSEWHERE)),
        (entry("", "李月芳", "墙下陶村12号"), NAMESAKE, ()),
        (entry("", "李月芳", "墙下陶村"), None, (LI, NAMESAKE)),
        (entry("", "陈某", "墙下陶村3组3-2号"), None, (LI,)),
        (entry("13811112222", "陈某", "外村1号"), None, ()),
    ],
)
def test_a_row_means_a_household_by_number_then_by_door_and_name(
    index: Index, row: Entry, household: Candidate | None, candidates: tuple[Candidate, ...]
) -> None:
    found = index.match(row)
    assert (found.household, found.candidates) == (household, candidates)


def test_a_number_that_two_households_have_says_nothing_by_itself(index: Index) -> None:
    other = house(9, "赵六", "3-9", "+8613900001001")
    index.add(other)
    found = index.match(entry("13900001001"))
    assert (found.household, found.candidates) == (None, (LI, other))
    assert not index.is_settled(entry("13900001001", "李月芳"))
    # Behind one door are two households: the number is the one's, the name the other's.
    beside = house(10, "钱七", "3-1")
    index.add(beside)
    found = index.match(entry("13900001000", "钱七", "墙下陶村3组3-1"))
    assert (found.household, found.candidates) == (None, (WANG, beside))


@pytest.mark.parametrize(("listed", "agrees"), [("王*国", True), ("王**", True), ("*建国", True), ("王*", False)])
def test_asterisks_stand_for_what_a_carrier_does_not_tell(listed: str, agrees: bool) -> None:
    assert names_agree(listed, "王建国") is agrees


def _verdicts(index: Index, subscribed: list[Subscribed], *rows: Entry, **decisions: int) -> list[Verdict]:
    matches = [index.match(row) for row in rows]
    judged = judge(rows, matches, {WANG.id: subscribed}, decisions, index.households)
    return [row.verdict for row in judged.rows]


def test_a_household_counts_once_whatever_the_list_says(index: Index) -> None:
    mine = Subscribed(7, date(2026, 3, 1), None, PLAN, "+8613900001000")
    same = entry("13900001000", "王建国")
    assert _verdicts(index, [mine], same, same) == [Verdict.SAME, Verdict.SAME]
    other = entry("13900002000", "王建国", "墙下陶村3组3-1", start="2026-05-01")
    assert _verdicts(index, [], same, other) == [Verdict.NEW, Verdict.SAME], "with the number that began first"
    assert _verdicts(index, [mine], entry("13900001000", start="2026-05-01", plan="专用手机")) == [Verdict.CHANGED]
    assert _verdicts(index, [mine], entry("13900001000", end="2026-09-01")) == [Verdict.ENDED]
    past = entry("13900001000", start="2025-01-01", end="2025-06-01")
    assert _verdicts(index, [mine], past) == [Verdict.NEW]


def test_a_list_that_says_twice_since_when_is_asked_which_row_is_right(index: Index) -> None:
    first, second = (entry("13900001000", start=f"2026-0{row}-01", row=str(row)) for row in (3, 5))
    assert _verdicts(index, [], first, second) == [Verdict.DOUBTFUL, Verdict.DOUBTFUL]
    decided = {"!5": WANG.id, "!3": SKIP}
    assert _verdicts(index, [], first, second, **decided) == [Verdict.SKIPPED, Verdict.NEW]
    mine = Subscribed(7, date(2026, 3, 1), None, PLAN, "+8613900001000")
    assert _verdicts(index, [mine], first, second) == [Verdict.SAME, Verdict.SAME], "what is on record holds"


def test_what_a_person_has_decided_holds(index: Index) -> None:
    doubtful = entry("", "李月芳", "墙下陶村", row="9")
    assert _verdicts(index, [], doubtful) == [Verdict.DOUBTFUL]
    assert _verdicts(index, [], doubtful, **{"!9": NAMESAKE.id}) == [Verdict.NEW]
    assert _verdicts(index, [], doubtful, **{"!9": SKIP}) == [Verdict.SKIPPED]


def test_a_plan_without_a_tariff_and_an_end_years_ahead_are_warned_of() -> None:
    row = entry("13900001000", "王建国", plan="亲情网", end="2099-12-30")
    assert [finding.reason for finding in row.warnings] == ["ends_far_ahead"]
    other = entry("13900001001", end="2029-12-31")
    assert not other.warnings
    told = [
        each.warnings[len(was.warnings) :]
        for was, each in zip((row, other), note_unpriced((row, other), {PLAN}), strict=True)
    ]
    assert [[finding.reason for finding in each] for each in told] == [["no_tariff"], []]
    assert note_unpriced([row], ()) == [row], "where nobody has set a price, nobody bills by them"


def test_a_start_of_1990_is_asked_about_until_somebody_says_that_it_is_meant(index: Index) -> None:
    old = entry("13900001000", "王建国", start="1990-01-01", row="9")
    assert _verdicts(index, [], old) == [Verdict.DOUBTFUL]
    assert [finding.reason for finding in old.warnings] == [UNLIKELY_START]
    assert _verdicts(index, [], old, **{"!9": WANG.id}) == [Verdict.NEW]
    # What is on record already needs nobody's word.
    on_record = Subscribed(7, date(1990, 1, 1), None, PLAN, "+8613900001000")
    assert _verdicts(index, [on_record], old) == [Verdict.SAME]
    # Ten years before this year's first day are the last that pass without a word.
    assert not entry("13900001000", "王建国", start="2016-01-01").warnings
    assert entry("13900001000", "王建国", start="2015-12-31").warnings


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("3", 300),
        ("3.5", 350),
        ("￥1,003.05", 100305),
        ("３．５０元", 350),
        ("0", 0),
        ("3.505", None),
        ("-1", None),
        ("", None),
        ("三", None),
    ],
)
def test_money_is_whole_fen(text: str, fen: int | None) -> None:
    assert read_fen(text) == fen


def test_money_and_months_are_written_and_read_back() -> None:
    assert [write_yuan(fen) for fen in (0, 5, 1234567, -250)] == ["0.00", "0.05", "12,345.67", "-2.50"]
    assert read_month("2026年11月", TODAY) == read_month("2026-11", TODAY) == date(2026, 11, 1)


@pytest.mark.parametrize(("known", "plan"), [((), NO_PLAN), (("平安",), "平安"), (("平安", "专用手机"), None)])
def test_a_list_without_plans_takes_the_only_one_there_is_and_says_so(known: tuple[str, ...], plan: str | None) -> None:
    sheet = Sheet("", (("用户号码", "姓名", "激活日期"), ("19900000001", "王建国", "2026-03-01")))
    (row,) = read_rows(find_layouts([sheet]).layouts)
    entry = read(row, "CN", "574", date(2026, 11, 24), known)
    assert [finding.reason for finding in (*entry.errors, *entry.warnings)] == [
        "no_plan" if plan is None else "plan_not_said"
    ]
    assert entry.plan == (plan or "")


def test_a_list_without_a_heading_is_told_by_its_cells() -> None:
    sheet = Sheet(
        "",
        (
            ("19900000001", "王建国", "平安联防#9按键", "2026-03-01"),
            ("19900000002", "李明", "平安联防#9按键", "2026-3-2"),
        ),
    )
    rows = read_rows(find_layouts([sheet]).layouts)
    columns = (ListColumn.NUMBER, ListColumn.NAME, ListColumn.PLAN, ListColumn.START)
    assert [[row.text(column) for column in columns] for row in rows] == [list(row) for row in sheet.rows]


def test_of_two_headings_for_the_same_the_one_over_cells_that_look_so_is_taken() -> None:
    heading = ("SERIAL_NUMBER", "CUST_NAME", "号码", "姓名", "开通时间")
    sheet = Sheet(
        "", (heading, ("1", "A", "19900000001", "王建国", "2026-03-01"), ("2", "B", "19900000002", "李明", ""))
    )
    rows = read_rows(find_layouts([sheet]).layouts)
    assert [(row.text(ListColumn.NUMBER), row.text(ListColumn.NAME)) for row in rows] == [
        ("19900000001", "王建国"),
        ("19900000002", "李明"),
    ]
