"""The record of changes and its undoing, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from config.database import Database
from groups.errors import ChangedSince, DeviceElsewhere, NothingToUndo, SubscriptionOverlaps
from groups.history.obstacles import Why
from groups.history.undo import Undone, undo
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Change, Source
from groups.models.enrolment import Device, DeviceKind, EndReason, Subscription
from groups.models.figures import Residence
from groups.models.roster import Group, Household, Phone, PhoneKind
from groups.roster.households import change_number
from groups.roster.residences import follow_the_roster
from groups.rules.phone import normalise
from tests.support.factories import NOW, House, Town, at, home_since
from tests.usecases.at_once import meanwhile

ZONE = ZoneInfo("Asia/Shanghai")
HEAD = Author("陶村长", Source.PAGE)
OTHER = Author("李会计", Source.PAGE)
Result = TypeVar("Result")


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


def _do(town: Town, action: str, work: Callable[[Batch], Any], *, by: Author = HEAD, after: float = 0) -> str:
    def done(session: Any) -> str:
        batch = Batch(session, by, cast(Action, action), at(after), ZONE)
        work(batch)
        return batch.key

    return town.run(done)


def _undo(town: Town, key: str, **more: Any) -> Undone:
    return town.run(lambda session: undo(session, key, OTHER, at(3600), ZONE, **more))


def _household(town: Town, household_id: int) -> Household:
    return town.read(lambda session: session.get_one(Household, household_id))


def _set(household_id: int, **values: Any) -> Callable[[Batch], Any]:
    return lambda batch: batch.change(batch.session.get_one(Household, household_id), **values)


def test_a_change_is_on_record_with_who_when_where_before_and_after(town: Town) -> None:
    wang = town.house("王建国")

    _do(town, "edit_household", _set(wang.id, head="王建军", silent=True, door="3-1"))

    change = town.read(lambda session: session.scalars(select(Change)).one())
    assert (change.changed_by, change.source, change.action) == ("陶村长", Source.PAGE, "edit_household")
    assert (change.changed_at, change.changed_on) == (NOW, date(2026, 11, 23))
    assert (change.table, change.row_id, change.household_id) == ("households", wang.id, wang.id)
    assert (change.village_id, change.group_id) == (town.village_id, town.group_id)
    assert change.before == {"head": "王建国", "silent": False}, "the door stayed as it was"
    assert change.after == {"head": "王建军", "silent": True}
    assert _household(town, wang.id).version == 2


def test_what_changes_nothing_leaves_no_record(town: Town) -> None:
    wang = town.house("王建国")
    _do(town, "edit_household", _set(wang.id, head="王建国"))
    assert town.read(lambda session: session.scalars(select(Change)).all()) == []
    assert _household(town, wang.id).version == 1


def test_undo_gives_back_what_was_and_can_itself_be_undone(town: Town) -> None:
    wang = town.house("王建国")
    key = _do(town, "edit_household", _set(wang.id, head="王建军", away_until=at(86400)))

    undone = _undo(town, key)

    assert (_household(town, wang.id).head, _household(town, wang.id).away_until) == ("王建国", None)
    with pytest.raises(NothingToUndo):
        _undo(town, key)
    _undo(town, undone.batch.key)
    assert _household(town, wang.id).away_until == at(86400)


def test_however_many_changes_there_were_none_is_taken_back_twice(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groups.history.undo.AT_ONCE", 1)
    houses = [town.house("王建国"), town.house("李月芳")]
    key = _do(town, "edit_household", lambda batch: [_set(each.id, silent=True)(batch) for each in houses])
    _undo(town, key)
    assert [_household(town, each.id).silent for each in houses] == [False, False]
    with pytest.raises(NothingToUndo):
        _undo(town, key)


def test_who_may_sign_in_is_changed_once_more_and_not_undone(town: Town) -> None:
    wang = town.house("王建国")
    key = _do(town, "edit_household", _set(wang.id, head="王建军"))
    town.run(lambda session: session.execute(update(Change).where(Change.batch == key).values(table="accounts")))
    with pytest.raises(NothingToUndo):
        _undo(town, key)


def test_a_new_household_is_archived_by_its_undo_and_its_number_is_free(town: Town) -> None:
    def add(batch: Batch) -> None:
        house = batch.add(Household(village_id=town.village_id, group_id=town.group_id, head="李四", position=9))
        batch.add(Phone(household_id=house.id, number="+8613805990001", kind=PhoneKind.MOBILE))

    key = _do(town, "add_household", add)
    house = town.read(lambda session: session.scalars(select(Household)).one())
    _do(town, "reorder", _set(house.id, position=1))

    _undo(town, key)

    assert _household(town, house.id).archived_at is not None
    assert town.phone("+8613805990001").archived_at is not None


def test_a_later_change_on_top_is_named_and_nothing_is_overwritten(town: Town) -> None:
    wang = town.house("王建国")
    key = _do(town, "edit_household", _set(wang.id, head="王建军"))
    _do(town, "edit_household", _set(wang.id, head="王建设"), by=OTHER, after=60)

    with pytest.raises(ChangedSince) as refused:
        _undo(town, key)

    (obstacle,) = refused.value.obstacles
    assert (obstacle.why, obstacle.later.changed_by) == (Why.CHANGED_SINCE, "李会计")
    assert _household(town, wang.id).head == "王建设"


def test_what_was_changed_beside_it_since_stays_and_keeps_no_undo_from_its_own_fields(town: Town) -> None:
    wang = town.house("王建国")
    renamed = _do(town, "edit_household", _set(wang.id, head="王建军", landmark="桥南"))
    _do(town, "edit_household", _set(wang.id, note="犬"), by=OTHER, after=60)
    _undo(town, renamed)
    household = _household(town, wang.id)
    assert (household.head, household.landmark, household.note) == ("王建国", "桥东第1家", "犬")

    # A change of number is another phone; whose it is and when it rings may be said since, and is no part of it.
    changed = _do(town, "change_number", _change_number(wang.id, wang.number, "+8613805990009"))
    _do(town, "edit_household", _set_phone("+8613805990009", holder="儿子", rank=3, may_text=False), after=120)
    undone = _undo(town, changed)
    old = town.phone(wang.number)
    assert (old.archived_at, old.holder, old.rank, old.may_text) == (None, "儿子", 3, False)
    assert town.phone("+8613805990009").archived_at is not None
    _do(town, "edit_household", _set_phone(wang.number, holder="女儿"), after=4000)
    _undo(town, undone.batch.key)
    assert town.phone("+8613805990009").holder == "女儿", "nor is it lost where the undo is undone"


def test_whoever_wrote_the_same_field_is_named_and_not_who_wrote_another_one_after_them(town: Town) -> None:
    wang = town.house("王建国")
    key = _do(town, "edit_household", _set(wang.id, head="王建军", door="9-9"))
    _do(town, "edit_household", _set(wang.id, head="王建设"), by=OTHER, after=60)
    _do(town, "edit_household", _set(wang.id, note="犬"), by=Author("第三人", Source.PAGE), after=120)
    changed = _do(town, "change_number", _change_number(wang.id, wang.number, "+8613805990009"), after=180)
    _do(town, "change_number", _change_number(wang.id, "+8613805990009", "+8613805990008"), by=OTHER, after=240)

    with pytest.raises(ChangedSince) as refused:
        _undo(town, key)
    (obstacle,) = refused.value.obstacles
    assert (obstacle.columns, obstacle.later.changed_by) == ({"head"}, "李会计")
    with pytest.raises(ChangedSince) as refused:
        _undo(town, changed)
    assert {(*one.columns, one.later.changed_by) for one in refused.value.obstacles} == {("archived_at", "李会计")}


def _change_number(household_id: int, old: str, new: str) -> Callable[[Batch], Any]:
    def change(batch: Batch) -> None:
        phone = batch.session.scalars(select(Phone).where(Phone.number == old, Phone.archived_at.is_(None))).one()
        change_number(batch, batch.session.get_one(Household, household_id), phone, normalise(new, "CN", ""))

    return change


def _set_phone(number: str, **values: Any) -> Callable[[Batch], Any]:
    return lambda batch: batch.change(
        batch.session.scalars(select(Phone).where(Phone.number == number, Phone.archived_at.is_(None))).one(), **values
    )


def test_of_a_large_batch_all_that_nobody_has_touched_since_can_be_undone(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳")

    def both(batch: Batch) -> None:
        assert batch.change_all(Household, {wang.id: {"landmark": "桥东"}, li.id: {"landmark": "桥西"}}) == 2
        assert len(batch.add_all(Phone, [_phone(wang.id, 1), _phone(li.id, 2)])) == 2

    key = _do(town, "import", both)
    _do(town, "edit_household", _set(li.id, landmark="桥南"), by=OTHER)

    with pytest.raises(ChangedSince):
        _undo(town, key)
    undone = _undo(town, key, what_can_be=True)

    assert _household(town, wang.id).landmark == "桥东第1家"
    assert _household(town, li.id).landmark == "桥南"
    assert [one.change.household_id for one in undone.kept] == [li.id]
    assert town.phone("+8613805880001").archived_at is not None
    assert town.phone("+8613805880002").archived_at is None, "a household is undone as a whole or not at all"


def test_a_number_that_stands_elsewhere_by_now_does_not_come_back(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳")
    key = _do(
        town,
        "archive_phone",
        lambda batch: batch.change(
            batch.session.scalars(select(Phone).where(Phone.number == wang.number)).one(), archived_at=NOW
        ),
    )
    _do(
        town, "add_phone", lambda batch: batch.add(Phone(household_id=li.id, number=wang.number, kind=PhoneKind.MOBILE))
    )

    with pytest.raises(ChangedSince) as refused:
        _undo(town, key)
    assert [one.why for one in refused.value.obstacles] == [Why.TAKEN]


def test_what_others_have_put_into_a_new_group_keeps_it(town: Town) -> None:
    wang = town.house("王建国")
    made: list[int] = []

    def add(batch: Batch) -> None:
        made.append(batch.add(Group(village_id=town.village_id, name="9组")).id)

    key = _do(town, "add_group", add)
    _do(town, "move_household", _set(wang.id, group_id=made[0]))

    with pytest.raises(ChangedSince) as refused:
        _undo(town, key)
    assert [one.why for one in refused.value.obstacles] == [Why.IN_USE]


def test_nothing_comes_back_to_what_is_archived(town: Town) -> None:
    wang, other = town.house("王建国"), town.group("9组")
    key = _do(town, "move_household", _set(wang.id, group_id=other))
    _do(town, "archive_group", lambda b: b.change(b.session.get_one(Group, town.group_id), archived_at=NOW))

    with pytest.raises(ChangedSince) as refused:
        _undo(town, key)
    assert [one.why for one in refused.value.obstacles] == [Why.NOT_THERE]


def test_an_archived_household_comes_back_with_its_subscription_and_its_past(town: Town) -> None:
    wang = town.house("王建国")
    before = date(2026, 1, 5)

    def sign_up(session: Any) -> None:
        session.add(Subscription(household_id=wang.id, starts_on=before))
        session.add(home_since(session.get_one(Household, wang.id), before))

    town.run(sign_up)

    def archive(batch: Batch) -> None:
        batch.change(batch.session.get_one(Household, wang.id), archived_at=batch.now)
        follow_the_roster(batch)

    key = _do(town, "archive_household", archive)
    ended = town.read(lambda session: session.scalars(select(Subscription)).one())
    assert (ended.ends_on, ended.end_reason) == (date(2026, 11, 23), EndReason.ARCHIVED)

    _undo(town, key)

    again = town.read(lambda session: session.scalars(select(Subscription)).one())
    assert (again.ends_on, again.end_reason) == (None, None)
    homes = town.read(lambda session: session.scalars(select(Residence).order_by(Residence.starts_on)).all())
    assert [(home.starts_on, home.ends_on) for home in homes] == [(before, None)]


def test_a_subscription_does_not_come_back_to_a_household_that_is_archived(town: Town) -> None:
    wang = town.house("王建国")
    before, cancelled_on = date(2026, 1, 5), date(2026, 11, 1)

    def sign_up(session: Any) -> None:
        session.add(Subscription(household_id=wang.id, starts_on=before))
        session.add(home_since(session.get_one(Household, wang.id), before))

    def cancel(batch: Batch) -> None:
        batch.change(batch.session.scalars(select(Subscription)).one(), ends_on=cancelled_on)

    def archive(batch: Batch) -> None:
        batch.change(batch.session.get_one(Household, wang.id), archived_at=batch.now)
        follow_the_roster(batch)

    town.run(sign_up)
    cancelling = _do(town, "cancel", cancel)
    archiving = _do(town, "archive_household", archive)

    with pytest.raises(ChangedSince) as refused:
        _undo(town, cancelling)

    assert [one.why for one in refused.value.obstacles] == [Why.NOT_THERE]
    _undo(town, archiving)
    _undo(town, cancelling)
    again = town.read(lambda session: session.scalars(select(Subscription)).one())
    assert again.ends_on is None


def test_what_is_taken_out_of_a_table_without_an_archive_comes_back_as_it_was(town: Town) -> None:
    wang = town.house("王建国")
    row = town.run(lambda s: _added(s, Subscription(household_id=wang.id, starts_on=NOW.date())))
    key = _do(town, "remove", lambda batch: batch.remove(batch.session.get_one(Subscription, row.id)))
    assert town.read(lambda session: session.get(Subscription, row.id)) is None

    _undo(town, key)

    assert town.read(lambda session: session.get_one(Subscription, row.id)).starts_on == NOW.date()
    with pytest.raises(TypeError, match="archived"):
        _do(town, "remove", lambda batch: batch.remove(batch.session.get_one(Household, wang.id)))


def test_an_archive_is_not_brought_back_over_a_sign_up_made_since(town: Town) -> None:
    wang = town.house("王建国")

    def archive(batch: Batch) -> None:
        batch.change(batch.session.get_one(Household, wang.id), archived_at=batch.now)
        follow_the_roster(batch, households=[wang.id])

    _do(town, "add_household", lambda batch: follow_the_roster(batch, households=[wang.id]))
    undone = _undo(town, _do(town, "archive_household", archive, after=1)).batch.key
    _do(town, "enrol", lambda batch: batch.add(Subscription(household_id=wang.id, starts_on=batch.day)), after=5000)

    with pytest.raises(ChangedSince):
        _undo(town, undone)

    assert _household(town, wang.id).archived_at is None


def test_an_end_is_not_brought_back_once_somebody_has_said_anew_from_when_to_when(town: Town) -> None:
    wang = town.house("王建国")

    def change(**values: Any) -> Callable[[Batch], Any]:
        return lambda batch: batch.change(batch.session.scalars(select(Subscription)).one(), **values)

    day = date(2026, 11, 1)
    _do(town, "enrol", lambda batch: batch.add(Subscription(household_id=wang.id, starts_on=day)))
    undone = _undo(town, _do(town, "cancel", change(ends_on=date(2026, 11, 8)), after=1)).batch.key
    # It corrects the start and leaves the end open: brought back, the cancellation would leave a day of none.
    _do(town, "correct", change(starts_on=date(2026, 11, 8)), after=5000)

    with pytest.raises(ChangedSince):
        _undo(town, undone)

    assert town.read(lambda session: session.scalars(select(Subscription)).one().ends_on) is None


def test_values_that_came_again_by_later_changes_are_not_what_the_batch_left(town: Town) -> None:
    wang = town.house("王建国")
    first = _do(town, "rename", _set(wang.id, head="甲"))
    _do(town, "rename", _set(wang.id, head="乙"), after=1)
    third = _do(town, "rename", _set(wang.id, head="甲"), after=2)

    with pytest.raises(ChangedSince) as refused:
        _undo(town, first)

    assert [(one.why, one.later and one.later.batch) for one in refused.value.obstacles] == [(Why.CHANGED_SINCE, third)]
    # What was taken back, and only that, stands in the way no more; brought back, it does again.
    _do(town, "set_note", _set(wang.id, note="犬"), after=3)
    undone = _undo(town, third).batch.key
    again = _undo(town, undone)
    assert again.kept == ()
    with pytest.raises(ChangedSince):
        _undo(town, first)
    _undo(town, again.batch.key)
    second = town.read(lambda session: session.scalars(select(Change.batch).where(Change.row_id == wang.id)).all())[1]
    _undo(town, second)
    _undo(town, first)
    assert _household(town, wang.id).head == "王建国"


def test_an_id_that_was_taken_out_does_not_come_again_and_its_row_comes_back(town: Town) -> None:
    """It moved and was archived on one day, so its home of that day was taken out; then others arrived."""
    wang, li = town.house("王建国"), town.house("李月芳")

    def arrive(*heads: int) -> None:
        _do(town, "add_household", lambda batch: follow_the_roster(batch, households=heads))

    def archive(batch: Batch) -> None:
        batch.change(batch.session.get_one(Household, wang.id), archived_at=batch.now)
        follow_the_roster(batch, households=[wang.id])

    arrive(wang.id)
    key = _do(town, "archive_household", archive, after=1)
    assert town.read(lambda session: session.scalars(select(Residence)).all()) == []
    arrive(li.id)

    assert _undo(town, key).kept == ()
    homes = town.read(lambda session: session.scalars(select(Residence.household_id)).all())
    assert sorted(homes) == sorted([wang.id, li.id])


def _added(session: Any, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def _phone(household_id: int, serial: int) -> dict[str, Any]:
    return {"household_id": household_id, "number": f"+861380588{serial:04}", "rank": 2, "kind": PhoneKind.MOBILE}


def test_an_undo_never_brings_a_second_subscription_or_a_second_home_of_a_thing(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳")

    def begun(on: date) -> Callable[[Batch], Any]:
        def add(batch: Batch) -> None:
            batch.add(Subscription(household_id=wang.id, plan="键", starts_on=on, ends_on=None))

        return add

    def ended(model: type[Any], **values: date) -> Callable[[Batch], Any]:
        def change(batch: Batch) -> None:
            batch.change(batch.session.scalars(select(model).order_by(model.id)).all()[0], **values)

        return change

    def given(house: House, on: date) -> Callable[[Batch], Any]:
        return lambda batch: batch.add(Device(household_id=house.id, kind=DeviceKind.KEY, serial="K1", given_on=on))

    _do(town, "enrol", begun(date(2026, 1, 1)))
    cancelled = _do(town, "edit_household", ended(Subscription, ends_on=date(2026, 3, 1)))
    _do(town, "enrol", begun(date(2026, 6, 1)))
    _do(town, "give_device", given(wang, date(2026, 1, 1)))
    returned = _do(town, "edit_household", ended(Device, returned_on=date(2026, 3, 1)))
    _do(town, "give_device", given(li, date(2026, 6, 1)))
    closed = _do(town, "edit_household", lambda batch: batch.change(_last(batch, Device), returned_on=date(2026, 7, 1)))
    before = town.read(lambda session: session.scalars(select(Change.undone_by)).all())

    # The index forbids two open ones; a period that was closed since is told from the days alone.
    with pytest.raises((SubscriptionOverlaps, ChangedSince)):
        _undo(town, cancelled)
    _do(town, "correct", lambda batch: batch.change(_last(batch, Subscription), ends_on=date(2026, 9, 1)))
    with pytest.raises(SubscriptionOverlaps):
        _undo(town, cancelled)
    with pytest.raises(DeviceElsewhere, match="李月芳"):
        _undo(town, returned)
    assert set(before) == {""}
    assert _undo(town, closed).kept == ()


def _last(batch: Batch, model: type[Any]) -> Any:
    return batch.session.scalars(select(model).order_by(model.id.desc())).first()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_takes_back_what_another_is_taking_back_is_told_that_there_is_nothing(
    database: Database, town: Town
) -> None:
    wang = town.house("王建国")
    key = _do(town, "edit_household", _set(wang.id, head="王建军"))

    with pytest.raises(NothingToUndo):
        meanwhile(database, lambda session: undo(session, key, HEAD, at(3600), ZONE), lambda: _undo(town, key))
    assert _household(town, wang.id).head == "王建国"
