"""What turns words off, whatever the words: each turn is tried with each core of an answer and of a danger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from joint_defense.rules.understanding.meanings import Meaning, Writer
from joint_defense.rules.understanding.understand import understand

TABLE: dict[str, list[str]] = json.loads((Path(__file__).parents[2] / "data" / "turned_off.json").read_text("utf-8"))
COMING, ON_SCENE, EVENTS = TABLE["coming"], TABLE["on_scene"], TABLE["events"]
GRAVE = {Meaning.COMING, Meaning.ON_SCENE, Meaning.ALARM}


def list_concluded(turns: list[str], cores: list[str], writer: Writer) -> list[str]:
    """The texts of these turns and cores from which something grave is concluded."""
    made = [turn.format(core) for turn in turns for core in cores]
    return [each for each in made if understand(each, writer).meaning in GRAVE]


@pytest.mark.parametrize("cores", [COMING, ON_SCENE])
def test_what_others_do_what_is_asked_denied_or_heard_is_no_answer(cores: list[str]) -> None:
    assert list_concluded(TABLE["others_or_doubt"], cores, Writer.RUNG) == []


def test_a_helpers_words_about_danger_elsewhere_call_nobody_to_their_own_house() -> None:
    assert list_concluded(TABLE["about_others_houses"], EVENTS, Writer.RUNG) == []


def test_notices_questions_and_the_past_raise_no_alarm() -> None:
    assert list_concluded(TABLE["raise_nothing"], EVENTS, Writer.AT_REST) == []


def test_the_same_cores_alone_do_answer_and_do_raise() -> None:
    # Without this the tests above would hold for rules that understand nothing.
    assert [each for each in COMING if understand(each, Writer.RUNG).meaning is not Meaning.COMING] == []
    assert [each for each in ON_SCENE if understand(each, Writer.RUNG).meaning is not Meaning.ON_SCENE] == []
    assert [each for each in EVENTS if understand(each, Writer.AT_REST).meaning is not Meaning.ALARM] == []
    assert [each for each in EVENTS if understand(f"我家{each}", Writer.RUNG).meaning is not Meaning.ALARM] == []
