"""Who writes, and what a text can mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from joint_defense.rules.triggers import Category


class Writer(StrEnum):
    """Who somebody is at the moment they write; it decides what their words can mean."""

    CALLER = "caller"
    """A household with an open alarm of its own."""
    RUNG = "rung"
    """Somebody who was told of an open alarm."""
    TOLD_OVER = "told_over"
    """Somebody who was just told that an alarm is over."""
    AT_REST = "at_rest"


class Meaning(StrEnum):
    """What a text comes to."""

    COMING = "coming"
    CANNOT = "cannot"
    ON_SCENE = "on_scene"
    ALARM = "alarm"
    TAKEN_BACK = "taken_back"
    """The caller takes the alarm back: it was none."""
    SOLVED = "solved"
    """The caller says that the trouble is over."""
    ALL_OVER = "all_over"
    """A leader says that it is over."""
    TOLD = "told"
    """Words for those who should know; they conclude nothing."""
    MACHINE = "machine"
    """No person wrote it."""
    NOTHING = "nothing"
    """No words, or none that concern an alarm."""


class Question(StrEnum):
    """What somebody asks besides."""

    WHO_COMES = "who_comes"
    WHERE = "where"
    OTHER = "other"


ANSWERS = frozenset({Meaning.COMING, Meaning.CANNOT, Meaning.ON_SCENE})
"""The meanings that are a household's answer to an alarm."""


@dataclass(frozen=True, slots=True)
class Understood:
    """The conclusion. `words` is what they wrote themselves, links cut out, where it says more than the conclusion."""

    meaning: Meaning
    category: Category = Category.UNSPECIFIED
    words: str = ""
    question: Question | None = None
    minutes: int | None = None
    """In how many minutes somebody who comes says that they are there."""
