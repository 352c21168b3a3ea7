"""Who calls, and whom a ring reaches, asked of both databases."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from config.database import Database
from groups.directory import (
    Caller,
    Role,
    clear_refused,
    find_caller,
    list_leader_phones,
    list_members,
    list_phones,
    list_recipients,
    lock_group,
    mark_refused,
    warm_up,
)
from groups.models.roster import Group, Household, Language, Phone, PhoneKind, Village

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class Town:
    """A village with two groups, to which a test adds who lives there."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.village = Village(code="T01", name="墙下陶村", name_en="Qiangxiatao")
        session.add(self.village)
        session.flush()
        self.group, self.next_group = (
            Group(village_id=self.village.id, name=name, position=position)
            for position, name in enumerate(("3组", "4组"), start=1)
        )
        session.add_all([self.group, self.next_group])
        session.flush()
        self._serial = 0

    def household(self, head: str, position: int, *, group: Group | None, phones: int = 1) -> Household:
        house = Household(
            village_id=self.village.id,
            group_id=group.id if group else None,
            head=head,
            door=f"3-{position}",
            landmark=f"桥东第{position}家",
            position=position,
        )
        self.session.add(house)
        self.session.flush()
        for rank in range(1, phones + 1):
            self.phone(house, rank=rank)
        return house

    def phone(self, house: Household, *, rank: int = 1, **values: object) -> Phone:
        self._serial += 1
        phone = Phone(
            **{"number": f"+86199000{self._serial:05}", "kind": PhoneKind.MOBILE}
            | values
            | {"household_id": house.id, "rank": rank}
        )
        self.session.add(phone)
        self.session.flush()
        return phone


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.begin() as session:
        yield session


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def called(session: Session, phone: Phone) -> Caller:
    caller = find_caller(session, phone.number)
    assert caller is not None
    return caller


def test_a_caller_is_told_by_name_and_place(session: Session, town: Town) -> None:
    house = town.household("王建国", 2, group=town.group, phones=0)
    phone = town.phone(house, language=Language.ENGLISH, may_text=False)
    assert find_caller(session, phone.number) == Caller(
        phone_id=phone.id,
        number=phone.number,
        language="en",
        may_call=True,
        may_text=False,
        household_id=house.id,
        household_name="王建国家",
        household_name_en="the Wang Jianguo household",
        place="墙下陶村3组·桥东第2家",
        place_en="Qiangxiatao Village, group 3, door 3-2, 2nd house east of the bridge",
        door="3-2",
        silent=False,
        village_id=town.village.id,
        village_name="墙下陶村",
        group_id=town.group.id,
        group_name="3组",
    )


def test_a_stranger_and_a_number_given_up_are_nobody(session: Session, town: Town) -> None:
    house = town.household("王建国", 1, group=town.group, phones=0)
    given_up = town.phone(house, archived_at=NOW)
    assert find_caller(session, "+8619912345678") is None
    assert find_caller(session, given_up.number) is None


def test_a_number_given_up_by_one_house_calls_for_the_house_that_has_it_now(session: Session, town: Town) -> None:
    town.phone(town.household("王建国", 1, group=town.group, phones=0), number="+8619912345678", archived_at=NOW)
    now = town.phone(town.household("李月芳", 2, group=town.group, phones=0), number="+8619912345678")
    assert called(session, now).household_name == "李月芳家"


def test_a_household_in_no_group_or_an_archived_one_calls_but_reaches_nobody(session: Session, town: Town) -> None:
    alone = town.household("王建国", 1, group=None)
    caller = called(session, alone.phones[0])
    assert (caller.group_id, caller.group_name, list_recipients(session, caller)) == (None, "", [])
    left_over = town.household("李月芳", 2, group=town.group)
    town.household("陈德明", 3, group=town.group)
    town.group.archived_at = NOW
    session.flush()
    caller = called(session, left_over.phones[0])
    assert (caller.group_id, list_recipients(session, caller)) == (None, [])


