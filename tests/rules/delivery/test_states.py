"""The delivery machine, cell by cell, and the orders in which a carrier's words really come."""

from __future__ import annotations

from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joint_defense.rules.states import (
    CARRIER_WORDS,
    FINAL,
    OVER,
    AttemptState,
    Channel,
    DeliveryState,
    advance,
    may_move,
    read_carrier_word,
)

# Rows: the state an attempt is in. Columns: the state it hears of. A cell: the state it has then. By hand, so that
# the table in the code is held by another one and not by itself.
COLUMNS = "requesting unanswered lost queued ringing in_progress sent completed busy no_answer canceled delivered undelivered failed refused"  # noqa: E501
TABLE = """
requesting   requesting requesting lost queued ringing in_progress sent completed busy no_answer canceled delivered undelivered failed refused
unanswered   unanswered unanswered lost queued ringing in_progress sent completed busy no_answer canceled delivered undelivered failed refused
lost         lost lost lost queued ringing in_progress sent completed busy no_answer canceled delivered undelivered failed refused
queued       queued queued queued queued ringing in_progress sent completed busy no_answer canceled delivered undelivered failed refused
ringing      ringing ringing ringing ringing ringing in_progress sent completed busy no_answer canceled delivered undelivered failed refused
in_progress  in_progress in_progress in_progress in_progress in_progress in_progress in_progress completed busy no_answer canceled delivered undelivered failed refused
sent         sent sent sent sent sent sent sent completed busy no_answer canceled delivered undelivered failed refused
completed    completed completed completed completed completed completed completed completed completed completed completed completed completed completed completed
busy         busy busy busy busy busy busy busy busy busy busy busy busy busy busy busy
no_answer    no_answer no_answer no_answer no_answer no_answer no_answer no_answer no_answer no_answer no_answer no_answer no_answer no_answer no_answer no_answer
canceled     canceled canceled canceled canceled canceled canceled canceled canceled canceled canceled canceled canceled canceled canceled canceled
delivered    delivered delivered delivered delivered delivered delivered delivered delivered delivered delivered delivered delivered delivered delivered delivered
undelivered  undelivered undelivered undelivered undelivered undelivered undelivered undelivered undelivered undelivered undelivered undelivered undelivered undelivered undelivered undelivered
failed       failed failed failed failed failed failed failed failed failed failed failed failed failed failed failed
refused      refused refused refused refused refused refused refused refused refused refused refused refused refused refused refused
"""  # noqa: E501
CELLS = [
    (AttemptState(words[0]), AttemptState(heard), AttemptState(then))
    for words in (line.split() for line in TABLE.strip().splitlines())
    for heard, then in zip(COLUMNS.split(), words[1:], strict=True)
]

# Rows: the state a delivery is in. Columns: where it is to go. By hand, as above.
MOVES = """
           waiting claimed placed reached unreached cancelled
waiting    yes     yes     yes    yes     yes       yes
claimed    yes     no      yes    yes     yes       yes
placed     yes     no      yes    yes     yes       yes
reached    no      no      no     no      no        no
unreached  no      no      no     no      no        no
cancelled  no      no      no     no      no        no
"""
MOVE_CELLS = [
    (DeliveryState(words[0]), DeliveryState(after), word == "yes")
    for words in (line.split() for line in MOVES.strip().splitlines()[1:])
    for after, word in zip(MOVES.split()[: len(DeliveryState)], words[1:], strict=True)
]

# Every status the carrier's API names, and what it stands for.
CALL_WORDS = {
    "queued": "queued",
    "initiated": "queued",
    "ringing": "ringing",
    "in-progress": "in_progress",
    "answered": "in_progress",
    "completed": "completed",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "canceled",
}
SMS_WORDS = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "canceled",
}


def heard_in_turn(*words: str, channel: Channel = Channel.CALL) -> AttemptState:
    state = AttemptState.REQUESTING
    for word in words:
        heard = read_carrier_word(channel, word)
        assert heard is not None
        state = advance(state, heard)
    return state


def test_the_table_has_a_cell_for_every_pair_of_states() -> None:
    assert {(before, heard) for before, heard, _ in CELLS} == set(product(AttemptState, AttemptState))
    assert len(CELLS) == len(AttemptState) ** 2


@pytest.mark.parametrize(("before", "heard", "then"), CELLS, ids=lambda state: str(state))
def test_each_cell_of_the_transition_table(before: AttemptState, heard: AttemptState, then: AttemptState) -> None:
    assert advance(before, heard) is then


