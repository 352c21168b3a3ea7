"""The rosters' pages as a browser without scripts meets them, on both databases."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from pypinyin import lazy_pinyin
from sqlalchemy import select

from config.database import Database, read_clock
from groups.models.accounts import AccountRole
from groups.models.enrolment import Subscription
from groups.models.figures import ProofKind, ReachProof
from groups.models.roster import Group, Household, Phone, PhoneKind, Village
from groups.roster import search
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, SignedIn, Visitor
from tests.support.factories import home_since

HOME = f"/villages/{VILLAGE}"


class Roster:
    """A group 3组 of the village with six households, and an empty 4组; the other village has one household."""

    def __init__(self, store: Database) -> None:
        self.store = store
        with store.begin() as session:
            village = session.scalars(select(Village).where(Village.code == VILLAGE)).one()
            other = session.scalars(select(Village).where(Village.code == OTHER_VILLAGE)).one()
            groups = [
                Group(village_id=village.id, name=name, position=place) for place, name in ((1, "3组"), (2, "4组"))
            ]
            session.add_all(groups)
            session.flush()
            self.group, self.next_group = (group.id for group in groups)
            self.houses: dict[str, int] = {}
            self.phones: dict[str, int] = {}
            names = ("王建国", "李建国", "单田芳", "陈桂芳", "赵阿根", "欧阳明")
            for place, head in enumerate(names, start=1):
                self._house(session, village.id, self.group, head, place)
            self._house(session, other.id, None, "别村人", 9)

    def _house(self, session: object, village_id: int, group_id: int | None, head: str, place: int) -> None:
        house = Household(
            village_id=village_id,
            group_id=group_id,
            head=head,
            door=f"3-{place}",
            landmark=f"桥东第{place}家",
            position=place,
        )
        session.add(house)  # type: ignore[attr-defined]
        session.flush()  # type: ignore[attr-defined]
        phone = Phone(household_id=house.id, number=f"+861380570000{place}", kind=PhoneKind.MOBILE)
        session.add(phone)  # type: ignore[attr-defined]
        session.flush()  # type: ignore[attr-defined]
        self.houses[head], self.phones[head] = house.id, phone.id

    def page(self, head: str) -> str:
        return f"{HOME}/households/{self.houses[head]}"

    def number_page(self, head: str) -> str:
        return f"{self.page(head)}/phones/{self.phones[head]}/number"

    @property
    def group_page(self) -> str:
        return f"{HOME}/groups/{self.group}"

    def numbers(self, head: str) -> list[str]:
        with self.store.begin() as session:
            rows = select(Phone.number).where(Phone.household_id == self.houses[head], Phone.archived_at.is_(None))
            return list(session.scalars(rows.order_by(Phone.rank)))

    def household(self, head: str) -> Household:
        with self.store.begin() as session:
            return session.get_one(Household, self.houses[head])

    def order(self, group_id: int | None = None) -> list[str]:
        with self.store.begin() as session:
            rows = select(Household.head).where(
                Household.group_id == (group_id or self.group), Household.archived_at.is_(None)
            )
            return list(session.scalars(rows.order_by(Household.position)))


@pytest.fixture
def roster(store: Database) -> Roster:
    return Roster(store)


@pytest.fixture
def head(signed_in: SignedIn) -> Visitor:
    return signed_in(AccountRole.VILLAGE_HEAD)


def _form(page: str, **changes: object) -> dict[str, object]:
    """What the household's form would send unchanged, with these changes."""
    found: dict[str, object] = {}
    form = page[page.index('class="card-form"') : page.index("</form>", page.index('class="card-form"'))]
    for name, value in re.findall(r'<input[^>]* name="([\w_]+)"[^>]* value="([^"]*)"', form):
        if name in {"csrf_token", "take", "phone_call", "phone_text", "first_help", "silent"}:
            continue
        found[name] = [*found[name], value] if isinstance(found.get(name), list) else [value]  # type: ignore[misc]
    found["phone_rank"] = re.findall(r'<option value="(\d+)" selected', form)
    found["phone_call"] = re.findall(r'name="phone_call" value="(\d)" checked', form)
    found["phone_text"] = re.findall(r'name="phone_text" value="(\d)" checked', form)
    return found | changes