def test_a_caller_is_found_by_one_query(session: Session, town: Town) -> None:
    phone = town.household("王建国", 1, group=town.group).phones[0]
    session.expire_all()
    number = phone.number
    session.expunge_all()
    with counted(session) as statements:
        find_caller(session, number)
    assert len(statements) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_query_for_a_caller_uses_the_index_of_active_phones(session: Session, town: Town) -> None:
    phone = town.household("王建国", 1, group=town.group).phones[0]
    with counted(session) as statements:
        find_caller(session, phone.number)
    plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statements[0]}", (phone.number,)).all()
    assert "SEARCH phones USING INDEX uq_phones_number_active (number=?)" in [row[-1] for row in plan]
    assert all("SCAN" not in row[-1] for row in plan)


def test_a_ring_reaches_the_group_nearest_first_and_leader_and_deputy_from_elsewhere(
    session: Session, town: Town
) -> None:
    caller = town.household("王建国", 5, group=town.group, phones=2)
    far, near, behind = (
        town.household(head, position, group=town.group, phones=phones)
        for head, position, phones in (("甲", 1, 1), ("乙", 6, 2), ("丙", 3, 1))
    )
    leader = town.household("丁", 5, group=town.next_group)
    town.household("戊", 6, group=town.next_group)
    town.group.leader_id, town.group.deputy_id = leader.id, near.id
    session.flush()
    rung = list_recipients(session, called(session, caller.phones[1]))
    assert [(one.household_name, one.phone_rank, one.distance, one.role) for one in rung] == [
        ("乙家", 1, 1, Role.DEPUTY),
        ("丙家", 1, 2, Role.MEMBER),
        ("甲家", 1, 4, Role.MEMBER),
        ("丁家", 1, 1000, Role.LEADER),
        ("乙家", 2, 1, Role.DEPUTY),
    ]
    assert {one.household_id for one in rung} == {far.id, near.id, behind.id, leader.id}


def test_a_leader_who_calls_is_not_rung_for_the_own_alarm(session: Session, town: Town) -> None:
    leader = town.household("王建国", 1, group=town.group)
    town.household("李月芳", 2, group=town.group)
    town.group.leader_id = leader.id
    session.flush()
    assert [one.household_name for one in list_recipients(session, called(session, leader.phones[0]))] == ["李月芳家"]


def test_archived_households_and_phones_and_mute_ones_are_not_rung(session: Session, town: Town) -> None:
    caller = town.household("王建国", 1, group=town.group)
    town.household("搬走", 2, group=town.group).archived_at = NOW
    house = town.household("李月芳", 3, group=town.group, phones=0)
    town.phone(house, rank=1, archived_at=NOW)
    town.phone(house, rank=2, may_call=False, may_text=False)
    landline = town.phone(house, rank=3, may_text=False, kind=PhoneKind.LANDLINE)
    session.flush()
    rung = list_recipients(session, called(session, caller.phones[0]))
    assert [(one.number, one.may_call, one.may_text) for one in rung] == [(landline.number, True, False)]


def test_refusals_are_shown_put_the_number_last_and_are_taken_back(session: Session, town: Town) -> None:
    caller = town.household("王建国", 1, group=town.group)
    near = town.household("甲", 2, group=town.group)
    town.household("乙", 9, group=town.group)
    caller_seen = called(session, caller.phones[0])

    mark_refused(session, phone_id=near.phones[0].id, text=True, code="21614", now=NOW)
    rung = list_recipients(session, caller_seen)
    assert [(one.household_name, one.call_refused, one.text_refused) for one in rung] == [
        ("甲家", False, True),
        ("乙家", False, False),
    ]
    mark_refused(session, phone_id=near.phones[0].id, text=False, code="21211", now=NOW)
    rung = list_recipients(session, caller_seen)
    assert [(one.household_name, one.call_refused, one.text_refused) for one in rung] == [
        ("乙家", False, False),
        ("甲家", True, True),
    ]
    session.refresh(near.phones[0])
    assert (near.phones[0].call_refused_code, near.phones[0].call_refused_at) == ("21211", NOW)

    clear_refused(session, [near.phones[0].id], text=False)
    rung = list_recipients(session, caller_seen)
    assert [(one.household_name, one.call_refused, one.text_refused) for one in rung] == [
        ("甲家", False, True),
        ("乙家", False, False),
    ]
    session.refresh(near.phones[0])
    assert (near.phones[0].call_refused_code, near.phones[0].call_refused_at) == (None, None)


