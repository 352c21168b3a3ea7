"""The group of a whole sheet, by its name or its title: taken, and shown with what else may be meant."""

from __future__ import annotations

from typing import Any

import pytest

from groups.roster.imports.reading import RosterList, open_file, read_households
from groups.roster.imports.rules.guesses import Choice, Said
from tests.support.clerks_lists import make_book as book
from tests.support.clerks_lists import mobile

HEADING = ["户主", "手机"]
PEOPLE = [["王甲建", mobile(1)], ["李乙明", mobile(2)]]


def read(name: str, *titles: list[Any], said: dict[str, str] | None = None) -> RosterList:
    """A sheet of this name whose heading stands below these rows."""

    def rename(made: Any) -> None:
        made.worksheets[0].title = name

    content = book([*titles, HEADING, *PEOPLE], look=rename)
    return read_households(open_file(content, "list.xlsx"), None, Said(said or {}))


def groups(found: RosterList) -> set[str]:
    return {row.group for row in found.rows}


def choices(found: RosterList) -> list[Choice]:
    return [choice for note in found.notes for guess in note.guesses for choice in guess.others]


@pytest.mark.parametrize(
    ("name", "titles", "group", "others"),
    [
        ("三组", [], "三组", ["-"]),
        ("三组户主名单", [], "三组", ["-"]),
        ("2026年第3联防组（12户）", [], "第3联防组", ["-"]),
        ("东片三组", [], "东片三组", ["-", "三组"]),
        ("Sheet1", [["第3联防组户主名单"]], "第3联防组", ["-"]),
        ("名单", [["四甲村第三联防组十户联防通讯录"], ["2026年3月1日"]], "第三联防组", ["-"]),
        ("Sheet1", [["四甲村第五村民小组第三联防组名单"]], "第三联防组", ["-", "第五村民小组"]),
        ("Sheet1", [["组别：三组", "组长：王建国"]], "三组", ["-"]),
        ("Sheet1", [["联防组", "荷花组"]], "荷花组", ["-"]),
        ("三组", [["第四联防组户主名单"]], "三组", ["-", "第四联防组"]),
        ("Sheet1", [["全村共5组户主名单"]], "", []),
        ("Sheet1", [["第1-3组户主名单"]], "", ["3组"]),
        ("一组、二组", [], "", ["一组", "二组"]),
        ("Sheet1", [["户主名单"]], "", []),
    ],
)
def test_a_sheets_group_is_the_one_that_its_name_or_its_title_says(
    name: str, titles: list[list[Any]], group: str, others: list[str]
) -> None:
    found = read(name, *titles)
    assert groups(found) == {group}
    assert [choice.value for choice in choices(found)] == others
    assert all("group" in row.silent for row in found.rows) is not bool(group)


def test_what_somebody_says_of_a_sheets_group_counts() -> None:
    assert groups(read("三组", said={"sheet:0:三组": "-"})) == {""}
    other = read("三组", ["第四联防组户主名单"], said={"sheet:0:三组": "第四联防组"})
    assert groups(other) == {"第四联防组"}
    assert groups(read("三组", said={"sheet:0:三组": "九组"})) == {"三组"}, "what nobody offers is not taken"


def test_a_sheets_group_is_not_asked_after_where_its_rows_name_theirs() -> None:
    def rename(made: Any) -> None:
        made.worksheets[0].title = "三组"

    content = book([["组别", *HEADING], ["一组", *PEOPLE[0]], ["二组", *PEOPLE[1]]], look=rename)
    found = read_households(open_file(content, "list.xlsx"))
    assert groups(found) == {"一组", "二组"}
    assert choices(found) == []