def _undo(visitor: Visitor, page: str) -> str:
    address, *_ = _undo_addresses(visitor, page)
    return visitor.post(address, {"next": page}, of=page, follow_redirects=True).text


def _undo_addresses(visitor: Visitor, page: str) -> list[str]:
    """Of a history page: what takes each doing back, the last doing first."""
    doings = visitor.get(page).text.split('class="doings"')[1]
    return [unescape(found) for found in re.findall(r'action="([^"]+/undo[^"]*)"', doings)]


def test_a_head_begins_at_the_own_village_and_sees_its_groups(head: Visitor, roster: Roster) -> None:
    assert head.get("/").location == "/roster"
    assert head.get("/roster").location == HOME
    page = head.get(HOME).text
    assert "3组" in page
    assert "6 户中有 6 户有电话" in page
    assert "有电话的不足两户" in page, "4组 has nobody"
    assert "目前平安" in page
    assert "&lt;p" not in page


def test_another_villages_address_is_not_there_for_a_head(head: Visitor, roster: Roster) -> None:
    foreign = roster.houses["别村人"]
    for path in (
        f"/villages/{OTHER_VILLAGE}",
        f"/villages/{OTHER_VILLAGE}/history",
        f"/villages/{OTHER_VILLAGE}/households/{foreign}",
        f"{HOME}/households/{foreign}",
        "/villages/NOWHERE",
        f"{HOME}/groups/99999",
    ):
        assert head.get(path).status_code == 404, path
    assert head.post(f"/villages/{OTHER_VILLAGE}/groups", {"name": "9组"}).status_code == 404
    assert head.post(f"{HOME}/households/{foreign}/archive").status_code == 404


def test_a_liaison_reads_every_roster_and_changes_none(signed_in: SignedIn, roster: Roster) -> None:
    liaison = signed_in(AccountRole.LIAISON)
    assert OTHER_VILLAGE in liaison.get("/villages").text
    page = liaison.get(roster.group_page).text
    assert "138 0570 0001" in page
    assert "改号" not in page
    assert liaison.get(roster.page("王建国")).status_code == 200
    assert liaison.post(roster.number_page("王建国"), {"number": "13900001234"}).status_code == 403


def test_a_household_is_found_by_name_pinyin_initials_door_or_number(head: Visitor, roster: Roster) -> None:
    for text in ("李建国", "lijianguo", "LJG", "建国", "3-2", "13805700002", "0002"):
        assert f'/households/{roster.houses["李建国"]}"' in head.get(f"{HOME}?q={text}").text, text


def test_surnames_are_read_as_surnames_and_nobody_elsewhere_is_found(head: Visitor, roster: Roster) -> None:
    assert "单田芳" in head.get(f"{HOME}?q=shantf").text or "单田芳" in head.get(f"{HOME}?q=stf").text
    assert "欧阳明" in head.get(f"{HOME}?q=oym").text
    assert "找到 0 户" in head.get(f"{HOME}?q=别村人").text
    assert "找到 0 户" in head.get(f"{HOME}?q=%25").text


def test_a_number_is_changed_shown_and_undone_from_the_page_that_made_it(head: Visitor, roster: Roster) -> None:
    answer = head.post(roster.number_page("王建国"), {"number": "139 0574 1234"}, follow_redirects=True)

    assert "新号码：139 0574 1234" in answer.text
    assert roster.numbers("王建国") == ["+8613905741234"]
    address = re.search(r'action="([^"]+/undo)"', answer.text)
    assert address is not None
    answer = head.post(address[1], {"next": roster.group_page}, follow_redirects=True)
    assert "已撤销" in answer.text
    assert roster.numbers("王建国") == ["+8613805700001"]


def test_a_landline_without_an_area_code_gets_it_and_the_page_says_so(head: Visitor, roster: Roster) -> None:
    answer = head.post(roster.number_page("王建国"), {"number": "87654321"}, follow_redirects=True)
    assert "已补上区号" in answer.text
    assert "0574 8765 4321" in answer.text
    assert roster.numbers("王建国") == ["+8657487654321"]