def test_the_leaders_phones_or_the_deputys_where_no_leader_is_set(session: Session, town: Town) -> None:
    assert list_leader_phones(session, town.group.id) == []
    assert list_leader_phones(session, 999_999) == []
    deputy = town.household("甲", 1, group=town.group)
    town.group.deputy_id = deputy.id
    session.flush()
    assert [(one.role, one.household_name) for one in list_leader_phones(session, town.group.id)] == [
        (Role.DEPUTY, "甲家")
    ]
    leader = town.household("乙", 2, group=town.next_group, phones=2)
    town.group.leader_id = leader.id
    session.flush()
    assert [
        (one.role, one.number, one.phone_rank, one.distance) for one in list_leader_phones(session, town.group.id)
    ] == [
        (Role.LEADER, leader.phones[0].number, 1, 0),
        (Role.LEADER, leader.phones[1].number, 2, 0),
    ]


def test_of_a_groups_members_who_is_away_is_texted_and_a_households_phones_are_those_it_has_now(
    session: Session, town: Town
) -> None:
    home, away = town.household("甲", 1, group=town.group), town.household("乙", 2, group=town.group)
    away.away_until, town.group.deputy_id = NOW + timedelta(days=1), home.id
    session.flush()
    members = list_members(session, town.group.id, NOW)
    assert [(one.household_name, one.may_call, one.role) for one in members] == [
        ("甲家", True, Role.DEPUTY),
        ("乙家", False, Role.MEMBER),
    ]
    former = town.phone(home, rank=2, archived_at=NOW)
    phones = list_phones(session, [home.id])
    assert [one.number for one in phones] == [home.phones[0].number]
    assert former.number not in {one.number for one in phones}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_alarms_of_one_group_come_one_after_the_other(database: Database) -> None:
    with database.begin() as session:
        group_id = Town(session).group.id
    with database.begin() as first, database.begin() as second:
        lock_group(first, group_id)
        # Nobody who only adds a household to the group waits for the alarm.
        second.add(Household(village_id=first.get_one(Group, group_id).village_id, group_id=group_id, head="新"))
        second.flush()
        second.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(Exception, match="lock timeout"), second.begin_nested():
            lock_group(second, group_id)


def test_a_group_of_five_hundred_households_takes_two_queries_and_no_time(session: Session, town: Town) -> None:
    houses = [
        Household(village_id=town.village.id, group_id=town.group.id, head=f"户{number}", position=number)
        for number in range(1, 501)
    ]
    session.add_all(houses)
    session.flush()
    session.add_all(
        Phone(household_id=house.id, number=f"+86199{rank}{house.position:07}", rank=rank, kind=PhoneKind.MOBILE)
        for house in houses
        for rank in (1, 2)
    )
    session.flush()
    session.expunge_all()
    warm_up()
    caller = find_caller(session, "+8619910000250")
    assert caller is not None
    spans = []
    for _ in range(5):
        with counted(session) as statements:
            started = time.thread_time()
            rung = list_recipients(session, caller)
            spans.append(time.thread_time() - started)
    assert len(rung) == 998
    assert len(statements) == 2
    # About 8 ms on the machine it was written on; ten times that is a query per household.
    assert min(spans) < 0.08