def test_the_table_of_moves_has_a_cell_for_every_pair_of_states() -> None:
    assert sorted(MOVE_CELLS) == sorted((before, after, may_move(before, after)) for before, after, _ in MOVE_CELLS)
    assert {(before, after) for before, after, _ in MOVE_CELLS} == set(product(DeliveryState, DeliveryState))


@pytest.mark.parametrize(("before", "after", "allowed"), MOVE_CELLS, ids=str)
def test_each_cell_of_the_table_of_moves(before: DeliveryState, after: DeliveryState, *, allowed: bool) -> None:
    assert may_move(before, after) is allowed


def test_the_final_states_are_those_after_which_the_carrier_has_nothing_to_say() -> None:
    assert {str(state) for state in FINAL} == {
        *("completed", "busy", "no_answer", "canceled"),
        *("delivered", "undelivered", "failed", "refused"),
    }
    assert {str(state) for state in OVER} == {"reached", "unreached", "cancelled"}
    assert set(DeliveryState) > OVER


@pytest.mark.parametrize(("channel", "words"), [(Channel.CALL, CALL_WORDS), (Channel.SMS, SMS_WORDS)])
def test_every_word_of_the_carrier_is_known(channel: Channel, words: dict[str, str]) -> None:
    assert {word: str(state) for word, state in CARRIER_WORDS[channel].items()} == words
    for word, state in words.items():
        assert read_carrier_word(channel, word) is AttemptState(state)


@pytest.mark.parametrize("word", ["", "COMPLETED", "in progress", "receiving", "delivered", "gone"])
def test_a_word_that_is_not_the_carriers_for_a_call_stands_for_nothing(word: str) -> None:
    assert read_carrier_word(Channel.CALL, word) is None


def test_a_call_that_is_taken_goes_through_its_states() -> None:
    assert heard_in_turn("queued", "initiated", "ringing") is AttemptState.RINGING
    assert heard_in_turn("queued", "initiated", "ringing", "in-progress") is AttemptState.IN_PROGRESS
    assert heard_in_turn("queued", "initiated", "ringing", "in-progress", "completed") is AttemptState.COMPLETED


def test_a_single_final_word_is_enough() -> None:
    for word in ("completed", "busy", "no-answer", "failed", "canceled"):
        assert heard_in_turn(word) is AttemptState(CALL_WORDS[word])
    for word in ("delivered", "undelivered", "failed"):
        assert heard_in_turn(word, channel=Channel.SMS) is AttemptState(SMS_WORDS[word])


def test_words_in_any_order_end_in_the_same_state() -> None:
    for order in permutations(["queued", "initiated", "ringing", "in-progress", "completed"]):
        assert heard_in_turn(*order) is AttemptState.COMPLETED
    for order in permutations(["queued", "ringing", "no-answer"]):
        assert heard_in_turn(*order) is AttemptState.NO_ANSWER
    for order in permutations(["accepted", "queued", "sending", "sent", "delivered"]):
        assert heard_in_turn(*order, channel=Channel.SMS) is AttemptState.DELIVERED


def test_a_word_said_twice_changes_nothing() -> None:
    assert heard_in_turn("ringing", "ringing") is AttemptState.RINGING
    assert heard_in_turn("busy", "busy", "ringing", "busy") is AttemptState.BUSY


def test_the_first_of_two_final_words_stands() -> None:
    assert heard_in_turn("completed", "failed") is AttemptState.COMPLETED
    assert heard_in_turn("no-answer", "completed") is AttemptState.NO_ANSWER
    assert heard_in_turn("delivered", "undelivered", channel=Channel.SMS) is AttemptState.DELIVERED


def test_a_request_given_up_as_lost_is_found_again_by_a_late_word() -> None:
    assert advance(AttemptState.LOST, AttemptState.RINGING) is AttemptState.RINGING
    assert advance(AttemptState.RINGING, AttemptState.LOST) is AttemptState.RINGING


@given(st.lists(st.sampled_from(AttemptState), max_size=30))
def test_whatever_is_heard_a_final_state_is_never_left(heard: list[AttemptState]) -> None:
    state = AttemptState.REQUESTING
    final: AttemptState | None = None
    for word in heard:
        state = advance(state, word)
        assert final is None or state is final
        final = state if state in FINAL else None