def test_a_number_that_stands_elsewhere_names_the_household_and_can_be_moved_from_there(
    head: Visitor, roster: Roster
) -> None:
    page = roster.number_page("王建国")
    answer = head.post(page, {"number": "13805700002"})
    assert answer.status_code == 422
    assert "该号码登记在墙下陶村3组李建国家" in answer.text
    assert "改归这一户" in answer.text

    token = {"csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', answer.text)[0]}
    moved = {"number": "13805700002", "take": "+8613805700002"}
    answer = head.client.post(page, data=token | moved, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == roster.group_page, "the other household's card is another one as well"
    assert roster.numbers("王建国") == ["+8613805700002"]
    assert roster.numbers("李建国") == []
    assert "没有电话" in head.get(roster.group_page).text

    first = f"{roster.page('李建国')}/phones/0/number"
    assert f'action="{first}"' in head.get(roster.group_page).text
    assert head.post(first, {"number": "13805700003"}).status_code == 422, "it stands elsewhere"
    head.post(first, {"number": "13905740002"})
    assert roster.numbers("李建国") == ["+8613905740002"]
    _undo(head, f"{HOME}/history")
    assert roster.numbers("李建国") == []

    head.post(_undo_addresses(head, f"{HOME}/history")[1], of=f"{HOME}/history")
    assert roster.numbers("李建国") == ["+8613805700002"]
    assert roster.numbers("王建国") == ["+8613805700001"]


def test_another_villages_number_is_named_but_not_taken_by_a_head(head: Visitor, roster: Roster) -> None:
    answer = head.post(roster.number_page("王建国"), {"number": "13805700009"})
    assert "该号码登记在四甲村别村人家" in answer.text
    assert 'name="take"' not in answer.text
    head.post(roster.number_page("王建国"), {"number": "13805700009", "take": "+8613805700009"})
    assert roster.numbers("别村人") == ["+8613805700009"]


def test_what_is_no_number_is_refused_in_words_and_changes_nothing(head: Visitor, roster: Roster) -> None:
    for number in ("1.38E+10", "110", "abc", "138057", ""):
        answer = head.post(roster.number_page("王建国"), {"number": number})
        assert answer.status_code == 422, number
        assert 'role="alert"' in answer.text
    assert roster.numbers("王建国") == ["+8613805700001"]


def test_all_that_is_kept_of_a_household_is_edited_in_one_form(head: Visitor, roster: Roster) -> None:
    page = roster.page("王建国")
    form = _form(head.get(page).text, door="3-1A", away_until="2031-01-31", first_help="alone", silent="1", note="有狗")
    answer = head.post(page, form | {"phone_number": ["13805700001", "87650000", ""], "phone_rank": ["2", "1", "3"]})
    assert answer.status_code == 422, "away for years is no absence"
    assert "移出名册" in answer.text

    # Moved to the first place: nobody has to say as well that the first one comes second now.
    form |= {"away_until": "", "phone_number": ["13805700001", "87650000", ""], "phone_rank": ["1", "1", "3"]}
    form["phone_holder"] = ["王建国", "王小明", ""]
    answer = head.post(page, form, follow_redirects=True)
    assert "0574 8765 0000" in answer.text
    house = roster.household("王建国")
    assert (house.door, house.first_help, house.silent, house.note) == ("3-1A", "alone", True, "有狗")
    assert roster.numbers("王建国") == ["+8657487650000", "+8613805700001"]
    assert "独居老人" in answer.text


def test_the_second_who_edits_a_household_sees_what_changed_and_decides(head: Visitor, roster: Roster) -> None:
    page = roster.page("王建国")
    form = _form(head.get(page).text, door="3-1B")
    head.post(roster.number_page("王建国"), {"number": "13905741234"})
    head.post(page, _form(head.get(page).text, phone_holder=["儿子", "", ""], silent="1"))

    answer = head.post(page, form)
    assert answer.status_code == 409
    assert "village_head 刚刚改过这一户" in answer.text
    assert "静默求助：对方 是，您 否" in unescape(answer.text)
    assert "电话：对方 139 0574 1234 儿子，您 138 0570 0001" in unescape(answer.text)
    assert roster.household("王建国").door == "3-1"

    again = _form(answer.text)
    head.post(page, again | {"phone_number": ["13905741234"]})
    assert roster.household("王建国").door == "3-1B"
    assert roster.numbers("王建国") == ["+8613905741234"]


def test_a_number_that_somebody_else_has_just_changed_is_not_changed_over_them(head: Visitor, roster: Roster) -> None:
    page = roster.number_page("王建国")
    head.post(page, {"number": "13905741234"})
    answer = head.post(page, {"number": "13905745678"})
    assert answer.status_code == 422
    assert "刚刚被别人改过" in answer.text
    assert roster.numbers("王建国") == ["+8613905741234"]


def test_a_row_is_edited_in_place_and_says_what_others_did(head: Visitor, roster: Roster) -> None:
    row, fragment = f"{roster.page('王建国')}/row", {"HX-Request": "true"}
    form = head.get(row, headers=fragment).text
    assert form.startswith("\n<li") or form.lstrip().startswith("<li")
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token is not None
    typed = {"csrf_token": token[1], "version": "1", "head": "王建军", "door": "3-1", "landmark": "桥东第1家"}
    answer = head.client.post(row, data=typed, headers=fragment)
    assert "王建军" in answer.text
    assert "撤销" in answer.text
    answer = head.client.post(row, data=typed | {"head": "王建设"}, headers=fragment)
    assert "现在是 王建军" in answer.text
    assert roster.household("王建国").head == "王建军"
    assert head.get(f"{HOME}?q=wjj").text.count("王建军") >= 1, "it is found by its new name"


def test_households_are_added_moved_and_archived_and_all_of_it_is_undone(head: Visitor, roster: Roster) -> None:
    new = f"{HOME}/households/new?group={roster.group}"
    typed = {"head": "新来户", "group": str(roster.group), "phone_number": ["13905740001"], "phone_rank": ["1"]}
    answer = head.post(
        f"{HOME}/households/new", typed | {"phone_call": "0", "phone_text": "0"}, of=new, follow_redirects=True
    )
    assert "已加入 新来户" in answer.text
    assert roster.order()[-1] == "新来户"
    _undo(head, f"{HOME}/history")
    assert "新来户" not in roster.order()

    head.post(f"{roster.page('王建国')}/move", {"group": str(roster.next_group)})
    assert roster.order(roster.next_group) == ["王建国"]
    _undo(head, f"{HOME}/history?household={roster.houses['王建国']}")
    assert roster.order()[0] == "王建国"

    head.post(f"{roster.page('王建国')}/archive")
    assert "王建国" not in roster.order()
    answer = head.post(roster.number_page("李建国"), {"number": "13805700001"})
    assert roster.numbers("李建国") == ["+8613805700001"], "the number of an archived household is free"
    page = f"{HOME}/history"
    answer = head.post(_undo_addresses(head, page)[1], of=page)
    assert answer.status_code == 409
    assert "号码或名称已登记在别处" in answer.text


def test_who_has_lived_there_since_another_day_is_archived_and_named(head: Visitor, roster: Roster) -> None:
    with roster.store.begin() as session:
        session.add(home_since(session.get_one(Household, roster.houses["王建国"]), date(2026, 1, 1)))
    answer = head.post(f"{roster.page('王建国')}/archive", follow_redirects=True)
    assert (answer.status_code, "王建国已移出名册" in answer.text.replace(" ", "")) == (200, True)
    assert "王建国" not in roster.order()


def test_groups_are_led_split_merged_ordered_and_archived(head: Visitor, roster: Roster) -> None:
    settings = f"{roster.group_page}/settings"
    wang, li = str(roster.houses["王建国"]), str(roster.houses["李建国"])
    same = head.post(settings, {"name": "桥东", "leader_id": wang, "deputy_id": wang})
    assert same.status_code == 422
    assert ('value="桥东"' in same.text, same.text.count(f'<option value="{wang}" selected')) == (True, 2), "as sent"
    with roster.store.begin() as session:
        elsewhere = session.get_one(Household, roster.houses["别村人"]).village_id
        foreign = Group(village_id=elsewhere, name="9组", position=1)
        session.add(foreign)
        session.flush()
        named = {"name": "3组", "backup_group_id": str(foreign.id)}
    assert head.post(settings, named).status_code == 422, "another village's group"
    head.post(
        settings, {"name": "桥东组", "leader_id": wang, "deputy_id": li, "backup_group_id": str(roster.next_group)}
    )
    page = head.get(roster.group_page).text
    assert "桥东组" in page
    assert "联防长" in page

    head.post(f"{roster.group_page}/order", {"down": wang})
    assert roster.order()[:2] == ["李建国", "王建国"]
    order = [str(roster.houses[name]) for name in reversed(roster.order())]
    head.post(f"{roster.group_page}/order", {"household": order})
    assert roster.order()[0] == "欧阳明"
    stale = head.post(f"{roster.group_page}/order", {"household": order[:3]}, follow_redirects=True)
    assert "本组的住户刚刚有变动" in stale.text

    assert head.post(f"{roster.group_page}/split", {"name": "桥西组", "household": []}).status_code == 422
    split = head.post(f"{roster.group_page}/split", {"name": "桥西组", "household": [wang, li]})
    made = int(split.location.rsplit("/", 1)[1])
    assert sorted(roster.order(made)) == ["李建国", "王建国"]
    head.post(f"{HOME}/groups/{made}/merge", {"into": str(roster.next_group)})
    assert sorted(roster.order(roster.next_group)) == ["李建国", "王建国"]
    assert head.get(f"{HOME}/groups/{made}").status_code == 404
    _undo(head, f"{HOME}/history")
    assert sorted(roster.order(made)) == ["李建国", "王建国"]
    assert head.post(f"{HOME}/groups/{made}/archive").status_code == 422, "somebody is in it"
    assert head.post(f"{HOME}/groups/{roster.next_group}/archive").status_code == 303


def test_a_group_of_too_few_says_so_in_words(head: Visitor, roster: Roster) -> None:
    for name in ("王建国", "李建国"):
        head.post(f"{roster.page(name)}/archive")
    assert "少于5户" in head.get(roster.group_page).text


def test_numbers_that_the_carrier_refused_come_first_with_the_reason_in_words(head: Visitor, roster: Roster) -> None:
    with roster.store.begin() as session:
        session.get_one(Phone, roster.phones["赵阿根"]).call_refused_code = "21211"
        session.get_one(Phone, roster.phones["欧阳明"]).failures = 2
    page = head.get(roster.group_page).text
    assert "需要核实" in page
    assert "空号" in page
    assert "2次警情打不通" in page
    assert page.index(">赵阿根<") < page.index(">王建国<")
    assert "21211" not in page
    assert "2 户需要核实" in head.get(HOME).text
    to_check = head.get(f"{HOME}/to-check").text
    assert "空号" in to_check
    assert "2次警情打不通" in to_check
    assert "王建国" not in to_check
    assert "/phones/" in to_check, "a number is changed there, in its place"
    # One of them is in no group by now.
    with roster.store.begin() as session:
        session.get_one(Household, roster.houses["欧阳明"]).group_id = None
    to_check = head.get(f"{HOME}/to-check").text
    assert to_check.index("空号") < to_check.index("未编组") < to_check.index("2次警情打不通")


def test_the_home_says_first_what_keeps_help_away_and_leads_to_it(head: Visitor, roster: Roster) -> None:
    page = head.get(HOME).text
    assert f'href="{HOME}/ungrouped"' not in page
    assert "4组</strong>：有电话的不足两户" in page, "an empty group"
    with roster.store.begin() as session:
        for name in ("王建国", "李建国"):
            session.get_one(Household, roster.houses[name]).group_id = None
        wang = roster.houses["王建国"]
        session.add(Subscription(household_id=wang, plan="联防", number="", starts_on=date(2026, 1, 1)))
    page = head.get(HOME).text
    problems = page[page.index('class="problems"') : page.index("</ul>", page.index('class="problems"'))]
    assert "1 户办了但叫不到任何人 （未编组共2户）" in re.sub(r"<[^>]+>", "", problems)
    assert problems.index("/ungrouped") < problems.index("4组")
    assert page.index('class="problems"') < page.index('role="search"') < page.index('class="group-lines"')


def test_a_household_is_away_by_one_button_with_a_day_and_stays_so_when_other_things_change(
    head: Visitor, roster: Roster
) -> None:
    page = roster.page("王建国")
    for day, why in (("", "请选择外出到哪一天"), ("2020-01-01", "这一天已经过去"), ("someday", "日期")):
        answer = head.post(f"{page}/away", {"day": day}, of=page)
        assert answer.status_code == 422
        assert why in answer.text
        assert re.findall(r'id="([\w-]+)"[^>]* autofocus', answer.text) == ["away_until"], "and nothing before it"
    with roster.store.begin() as session:
        last = read_clock(session).astimezone(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=9)
    answer = head.post(f"{page}/away", {"day": str(last)}, of=page, follow_redirects=True)
    assert "只发短信、不打电话" in answer.text
    _undo(head, f"{HOME}/history")
    assert roster.household("王建国").away_until is None
    head.post(f"{page}/away", {"day": str(last)}, of=page)
    until = roster.household("王建国").away_until
    assert until is not None
    head.post(page, _form(head.get(page).text, door="3-1C"))
    assert roster.household("王建国").door == "3-1C"
    assert roster.household("王建国").away_until == until


def test_the_first_empty_phone_is_no_further_one(head: Visitor, roster: Roster) -> None:
    new = head.get(f"{HOME}/households/new").text
    assert new.index(">电话</label>") < new.index(">再加一部电话</label>")
    assert head.get(roster.page("王建国")).text.count(">再加一部电话</label>") == 1


def test_the_age_of_a_proof_stands_wherever_a_number_stands(head: Visitor, roster: Roster) -> None:
    with roster.store.begin() as session:
        today = read_clock(session).astimezone(ZoneInfo("Asia/Shanghai")).date()
        for name, days in (("王建国", 29), ("李建国", 30)):
            session.add(
                ReachProof(
                    phone_id=roster.phones[name],
                    household_id=roster.houses[name],
                    proven_on=today - timedelta(days=days),
                    kind=ProofKind.DRILL,
                )
            )
    young, old = (str(today - timedelta(days=days)) for days in (29, 30))
    assert "<td>1/6户</td>" in head.get(HOME).text
    page = head.get(roster.group_page).text
    assert "<dt>近30天打通</dt><dd>6 户中有 1 户" in re.sub(r"\s*\n\s*", "", page)
    for told in (f"近30天打通 {young}", f"有电话，上次打通 {old}", "有电话，从未打通"):
        assert told in page
    assert f"上次打通 {old}" in head.get(f"{HOME}?q=李建国").text
    printed = head.get(f"{HOME}/directory/print").text
    assert printed.count('aria-label="近30天打通"') == 1
    assert "号码后●：近30天打通" in printed
    assert "打给4、2、3；接" in printed, "the telephone tree"
    heading, *rows = head.get(f"{HOME}/roster.csv").data.decode("utf-8-sig").splitlines()
    assert heading.endswith(",近30天打通")
    assert [row.rsplit(",", 1)[1] for row in rows] == [young, "", "", "", "", ""]


def test_a_head_undoes_nothing_of_another_village(head: Visitor, signed_in: SignedIn, roster: Roster) -> None:
    admin = signed_in(AccountRole.ADMIN)
    admin.post(f"/villages/{OTHER_VILLAGE}/groups", {"name": "9组"})
    page = admin.get(f"/villages/{OTHER_VILLAGE}/history").text
    key = re.search(r"/history/([^/]+)/undo", page)
    assert key is not None
    assert head.post(f"{HOME}/history/{key[1]}/undo").status_code == 404
    assert "四甲村" in admin.get("/audit").text or "9组" in admin.get("/audit").text


SURNAMES = {"单雄信": "shan", "解晓东": "xie", "仇天英": "qiu", "区寄桃": "ou", "查良镛": "zha", "翟志刚": "zhai"}


@pytest.mark.parametrize("looked_at_one_by_one", [0, 20_000])
def test_a_surname_is_found_as_surnames_are_read_by_pinyin_and_by_initials(
    signed_in: SignedIn, roster: Roster, monkeypatch: pytest.MonkeyPatch, looked_at_one_by_one: int
) -> None:
    monkeypatch.setattr(search, "LOOKED_AT_ONE_BY_ONE", looked_at_one_by_one)
    head, admin = signed_in(AccountRole.VILLAGE_HEAD), signed_in(AccountRole.ADMIN)
    for name in SURNAMES:
        form = {"head": name, "door": "5-1", "landmark": "", "group": roster.group}
        assert head.post(f"{HOME}/households/new", form, of=f"{HOME}/households/new").status_code == 303
    for name, surname in SURNAMES.items():
        given = "".join(lazy_pinyin(name[1:]))
        initials = surname[0] + "".join(syllable[0] for syllable in lazy_pinyin(name[1:]))
        everyday = "".join(lazy_pinyin(name))
        for page in (f"{HOME}?q=", "/villages?q="):
            for text in (initials, surname + given, surname + given[:3], given, name[1:]):
                assert f">{name}</a>" in _whoever(page, head, admin, text), (page, text)
            if everyday != surname + given:
                assert f">{name}</a>" not in _whoever(page, head, admin, everyday), (page, everyday)


def _whoever(page: str, head: Visitor, admin: Visitor, text: str) -> str:
    return (head if page.startswith(HOME) else admin).get(page + text).text


@pytest.mark.parametrize("looked_at_one_by_one", [0, 20_000])
def test_an_administrator_finds_a_household_of_any_village_and_sees_which(
    signed_in: SignedIn, roster: Roster, monkeypatch: pytest.MonkeyPatch, looked_at_one_by_one: int
) -> None:
    monkeypatch.setattr(search, "LOOKED_AT_ONE_BY_ONE", looked_at_one_by_one)
    for role in (AccountRole.ADMIN, AccountRole.LIAISON):
        visitor = signed_in(role)
        for text in ("别村人", "biecunren", "bcr", "3-9", "13805700009", "0009", "四甲 bcr", "别村人 3-9"):
            page = visitor.get(f"/villages?q={text}").text
            assert f'/villages/{OTHER_VILLAGE}/households/{roster.houses["别村人"]}"' in page, text
            assert "四甲村" in page, text
        page = visitor.get("/villages?q=李建国").text
        assert (f'{roster.page("李建国")}"' in page, "墙下陶村" in page, "找到 1 户" in page) == (True, True, True)
        for text in ("%25", "_", "nobody", "别村人 3-1"):
            assert "/households/" not in visitor.get(f"/villages?q={text}").text, text


def test_an_administrator_adds_a_village_and_finds_it(signed_in: SignedIn, roster: Roster) -> None:
    admin = signed_in(AccountRole.ADMIN)
    assert admin.post("/villages", {"code": "NEW", "name": "新村"}).location == "/villages/NEW"
    assert "新村" in admin.get("/villages?q=新").text
    assert "墙下陶村" not in admin.get("/villages?q=新").text
    assert admin.post("/villages", {"code": "NEW", "name": "新村"}).status_code == 422


def test_an_administrator_moves_a_household_to_another_village_and_takes_it_back(
    signed_in: SignedIn, head: Visitor, roster: Roster
) -> None:
    admin, page = signed_in(AccountRole.ADMIN), roster.page("陈桂芳")
    assert "迁到另一个村" not in head.get(page).text
    assert head.post(f"{page}/village", {"village": OTHER_VILLAGE}).status_code == 403
    assert "没有这个村" in admin.post(f"{page}/village", {"village": "西湖"}, of=page, follow_redirects=True).text
    moved = admin.post(f"{page}/village", {"village": "四甲村", "door": "7号"}, of=page, follow_redirects=True)
    assert "陈桂芳现在住在四甲村" in moved.text
    assert head.get(page).status_code == 404
    assert moved.text.count("陈桂芳现在住在四甲村") == 1
    undo = re.search(r'action="([^"]+/undo)"', moved.text)
    assert undo is not None
    assert "陈桂芳" in admin.get(f"/villages/{OTHER_VILLAGE}/ungrouped").text
    admin.post(undo[1], of=f"{HOME}/history")
    assert "陈桂芳" in head.get(f"{HOME}/groups/{roster.group}").text
