"""The record of changes as a head reads it: what was done in plain words, what an undo will do, and whose it was."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import select

from config.database import Database
from groups.models.accounts import AccountRole
from groups.models.roster import Group, Household, Phone, PhoneKind, Village
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, SignedIn, Visitor

HOME = f"/villages/{VILLAGE}"
HISTORY = f"{HOME}/history"
OLD, NEW = "138 0570 0001", "139 0574 1234"


@pytest.fixture
def houses(store: Database) -> dict[str, int]:
    """Five households of the village: two in 3组, three in no group; and an empty 4组."""
    with store.begin() as session:
        village = session.scalars(select(Village).where(Village.code == VILLAGE)).one()
        groups = [Group(village_id=village.id, name=name, position=place) for place, name in ((1, "3组"), (2, "4组东"))]
        session.add_all(groups)
        session.flush()
        found = {group.name: group.id for group in groups}
        for place, head in enumerate(("李月芳", "王建国", "赵阿根", "陈桂芳", "单田芳"), start=1):
            house = Household(
                village_id=village.id, group_id=groups[0].id if place < 3 else None, head=head, position=place
            )
            session.add(house)
            session.flush()
            session.add(Phone(household_id=house.id, number=f"+861380570000{place}", kind=PhoneKind.MOBILE))
            found[head] = house.id
    return found


def doings(page: str) -> list[tuple[str, str]]:
    """Of a history page, the last first: what was done, and what its undo is said to do ("" where there is none)."""
    found = []
    # A number is never broken across lines.
    for part in page.replace("\N{NO-BREAK SPACE}", " ").split('<li class="doing')[1:]:
        said = unescape(re.sub(r"<[^>]+>", "", part[part.index("<h2>") : part.index("</h2>")])).strip()
        undo = re.search(r'<p id="undo-\d+"[^>]*>(.*?)</p>', part)
        found.append((said, unescape(undo[1]) if undo else ""))
    return found


def take_back(visitor: Visitor, place: int = 0) -> str:
    page = visitor.get(HISTORY).text
    addresses = [unescape(each) for each in re.findall(r'action="([^"]+/undo[^"]*)"', page)]
    return visitor.post(addresses[place], {"next": HISTORY}, of=HISTORY, follow_redirects=True).text


def test_what_was_done_and_what_its_undo_will_do_is_told_in_a_heads_words(
    signed_in: SignedIn, store: Database, houses: dict[str, int]
) -> None:
    head = signed_in(AccountRole.VILLAGE_HEAD)
    with store.begin() as session:
        phone = session.scalars(select(Phone.id).where(Phone.household_id == houses["李月芳"])).one()
    li = f"{HOME}/households/{houses['李月芳']}"
    head.post(f"{li}/phones/{phone}/number", {"number": NEW})
    picked = [str(houses[name]) for name in ("赵阿根", "陈桂芳", "单田芳")]
    head.post(f"{HOME}/ungrouped", {"household": picked, "group": str(houses["4组东"])}, of=f"{HOME}/ungrouped")
    head.post(f"{HOME}/households/{houses['王建国']}/archive", {}, of=f"{HOME}/households/{houses['王建国']}")

    assert doings(head.get(HISTORY).text) == [
        ("王建国家移出了名册", "撤销后：王建国家回到名册"),
        ("把 3 户分到4组东", "撤销后：3 户不在任何组"),
        (f"改了李月芳家的号码：{OLD} → {NEW}", f"撤销后：李月芳家的号码改回 {OLD}"),
    ]
    # One line, and an undo that does what it said and no more.
    take_back(head, 2)
    assert OLD in head.get(li).text
    told = doings(head.get(HISTORY).text)
    assert told[0] == (
        f"撤销了：改了李月芳家的号码：{OLD} → {NEW}",
        f"撤销后：重新生效：改了李月芳家的号码：{OLD} → {NEW}",
    )
    assert told[3] == (f"改了李月芳家的号码：{OLD} → {NEW} 已撤销", ""), "nothing is taken back twice"
    own = doings(head.get(f"{HISTORY}?household={houses['陈桂芳']}").text)
    assert [said for said, _ in own] == ["把陈桂芳家分到4组东"]
    head.speak_english()
    assert doings(head.get(HISTORY).text)[1][0] == "王建国 went off the roster"


def test_an_undo_that_is_refused_says_which_field_was_changed_again_and_by_whom(
    signed_in: SignedIn, store: Database, houses: dict[str, int]
) -> None:
    head, admin = signed_in(AccountRole.VILLAGE_HEAD), signed_in(AccountRole.ADMIN)
    li = f"{HOME}/households/{houses['李月芳']}"
    row = {"head": "李月芳", "door": "3-1", "landmark": ""}
    head.post(f"{li}/row", row | {"version": "1"}, of=li)
    admin.post(f"{li}/row", row | {"door": "3-9", "version": "2"}, of=li)
    admin.post(f"{li}/away", {"day": (datetime.now(UTC).date() + timedelta(days=3)).isoformat()}, of=li)
    assert doings(admin.get(HISTORY).text)[0][0].startswith("李月芳家外出到")

    page = take_back(head, 2)

    assert "没有撤销" in page
    assert re.search(r"admin 在 \S+ \d\d:\d\d 又改了门牌", page), "and not the absence, which is another field"


def test_the_record_is_searched_by_person_village_and_day(
    signed_in: SignedIn, store: Database, houses: dict[str, int]
) -> None:
    head, admin = signed_in(AccountRole.VILLAGE_HEAD), signed_in(AccountRole.ADMIN)
    head.post(f"{HOME}/groups", {"name": "5组"}, of=HOME)
    admin.post(f"/villages/{OTHER_VILLAGE}/groups", {"name": "9组"}, of=HOME)
    admin.get(f"{HOME}/groups/{houses['3组']}")

    assert [said for said, _ in doings(admin.get("/audit").text)] == ["新建了9组", "新建了5组"]
    for question, found in (
        ("who=village", ["新建了5组"]),
        ("village=四甲村", ["新建了9组"]),
        (f"village={OTHER_VILLAGE}&who=village_head", []),
        ("day=2020-01-01", []),
    ):
        assert [said for said, _ in doings(admin.get(f"/audit?{question}").text)] == found, question
    assert [said for said, _ in doings(head.get(f"{HISTORY}?who=nobody").text)] == []
    for page in ("/audit", "/looks"):
        for wrong, said in (("village=nowhere", "没有叫这个名字或编号的村居"), ("day=yesterday", "field-error")):
            answer = admin.get(f"{page}?{wrong}")
            assert (answer.status_code, said in answer.text) == (422, True), (page, wrong)
    assert "3组" not in doings(admin.get("/audit").text)[0][0]
    assert "<strong>admin</strong> · 联防组" in admin.get("/looks?who=adm&village=墙下陶村").text
    assert "没有符合条件的查看记录" in admin.get("/looks?village=四甲村").text
    # What a head did is taken back by the administrator from the town's record.
    (address,) = re.findall(r'action="([^"]+/undo[^"]*)"', admin.get("/audit?who=village").text)
    assert admin.post(unescape(address), {"next": "/audit"}, of="/audit").location == "/audit"
    assert doings(admin.get("/audit").text)[0][0] == "撤销了：新建了5组"
