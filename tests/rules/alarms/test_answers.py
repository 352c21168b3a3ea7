"""Who is coming: anybody of a household or team who says so and has not taken it back, and nobody who calls too."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from joint_defense.rules.answers import Answers, Given
from joint_defense.rules.parties import Party
from joint_defense.rules.replies import Answer

COMING, CANNOT, ON_SCENE = Answer.COMING, Answer.CANNOT, Answer.ON_SCENE
LI, CHEN, DUTY = Party(1, None), Party(2, None), Party(None, 1)


def answers(*given: tuple[Party, Answer], callers: tuple[Party, ...] = ()) -> Answers:
    return Answers(
        Given(number, party, answer, party.key, party.key, "", party in callers)
        for number, (party, answer) in enumerate(given, start=1)
    )


def coming(found: Answers) -> list[tuple[Party, Answer]]:
    return [(each.party, each.answer) for each in found.coming]


def test_the_newest_answer_of_each_counts_and_they_stand_in_the_order_in_which_they_answered_first() -> None:
    found = answers((LI, COMING), (CHEN, COMING), (LI, ON_SCENE), (DUTY, CANNOT), (DUTY, COMING))
    assert coming(found) == [(LI, ON_SCENE), (CHEN, COMING), (DUTY, COMING)]
    assert [each.id for each in found.coming] == [3, 2, 5]


def test_a_household_and_a_responder_with_the_same_id_are_two() -> None:
    found = answers((LI, CANNOT), (DUTY, COMING))
    assert coming(found) == [(DUTY, COMING)]
    assert found.parties == {LI, DUTY}
    assert LI.key != DUTY.key


def test_whoever_has_turned_back_is_not_coming() -> None:
    found = answers((LI, COMING), (LI, CANNOT))
    assert coming(found) == []
    assert found.of(LI) is CANNOT
    assert not found.comes(LI)


def persons(*given: tuple[str, Answer]) -> Answers:
    """Answers of one household, from these numbers."""
    return Answers(
        Given(place, LI, answer, LI.key, LI.key, number) for place, (number, answer) in enumerate(given, start=1)
    )


def test_anybody_of_a_household_coming_wins_until_the_one_who_was_coming_turns_back() -> None:
    assert persons(("wife", COMING), ("husband", CANNOT)).of(LI) is COMING
    assert persons(("husband", CANNOT), ("wife", COMING)).of(LI) is COMING
    assert persons(("wife", COMING), ("husband", CANNOT)).list_given_up_since(1) == []
    gone = persons(("wife", COMING), ("husband", CANNOT), ("wife", CANNOT))
    assert (gone.of(LI), [each.party for each in gone.list_given_up_since(2)]) == (CANNOT, [LI])
    assert persons(("wife", COMING), ("husband", ON_SCENE), ("wife", CANNOT)).of(LI) is ON_SCENE
    assert gone.find_of_person(LI, "husband") is CANNOT
    assert gone.find_of_person(CHEN, "husband") is None


def test_whoever_calls_for_help_too_is_not_coming() -> None:
    found = answers((LI, COMING), (CHEN, COMING), callers=(LI,))
    assert coming(found) == [(CHEN, COMING)]


def test_whoever_was_told_of_is_told_of_again_when_they_cannot_come_after_all() -> None:
    found = answers((LI, COMING), (CHEN, CANNOT), (LI, CANNOT))
    assert [each.party for each in found.list_given_up_since(1)] == [LI]
    assert found.list_given_up_since(3) == []
    assert found.list_given_up_since(0) == [], "nobody had heard that they come"


def test_nobody_has_answered() -> None:
    found = answers()
    assert (found.coming, found.parties, found.of(LI), found.comes(LI)) == ([], set(), None, False)


@given(st.lists(st.tuples(st.sampled_from([LI, CHEN, DUTY]), st.sampled_from(Answer)), max_size=20), st.randoms())
def test_the_order_in_which_they_are_read_does_not_matter(given: list[tuple[Party, Answer]], random: object) -> None:
    rows = [Given(number, party, answer, "", "", "") for number, (party, answer) in enumerate(given, start=1)]
    mixed = list(rows)
    random.shuffle(mixed)  # type: ignore[attr-defined] # a random.Random
    assert Answers(mixed).coming == Answers(rows).coming
