"""Whom a ring reaches, and in what order."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from groups.directory.recipients import FARTHEST, Reachable, Ring, put_away_aside, ring_order

GROUP, OTHER_GROUP = 1, 2
CALLER = 5


def phone(phone_id: int, household: int, *, position: int | None = None, rank: int = 1, **changes: Any) -> Reachable:
    at_first = Reachable(
        phone_id=phone_id,
        number=f"+8619900000{phone_id:03}",
        household_id=household,
        group_id=GROUP,
        position=household if position is None else position,
        rank=rank,
        may_call=True,
        may_text=True,
        call_refused=False,
        text_refused=False,
    )
    return at_first._replace(**changes)


def ring(phones: list[Reachable]) -> list[Ring]:
    return ring_order(phones, household_id=CALLER, group_id=GROUP, position=CALLER)


def ids(rings: list[Ring]) -> list[int]:
    return [one.phone.phone_id for one in rings]


def test_the_nearest_doors_come_first_on_either_side() -> None:
    assert ids(ring([phone(1, 1), phone(9, 9), phone(4, 4), phone(6, 6), phone(7, 7)])) == [4, 6, 7, 1, 9]


def test_no_second_phone_comes_before_the_last_households_first() -> None:
    near = [phone(41, 4, rank=1), phone(42, 4, rank=2), phone(43, 4, rank=3)]
    # A household's own order, and not that of the ids.
    assert ids(ring([*near, phone(10, 10), phone(61, 6, rank=2), phone(62, 6)])) == [41, 62, 10, 42, 61, 43]


def test_the_callers_own_household_is_never_rung() -> None:
    assert ids(ring([phone(1, CALLER), phone(2, CALLER, rank=2), phone(3, 4)])) == [3]


def test_a_leader_from_elsewhere_is_rung_behind_the_groups_doors_but_before_second_phones() -> None:
    leader = phone(70, 70, position=5, group_id=OTHER_GROUP)
    rings = ring([leader, phone(1, 20), phone(2, 20, rank=2)])
    assert [(one.phone.phone_id, one.distance) for one in rings] == [(1, 15), (70, FARTHEST), (2, 15)]


def test_a_phone_that_takes_neither_calls_nor_texts_is_left_out_and_yields_its_turn() -> None:
    mute = phone(41, 4, rank=1, may_call=False, may_text=False)
    assert [(one.phone.phone_id, one.turn) for one in ring([mute, phone(42, 4, rank=2)])] == [(42, 1)]


def test_a_number_refused_on_all_its_channels_comes_last_of_all_and_yields_the_first_turn() -> None:
    refused = phone(41, 4, rank=1, may_text=False, call_refused=True)
    rings = ring([refused, phone(42, 4, rank=2), phone(10, 10), phone(11, 10, rank=2)])
    assert [(one.phone.phone_id, one.turn) for one in rings] == [(42, 1), (10, 1), (11, 2), (41, 2)]


def test_a_number_refused_on_one_channel_keeps_its_place() -> None:
    assert ids(ring([phone(41, 4, call_refused=True), phone(10, 10)])) == [41, 10]


def test_a_phone_named_twice_is_rung_once() -> None:
    twice = phone(41, 4)
    assert ids(ring([twice, twice, twice._replace(phone_id=99, household_id=8)])) == [41]


def test_who_is_away_is_texted_after_all_at_home_and_not_called() -> None:
    rings = ring_order(
        put_away_aside([phone(41, 4), phone(10, 10), phone(11, 10, rank=2)], CALLER, {4}),
        household_id=CALLER,
        group_id=GROUP,
        position=5,
    )
    assert [(one.phone.phone_id, one.phone.may_call) for one in rings] == [(10, True), (11, True), (41, False)]


def test_a_landline_in_an_empty_house_is_not_rung() -> None:
    assert ids(ring(put_away_aside([phone(41, 4, may_text=False), phone(10, 10)], CALLER, {4}))) == [10]


def test_where_nobody_is_at_home_all_are_rung_as_ever() -> None:
    phones = [phone(41, 4), phone(10, 10), phone(99, CALLER)]
    assert put_away_aside(phones, CALLER, {4, 10}) == phones


reachable = st.builds(
    Reachable,
    phone_id=st.integers(1, 10_000),
    number=st.integers(0, 30).map("+86199{:08}".format),
    household_id=st.integers(1, 12),
    group_id=st.sampled_from([GROUP, OTHER_GROUP, None]),
    position=st.integers(0, 5000),
    rank=st.integers(1, 4),
    may_call=st.booleans(),
    may_text=st.booleans(),
    call_refused=st.booleans(),
    text_refused=st.booleans(),
    away=st.just(False),
)


@given(st.lists(reachable, max_size=40))
def test_whatever_the_roster_holds_the_order_keeps_its_promises(phones: list[Reachable]) -> None:
    rings = ring(phones)
    numbers = [one.phone.number for one in rings]
    others = [one for one in phones if one.household_id != CALLER and one.takes_anything]
    assert len(numbers) == len(set(numbers)), "each phone once"
    assert set(numbers) == {one.number for one in others}, "nobody forgotten, nobody added"
    assert CALLER not in {one.phone.household_id for one in rings}
    assert [one.phone.is_refused for one in rings] == sorted(one.phone.is_refused for one in rings), "refused ones last"
    usable = [one for one in rings if not one.phone.is_refused]
    assert [one.turn for one in usable] == sorted(one.turn for one in usable), "first phones before second ones"
    for turn in {one.turn for one in usable}:
        distances = [one.distance for one in usable if one.turn == turn]
        assert distances == sorted(distances), "nearest doors first"
    for household in {one.phone.household_id for one in rings}:
        turns = sorted(one.turn for one in rings if one.phone.household_id == household)
        assert turns == list(range(1, len(turns) + 1)), "every household has a first phone"


@given(st.lists(reachable, max_size=20, unique_by=lambda one: one.number), st.randoms())
def test_the_order_does_not_depend_on_the_order_in_which_rows_arrive(phones: list[Reachable], chance: object) -> None:
    phones = [one._replace(phone_id=number) for number, one in enumerate(phones)]
    shuffled = list(phones)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ring(shuffled) == ring(phones)
