from __future__ import annotations

import re

from sqlalchemy import select

from config.database import Database
from groups.models.accounts import AccountRole
from groups.models.roster import Group, Household, Phone, PhoneKind, Village
from tests.edges.web.conftest import VILLAGE, SignedIn, Visitor

PAGE = f"/villages/{VILLAGE}/ungrouped/groups"


def _settle(store: Database, doors: list[str]) -> dict[str, int]:
    """Households in no group, by door; each has a mobile but the first."""
    with store.begin() as session:
        village_id = session.scalars(select(Village.id).where(Village.code == VILLAGE)).one()
        for number, door in enumerate(doors):
            household = Household(village_id=village_id, head=f"住户{door}", door=door, position=number)
            if number:
                household.phones = [Phone(number=f"+86138000010{number:02}", kind=PhoneKind.MOBILE)]
            session.add(household)
        session.flush()
        return {each.door: each.id for each in session.scalars(select(Household))}


def _read_groups(store: Database) -> dict[str, list[str]]:
    with store.begin() as session:
        return {
            group.name: list(
                session.scalars(
                    select(Household.door).where(Household.group_id == group.id).order_by(Household.position)
                )
            )
            for group in session.scalars(select(Group).where(Group.archived_at.is_(None)).order_by(Group.position))
        }


def _read_form(page: str) -> dict[str, str]:
    """The fields as the page fills them in."""
    fields = dict(re.findall(r'<input class="form-control"[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page))
    for name, options in re.findall(r'<select [^>]*name="([^"]+)">(.*?)</select>', page, re.S):
        chosen = re.findall(r'<option value="([^"]*)" selected', options)
        fields[name] = chosen[0] if chosen else ""
    return fields


def _find_undo(visitor: Visitor) -> str:
    """Where the last deed is taken back, as the next page offers it."""
    address: str = re.findall(r'action="(/villages/[^"]+/undo[^"]*)"', visitor.get(f"/villages/{VILLAGE}").text)[0]
    return address


def test_groups_are_proposed_changed_by_hand_confirmed_whole_and_taken_back_whole(
    signed_in: SignedIn, store: Database
) -> None:
    first, second = [f"3-{number}" for number in range(1, 10)], [f"5-{number}" for number in range(1, 12)]
    ids = _settle(store, first + second)
    head = signed_in(AccountRole.VILLAGE_HEAD)
    assert PAGE in head.get(f"/villages/{VILLAGE}/ungrouped").text
    form = _read_form(head.get(PAGE).text)
    assert [form[name] for name in ("name-0", "name-1", "name-2")] == ["1组", "2组", "3组"]
    assert {form[f"of-{ids[door]}"] for door in first} == {"new-0"}
    assert {form[f"of-{ids[door]}"] for door in second} == {"new-1"}
    assert form["leader-0"] == str(ids["3-2"]), "the first that can be rung"

    # Shown as changed: nothing is written; one is moved, one stays out, a group gets its name.
    form |= {f"of-{ids['3-9']}": "new-1", f"of-{ids['5-11']}": "", "name-0": "桥头组"}
    shown = head.post(PAGE, form, of=PAGE)
    assert shown.status_code == 200
    assert _read_groups(store) == {}
    form = _read_form(shown.text)
    assert form[f"of-{ids['3-9']}"] == "new-1"

    # A name that two have is refused, and nothing is lost.
    refused = head.post(PAGE, form | {"name-1": "桥头组", "confirm": "1"}, of=PAGE)
    assert refused.status_code == 422
    assert "桥头组" in refused.text
    assert _read_groups(store) == {}
    assert _read_form(refused.text)[f"of-{ids['5-11']}"] == ""

    confirmed = head.post(PAGE, form | {"confirm": "1"}, of=PAGE)
    assert confirmed.status_code == 303
    first_undo = _find_undo(head)
    made = {"桥头组": first[:-1], "2组": ["3-9", *second[:-1]]}
    assert _read_groups(store) == made
    with store.begin() as session:
        leaders = dict(list(session.execute(select(Group.name, Group.leader_id))))
    assert leaders["桥头组"] == ids["3-2"]

    # The one that is left goes where it lies, by the proposal or by picking it.
    assert _read_form(head.get(PAGE).text)[f"of-{ids['5-11']}"].startswith("group-")
    with store.begin() as session:
        second_group = session.scalars(select(Group.id).where(Group.name == "2组")).one()
    ungrouped = f"/villages/{VILLAGE}/ungrouped"
    nothing = head.post(ungrouped, {"group": str(second_group)}, of=ungrouped)
    assert nothing.status_code == 422
    picked = head.post(ungrouped, {"group": str(second_group), "household": str(ids["5-11"])}, of=ungrouped)
    assert picked.status_code == 303
    second_undo = _find_undo(head)
    assert _read_groups(store)["2组"][-1] == "5-11"

    # Somebody else was faster: what stands is not overwritten.
    late = head.post(PAGE, form | {"confirm": "1"}, of=PAGE)
    assert late.status_code == 422
    assert "再看一次" in late.text

    # Taken back as a whole, the later one first.
    for address in (second_undo, first_undo):
        assert head.post(address, {}, of=PAGE).status_code == 303
    assert _read_groups(store) == {}
