"""Whom to ring first."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from joint_defense.rules.parties import (
    AGAIN,
    DRILL,
    LAST_ROUND,
    NOTICE,
    ONLY_REFUSED,
    REFUSED_ROUND,
    SECOND_ROUND,
    Planned,
    plan_rings,
)
from joint_defense.rules.states import Channel

CALL, SMS = Channel.CALL, Channel.SMS


@dataclass(frozen=True)
class Phone:
    name: str
    household_id: int
    phone_rank: int = 1
    distance: int = 1
    may_call: bool = True
    may_text: bool = True
    call_refused: bool = False
    text_refused: bool = False
    responder_id: int | None = None


def urgencies(planned: list[Planned[Phone]]) -> dict[tuple[str, Channel], int]:
    return {(each.phone.name, each.channel): each.urgency for each in planned}


def test_every_phone_gets_a_call_and_a_text_and_each_households_first_phone_comes_first() -> None:
    phones = [Phone("a1", 1), Phone("b1", 2), Phone("a2", 1, 2), Phone("a3", 1, 3)]
    assert urgencies(plan_rings(phones)) == {
        **{("a1", CALL): 0, ("b1", CALL): 0, ("a2", CALL): 2, ("a3", CALL): 3},
        **{("a1", SMS): 0, ("b1", SMS): 0, ("a2", SMS): 2, ("a3", SMS): 3},
    }


def test_a_landline_that_takes_no_text_does_not_put_its_household_back_for_texts() -> None:
    phones = [Phone("landline", 1, 1, may_text=False), Phone("mobile", 1, 2)]
    assert urgencies(plan_rings(phones)) == {("landline", CALL): 0, ("mobile", CALL): 2, ("mobile", SMS): 0}


def test_a_phone_that_takes_only_texts_is_not_called() -> None:
    assert urgencies(plan_rings([Phone("deaf", 1, may_call=False)])) == {("deaf", SMS): 0}


def test_a_refused_number_is_tried_after_all_others_on_that_channel_only() -> None:
    phones = [Phone("refused", 1, 1, call_refused=True), Phone("second", 1, 2), Phone("other", 2)]
    assert urgencies(plan_rings(phones)) == {
        **{("refused", CALL): REFUSED_ROUND, ("second", CALL): 0, ("other", CALL): 0},
        **{("refused", SMS): 0, ("second", SMS): 2, ("other", SMS): 0},
    }


def test_a_household_with_nothing_but_refused_numbers_still_has_a_call_before_any_second_phone() -> None:
    phones = [
        Phone("r1", 1, 1, call_refused=True),
        Phone("r2", 1, 2, call_refused=True),
        Phone("b1", 2),
        Phone("b2", 2),
    ]
    planned = urgencies([each for each in plan_rings(phones) if each.channel is CALL])
    assert planned == {("b1", CALL): 0, ("r1", CALL): ONLY_REFUSED, ("b2", CALL): 2, ("r2", CALL): REFUSED_ROUND}


def test_the_nearest_doors_have_the_first_turns_of_each_round() -> None:
    phones = [Phone("far", 1, distance=9), Phone("far2", 1, 2, distance=9), Phone("near", 2, distance=1)]
    turns = {(each.phone.name, each.urgency): each.turn for each in plan_rings(phones) if each.channel is CALL}
    assert turns == {("near", 0): 0, ("far", 0): 1, ("far2", 2): 0}


def test_the_many_phones_of_one_household_share_a_last_round() -> None:
    planned = urgencies(plan_rings([Phone(f"p{rank}", 1, rank) for rank in range(1, 10)]))
    assert [planned[f"p{rank}", CALL] for rank in range(1, 10)] == [0, 2, 3, 4, 5, 6, 6, 6, 6]
    assert LAST_ROUND == 6 < REFUSED_ROUND < AGAIN < NOTICE


def test_a_drill_stands_behind_everything_of_an_alarm() -> None:
    phones = [Phone("a1", 1), Phone("a2", 1, 2, call_refused=True)]
    real, drill = plan_rings(phones), plan_rings(phones, drill=True)
    assert [each.urgency for each in drill] == [each.urgency + DRILL for each in real]
    assert min(each.urgency for each in drill) > NOTICE + LAST_ROUND


PHONES = st.builds(
    Phone,
    name=st.just(""),
    household_id=st.integers(1, 4),
    phone_rank=st.integers(1, 4),
    may_call=st.booleans(),
    may_text=st.booleans(),
    call_refused=st.booleans(),
    text_refused=st.booleans(),
)


@given(st.lists(PHONES, max_size=20))
def test_every_channel_a_phone_takes_is_planned_once_and_no_other(phones: list[Phone]) -> None:
    planned = plan_rings(phones)
    for channel, takes in ((CALL, "may_call"), (SMS, "may_text")):
        rung = [each.phone for each in planned if each.channel is channel]
        assert sorted(map(id, rung)) == sorted(id(phone) for phone in phones if getattr(phone, takes))
        refused = f"{'call' if channel is CALL else 'text'}_refused"
        reachable = {phone.household_id for phone in rung if not getattr(phone, refused)}
        first_round = [each.phone.household_id for each in planned if each.channel is channel and each.urgency == 0]
        assert sorted(first_round) == sorted(reachable)
        firsts = [
            each.phone.household_id for each in planned if each.channel is channel and each.urgency < SECOND_ROUND
        ]
        assert sorted(firsts) == sorted({phone.household_id for phone in rung})
        turns = sorted((each.urgency, each.turn) for each in planned if each.channel is channel)
        assert len(turns) == len(set(turns))
