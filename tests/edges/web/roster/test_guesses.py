"""What was guessed of a list is shown, and one tap changes it: its columns, groups, doors, members, households."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from config.database import Database
from groups.models.accounts import AccountRole
from groups.models.roster import Group, Household
from tests.edges.web.conftest import SignedIn, Visitor
from tests.edges.web.roster.test_imports import brought

FIRST = """联防组,门牌号,户主,电话
1组,3-1,王一,19900640001
1组,3-2,李二,19900640002
"""
SECOND = """联防组,门牌号,户主,关系,号
第一组,3月1日,王一,户主,19900640001
第一组,3-2,李四,户主,19900640004
1组,3-45,周五,户主,19900640005
1组,3-45,周小五,子,19900640006
,3-50,吴六,户主,19900640007
2组,4-1,郑七,户主,19900640008
,4-2,冯八,户主,19900640009
"""


@pytest.fixture
def head(signed_in: SignedIn) -> Visitor:
    return signed_in(AccountRole.VILLAGE_HEAD)


def guesses(page: str) -> dict[str, list[tuple[str, str, str]]]:
    """By what the page says was guessed, the buttons beside it: name, value, words."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for form in re.findall(r'class="guess">(.*?)</form>', page, re.DOTALL):
        said = re.search(r"<span>(.*?)</span>\s*(?:<button|<a)", form, re.DOTALL)
        assert said is not None, form
        buttons = re.findall(r'<button[^>]* name="([^"]*)" value="([^"]*)">(.*?)</button>', form, re.DOTALL)
        found[plain(said[1])] = [(html.unescape(n), html.unescape(v), plain(words)) for n, v, words in buttons]
    return found


def plain(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def roster(store: Database) -> list[tuple[str, str, str, list[str]]]:
    with store.begin() as session:
        households = session.scalars(
            select(Household).where(Household.archived_at.is_(None)).order_by(Household.door, Household.id)
        )
        groups = dict(session.execute(select(Group.id, Group.name)).all())
        return [
            (
                groups.get(one.group_id or 0, ""),
                one.door,
                one.head,
                [phone.number[-2:] for phone in one.phones if phone.archived_at is None],
            )
            for one in households
        ]


def test_each_guess_has_its_button_and_the_button_changes_what_is_written(head: Visitor, store: Database) -> None:
    first = brought(head, FIRST.encode())
    head.post(f"{first}/confirm", of=first)
    address = brought(head, SECOND.encode())

    def tap(said: str, words: str) -> None:
        name, value, _ = next(button for button in guesses(head.get(address).text)[said] if button[2] == words)
        assert head.post(f"{address}/decide", {name: value}, of=address).status_code == 303

    shown = guesses(head.get(address).text)
    assert shown["号 19900640001 : 手机"] == [("column-0-4", "nothing", "改为：不采用")]
    assert [words for _, _, words in shown["门牌曾变成日期: 3-1"]] == ["改为：3月1日"]
    assert "视为同一组: 第一组、1组→1组" in shown
    assert [words for _, _, words in shown["对应住户: 1组 3-2 李二"]] == ["改为：新增住户"]
    assert [words for _, _, words in shown["按上面的行归组: 1组"]] == ["改为：不编组", "改为：2组"]
    assert [words for _, _, words in shown["并入户: 周小五→周五"]] == ["改为：各自单列"]
    assert "按上面的行归组: 2组" in shown

    tap("按上面的行归组: 1组", "改为：2组")
    tap("对应住户: 1组 3-2 李二", "改为：新增住户")
    tap("并入户: 周小五→周五", "改为：各自单列")
    tap("按上面的行归组: 2组", "改为：不编组")
    decided = guesses(head.get(address).text)
    assert [words for _, _, words in decided["按上面的行归组: 不编组 （按您所说）"]] == ["恢复原读法"]
    tap("按上面的行归组: 不编组 （按您所说）", "恢复原读法")
    head.post(f"{address}/confirm", of=address)
    assert roster(store) == [
        ("1组", "3-1", "王一", ["01"]),
        ("1组", "3-2", "李二", ["02"]),
        ("1组", "3-2", "李四", ["04"]),
        ("1组", "3-45", "周五", ["05"]),
        ("1组", "3-45", "周小五", ["06"]),
        ("2组", "3-50", "吴六", ["07"]),
        ("2组", "4-1", "郑七", ["08"]),
        ("2组", "4-2", "冯八", ["09"]),
    ]
    assert "并入户" not in head.get(address).text.split("<h2>")[0], "what is written is not asked again"


def test_a_new_household_may_be_said_to_be_one_of_the_roster(head: Visitor, store: Database) -> None:
    first = brought(head, FIRST.encode())
    head.post(f"{first}/confirm", of=first)
    address = brought(head, "联防组,门牌号,户主,电话\n1组,9-9,李二,19900640012\n1组,3-1,王一,19900640001\n".encode())
    name, value, words = guesses(head.get(address).text)["对应住户: 新增住户"][0]
    assert words == "改为：1组 3-2 李二"
    head.post(f"{address}/decide", {name: value}, of=address)
    head.post(f"{address}/confirm", of=address)
    assert roster(store) == [("1组", "3-1", "王一", ["01"]), ("1组", "9-9", "李二", ["12"])]


def test_groups_that_were_taken_for_one_are_told_apart(head: Visitor, store: Database) -> None:
    address = brought(head, "联防组,门牌号,户主,电话\n第一组,3-1,王一,19900640001\n1组,3-2,李二,19900640002\n".encode())
    name, value, _ = guesses(head.get(address).text)["视为同一组: 第一组、1组→1组"][0]
    head.post(f"{address}/decide", {name: value}, of=address)
    head.post(f"{address}/confirm", of=address)
    assert [group for group, *_ in roster(store)] == ["第一组", "1组"]


def test_what_nobody_offers_is_not_taken(head: Visitor, store: Database) -> None:
    address = brought(head, "联防组,门牌号,户主,电话\n1组,3-1,王一,19900640001\n1组,3-2,李二,19900640002\n".encode())
    said = {"row:group:2:": "9组", "row:household:2:": "999999", "row:member:2:": "x", "row:door:2:": "9"}
    assert head.post(f"{address}/decide", said, of=address).status_code == 303
    head.post(f"{address}/confirm", of=address)
    assert [one[:3] for one in roster(store)] == [("1组", "3-1", "王一"), ("1组", "3-2", "李二")]


def test_the_group_of_a_whole_sheet_is_changed_by_one_tap(head: Visitor, store: Database) -> None:
    content = "第3联防组户主名单,\n户主,电话\n王一,19900640001\n李二,19900640002\n".encode()
    address = brought(head, content)
    name, value, words = guesses(head.get(address).text)["按工作表名或标题归组: 第3联防组"][0]
    assert words == "改为：不编组"
    head.post(f"{address}/decide", {name: value}, of=address)
    head.post(f"{address}/confirm", of=address)
    assert [one[0] for one in roster(store)] == ["", ""]
