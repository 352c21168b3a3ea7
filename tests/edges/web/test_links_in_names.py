"""Names and places go to neighbours under our name: no way in takes an address of the web for one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import String, select

from config.database import Base, Database
from groups.models.accounts import AccountRole
from groups.rules.typed_text import cut_links, find_flaw
from tests.edges.web.conftest import VILLAGE, SignedIn
from tests.edges.web.roster.test_imports import bring
from tests.edges.web.scenes import Ids, number, settle_with_all

LINK = "陶bit.ly/x7"
TOLD = "里面有网址"
BARE = "x7.me"
"""In what somebody says this is no address; in a name it is."""
ADDRESSES = (
    "http://a.cn", "HTTPS://a.cn/x", "www.a.cn", "王a.com", "bit.ly/3x", "t.cn/x", "1.2.3.4/x", "1.2.3.4:8080",
    "ftp://x", "weixin://dl/x", "a.top", "a.example/pay",
)  # fmt: skip
NAMES = (
    "王建国",
    "3-1-2",
    "3.2号",
    "J. Smith",
    "Mr.Wang",
    "St.John",
    "a/b",
    "桥东 (第1家)",
    "No.12",
    "王.李",
    "O'Neil",
    "12:30",
)
KEPT_AS_SAID = {"uploads", "changes"}
"""A list that was brought, with what is wrong in it, until it is dropped; what was done, with the values before."""


def _list_ways(ids: Ids) -> list[tuple[AccountRole, str, str, dict[str, Any], list[str]]]:
    """Each form by which a name or a place comes in: who, address, its page, what is right, what is a name."""
    home, head, admin = f"/villages/{VILLAGE}", AccountRole.VILLAGE_HEAD, AccountRole.ADMIN
    house = f"{home}/households/{ids['household_id']}"
    phones = {"phone_id": [""], "phone_number": ["13905740001"], "phone_rank": ["1"], "phone_language": ["zh"]}
    new = {"head": "新来户", "door": "9", "landmark": "桥", "note": "", "phone_holder": ["王"]} | phones
    group, lists = f"{home}/groups/{ids['group_id']}", f"{home}/lists"
    duty = {"team": "治保", "name": "何建平", "number": "13905740002", "hours": "", "reach": "", "language": "中文"}
    wish = {
        "phone": number(1),
        "at": "7:30",
        "channel": "call",
        "contact_name": "小明",
        "contact_number": "13905740003",
    }
    wish |= {"contact_agreed": "1", "consent_by": "本人"}
    return [
        (head, f"{home}/households/new", f"{home}/households/new", new, [*[*new][:4], "phone_holder"]),
        (head, house, house, new | {"version": "1"}, [*[*new][:4], "phone_holder"]),
        (head, f"{house}/row", house, {"head": "甲", "door": "1", "landmark": "", "version": "1"}, ["head", "door"]),
        (head, f"{home}/groups", home, {"name": "9组"}, ["name"]),
        (head, f"{group}/settings", f"{group}/settings", {"name": "9组"}, ["name"]),
        (head, f"{group}/split", f"{group}/split", {"name": "9组", "household": str(ids["household_id"])}, ["name"]),
        (head, f"{lists}/responders", lists, duty, ["name"]),
        (head, f"{lists}/cameras", lists, {"name": "探头", "landmark": "桥", "grid": ""}, ["name", "landmark"]),
        (head, f"{lists}/grids", lists, {"name": "网格", "virtual": ""}, ["name"]),
        (head, f"{home}/greetings", f"{home}/greetings", wish, ["contact_name", "consent_by"]),
        (admin, "/villages", "/villages", {"code": "NEW", "name": "新村", "kind": "village"}, ["name"]),
        (admin, f"{house}/village", house, {"village": "四甲村", "door": "1"}, ["door"]),
        (admin, "/accounts", "/accounts", {"name": "王五", "phone": "", "role": "operator", "village": ""}, ["name"]),
    ]


def _find_texts(store: Database, sought: str) -> list[str]:
    """The columns in which these signs stand."""
    found = []
    with store.begin(reads=True) as session:
        for table in Base.metadata.sorted_tables:
            texts = [column for column in table.c if isinstance(column.type, String)]
            for row in session.execute(select(*texts)) if texts and table.name not in KEPT_AS_SAID else ():
                found += [
                    f"{table.name}.{column.name}"
                    for column, text in zip(texts, row, strict=True)
                    if sought in str(text)
                ]
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_page_list_or_command_takes_a_link_for_a_name(
    web: Flask, store: Database, signed_in: SignedIn, tmp_path: Path
) -> None:
    with store.begin() as session:
        ids = settle_with_all(session, VILLAGE, theirs=False)
    browsers = {role: signed_in(role) for role in (AccountRole.VILLAGE_HEAD, AccountRole.ADMIN)}
    taken = []
    for role, address, page, right, names in _list_ways(ids):
        for name in names:
            link = [LINK] if isinstance(right[name], list) else LINK
            answer = browsers[role].post(address, right | {name: link}, of=page)
            told = answer if answer.status_code != 303 else browsers[role].get(answer.location, follow_redirects=True)
            if TOLD not in told.text:
                taken.append((address, name, answer.status_code))
    assert taken == []

    head, run = browsers[AccountRole.VILLAGE_HEAD], web.test_cli_runner().invoke
    list_of = (
        "联防组,户主,门牌号,电话,方位\n"
        "1组,{0},1,13905740004,\n1组,王,{0},13905740005,\n1组,李,3,13905740006,{0}\n{0},赵,4,13905740007,\n"
    )
    brought = bring(head, list_of.format(LINK).encode(), "list.csv", path=f"/villages/{VILLAGE}/import")
    assert head.get(brought.location).text.count(TOLD) >= 4
    file = tmp_path / "list.csv"
    file.write_text(list_of.format(LINK))
    listed = run(args=["roster", "import", str(file), "--village", VILLAGE])
    assert listed.output.count(TOLD) >= 4
    file.write_text(f"队伍,姓名,电话\n治保,{LINK},13905740008\n")
    assert TOLD in run(args=["responders", "import", str(file), "--village", VILLAGE]).output
    for words in (["village", "create", "X9", LINK], ["accounts", "create", LINK, "--role", "operator"]):
        made = run(args=words, input="seven camphor trees\n")
        assert (made.exit_code, TOLD in made.output) == (1, True), made.output
    assert _find_texts(store, LINK) == []


def test_what_is_an_address_in_a_sentence_is_one_in_a_name_and_names_are_none() -> None:
    assert [each for each in ADDRESSES if cut_links(each) == each or find_flaw(each) != "link"] == []
    assert [each for each in NAMES if cut_links(each) != each or find_flaw(each)] == []
    assert (find_flaw(BARE), cut_links(BARE)) == ("link", BARE)
