"""The verdict on every row of a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from groups.errors.words import write_chinese
from groups.roster.imports.rules.judgement import Judgement, Owner, Verdict, judge
from groups.roster.imports.rules.rows import ListRow, PhoneCell, examine
from groups.roster.rules.household import RosterHousehold

MOBILES = [f"199922223{number:02}" for number in range(60)]


def e164(mobile: str) -> str:
    return f"+86{mobile}"


def row(number: int, head: str, door: str, *phones: str, group: str = "1组", landmark: str | None = None) -> ListRow:
    columns = ("手机", "固定电话", "备用手机")
    return ListRow(
        number, group, door, head, tuple(PhoneCell(*cell) for cell in zip(columns, phones, strict=False)), landmark
    )


def household(ident: int, head: str, door: str, *phones: str, group: str = "1组") -> RosterHousehold:
    return RosterHousehold(ident, group, door, head, "", ident, tuple(e164(phone) for phone in phones))


def judged(
    rows: list[ListRow], roster: list[RosterHousehold], elsewhere: Mapping[str, Owner] | None = None
) -> Judgement:
    return judge([examine(one, "CN", "574") for one in rows], roster, elsewhere or {}, "CN")


def outcome(judgement: Judgement) -> list[tuple[str, str]]:
    return [(row.verdict.value, row.reason) for row in judgement.verdicts]


def changes(judgement: Judgement) -> list[tuple[int | None, tuple[str, ...]]]:
    return [(entry.household.id if entry.household else None, entry.changed) for entry in judgement.entries]


ROSTER = [household(1, "王建国", "1-1", MOBILES[1]), household(2, "李月芳", "1-2", MOBILES[2], MOBILES[22])]


def test_an_empty_roster_takes_every_row_as_new() -> None:
    judgement = judged([row(2, "王建国", "1-1", MOBILES[1])], [])
    assert (outcome(judgement), judgement.changes_anything) == ([("new", "")], True)


def test_the_same_list_again_changes_nothing() -> None:
    rows = [row(2, "王建国", "1-1", MOBILES[1]), row(3, "李月芳", "1-2", MOBILES[2], MOBILES[22])]
    judgement = judged(rows, ROSTER)
    assert outcome(judgement) == [("same", ""), ("same", "")]
    assert (judgement.missing, judgement.changes_anything) == ((), False)


@pytest.mark.parametrize(
    ("mended", "changed"),
    [
        (row(2, "王建国", "1-1", MOBILES[5]), ("phones",)),
        (row(2, "王建国", "1-1", MOBILES[1], MOBILES[5]), ("phones",)),
        (row(2, "王建国", "1-1"), ("phones",)),
        (row(2, "王小明", "1-1", MOBILES[1]), ("head",)),
        (row(2, "王小明", "1-1", MOBILES[5]), ("head", "phones")),
        (row(2, "王建国", "1-9", MOBILES[1]), ("door",)),
        (row(2, "王建国", "", MOBILES[1]), ("door",)),
        (row(2, "王建国", ""), ("door", "phones")),
        (row(2, "王建国", "1-1", MOBILES[1], group="2组"), ("group",)),
        (row(2, "王建国", "1-1", group="2组"), ("group", "phones")),
        (row(2, "王建国", "2-1", MOBILES[1], group="2组"), ("group", "door")),
        (row(2, "王小明", "1-1", MOBILES[1], group="2组"), ("group", "head")),
        (row(2, "王建国", "1-1", MOBILES[1], landmark="桥东第1家"), ("landmark",)),
    ],
)
def test_a_household_is_known_again_by_what_did_not_change(mended: ListRow, changed: tuple[str, ...]) -> None:
    assert changes(judged([mended], ROSTER)) == [(1, changed)]


def test_a_list_that_is_silent_on_landmarks_leaves_them_alone() -> None:
    with_landmark = RosterHousehold(1, "1组", "1-1", "王建国", "桥东第1家", 1, (e164(MOBILES[1]),))
    assert outcome(judged([row(2, "王建国", "1-1", MOBILES[1])], [with_landmark])) == [("same", "")]


def test_renumbered_doors_follow_the_people_not_the_numbers() -> None:
    rows = [row(2, "李月芳", "1-1", MOBILES[2], MOBILES[22]), row(3, "王建国", "1-2", MOBILES[1])]
    assert changes(judged(rows, ROSTER)) == [(2, ("door", "order")), (1, ("door", "order"))]


def test_a_number_alone_does_not_turn_one_household_into_another() -> None:
    judgement = judged([row(2, "陈德明", "1-7", MOBILES[1])], ROSTER)
    assert outcome(judgement) == [("warning", "duplicate_phone")]
    assert changes(judgement) == [(None, ())]
    assert "1组 1-1 王建国" in write_chinese(judgement.verdicts[0].findings[0].message)
    assert "199 9222 2301" in write_chinese(judgement.verdicts[0].findings[0].message)


def test_a_number_without_doors_means_the_household_only_within_its_group() -> None:
    roster = [household(1, "王建国", "", MOBILES[1])]
    assert changes(judged([row(2, "王健国", "", MOBILES[1])], roster)) == [(1, ("head",))], "a name that was mended"
    judgement = judged([row(2, "陈德明", "", MOBILES[1], group="2组")], roster)
    assert (changes(judgement), outcome(judgement)) == ([(None, ())], [("warning", "duplicate_phone")])


def test_a_household_that_the_list_lacks_stays_and_is_named() -> None:
    judgement = judged([row(2, "王建国", "1-1", MOBILES[1])], ROSTER)
    assert (judgement.missing, judgement.archived, judgement.changes_anything) == ((ROSTER[1],), (), False)
    whole = replace(judgement, complete=True)
    assert (whole.archived, whole.changes_anything) == ((ROSTER[1],), True)


def test_a_number_may_move_from_one_row_to_another() -> None:
    rows = [row(2, "王建国", "1-1", MOBILES[22]), row(3, "李月芳", "1-2", MOBILES[2])]
    judgement = judged(rows, ROSTER)
    assert outcome(judgement) == [("changed", ""), ("changed", "")]
    assert [[phone.e164 for phone in entry.phones] for entry in judgement.entries] == [
        [e164(MOBILES[22])],
        [e164(MOBILES[2])],
    ]


def test_a_number_in_two_rows_stays_with_the_household_that_has_it() -> None:
    rows = [row(2, "王建国", "1-1", MOBILES[1], MOBILES[22]), row(3, "李月芳", "1-2", MOBILES[2], MOBILES[22])]
    assert outcome(judged(rows, ROSTER)) == [("warning", "duplicate_phone"), ("same", "")]


def test_a_new_number_in_two_rows_goes_to_the_first() -> None:
    rows = [row(2, "王建国", "1-1", MOBILES[9]), row(3, "陈德明", "1-3", MOBILES[9], MOBILES[8])]
    judgement = judged(rows, [])
    assert outcome(judgement) == [("new", ""), ("warning", "duplicate_phone")]
    assert [len(entry.phones) for entry in judgement.entries] == [1, 1]
    assert "1组 1-1 王建国" in write_chinese(judgement.verdicts[1].findings[0].message)


def test_a_number_of_another_village_is_left_out_and_its_household_named() -> None:
    judgement = judged([row(2, "陈德明", "1-7", MOBILES[7])], [], {e164(MOBILES[7]): Owner("四甲村", "周玉永")})
    assert outcome(judgement) == [("warning", "duplicate_phone")]
    assert "四甲村 周玉永" in write_chinese(judgement.verdicts[0].findings[0].message)


def test_the_same_number_twice_in_a_row_is_one_phone() -> None:
    judgement = judged([row(2, "陈德明", "1-7", MOBILES[7], "", f"+86 {MOBILES[7]}")], [])
    assert outcome(judgement) == [("new", "")]
    assert len(judgement.entries[0].phones) == 1


def test_a_bad_number_is_left_out_with_its_column_and_reason() -> None:
    judgement = judged([row(2, "陈德明", "1-7", MOBILES[7], "1378888")], [])
    assert outcome(judgement) == [("warning", "invalid_phone")]
    assert "固定电话“1378888”" in write_chinese(judgement.verdicts[0].findings[0].message)
    assert [phone.e164 for phone in judgement.entries[0].phones] == [e164(MOBILES[7])]


def test_a_household_without_a_phone_is_taken_with_a_warning() -> None:
    judgement = judged([row(2, "陈德明", "1-7")], [])
    assert outcome(judgement) == [("warning", "no_phone")]
    assert judgement.how_many(Verdict.NEW) == 1


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (row(5, "", "1-7", MOBILES[7]), "no_head"),
        (row(5, " \u3000 ", "1-7", MOBILES[7]), "no_head"),
        (row(5, "王" * 65, "1-7"), "too_long"),
        (row(5, "王建国", "7" * 65), "too_long"),
        (row(5, "王建国", "1-7", group="组" * 65), "too_long"),
        (row(5, "王建国", "1-7", landmark="东" * 65), "too_long"),
        (row(5, "王\x00建国", "1-7"), "control_characters"),
        (row(5, "王\x1b[2J", "1-7"), "control_characters"),
        (row(5, "王\ud800", "1-7"), "control_characters"),
    ],
)
def test_a_row_that_cannot_be_kept_is_an_error_and_no_entry(wrong: ListRow, reason: str) -> None:
    judgement = judged([row(4, "李月芳", "1-2"), wrong], [])
    assert [(one.row, one.verdict, one.reason) for one in judgement.errors] == [(5, Verdict.ERROR, reason)]
    assert len(judgement.entries) == 1


def test_the_same_household_in_two_rows_is_taken_once() -> None:
    rows = [row(2, "王建国", "1-1", MOBILES[1]), row(3, "王建国", "1-1", MOBILES[3])]
    judgement = judged(rows, [])
    assert outcome(judgement) == [("new", ""), ("warning", "repeated_household")]
    assert len(judgement.entries) == 1


def test_two_families_at_one_door_are_two_households_also_the_second_time() -> None:
    rows = [row(2, "王建国", "1-1", MOBILES[1]), row(3, "王小明", "1-1", MOBILES[3])]
    assert outcome(judged(rows, [])) == [("new", ""), ("new", "")]
    on_record = [household(1, "王建国", "1-1", MOBILES[1]), household(2, "王小明", "1-1", MOBILES[3])]
    assert outcome(judged(rows, on_record)) == [("same", ""), ("same", "")]


def test_namesakes_without_doors_and_phones_are_known_again() -> None:
    rows = [row(2, "王建国", ""), row(3, "王建国", "")]
    on_record = [household(1, "王建国", ""), household(2, "王建国", "")]
    assert changes(judged(rows, on_record)) == [(1, ()), (2, ())]


def test_texts_are_tidied_before_they_are_compared() -> None:
    untidy = ListRow(2, " １组 ", "１－１", "王 建\u3000国\u200b", (PhoneCell("手机", MOBILES[1]),))
    assert changes(judged([untidy], ROSTER)) == [(1, ())]
