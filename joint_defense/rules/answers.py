"""Who is coming: the one rule of what a household's answers come to.

Of each person (a number) the newest answer counts, and of a party whoever comes: it turns back only when all who were
coming say so. Whoever calls for help in the same incident is not counted as coming: they have other things to do.
`incidents.answers` has the query that this is made of, and the same rule as SQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from joint_defense.rules.parties import Party
from joint_defense.rules.replies import COMES, Answer


@dataclass(frozen=True, slots=True)
class Given:
    """An answer on record, from a number. Ids grow as answers come. `calls_too`: its party calls for help itself."""

    id: int
    party: Party
    answer: Answer
    name: str
    name_en: str
    number: str
    calls_too: bool = False
    minutes: int | None = None
    """In how many minutes they mean to be there."""

    def name_in(self, language: str) -> str:
        """Who has given it, as this language calls them."""
        return self.name if language == "zh" else self.name_en


class Answers:
    """The answers to an incident."""

    def __init__(self, given: Iterable[Given]) -> None:
        self._given = sorted(given, key=lambda each: each.id)
        by_person = {(each.party, each.number): each for each in self._given}
        self._newest: dict[Party, Given] = {each.party: each for each in self._given}
        # The newest of those who come stands for their party, whatever others of it have said since.
        self._newest |= {each.party: each for each in sorted(by_person.values(), key=_get_id) if each.answer in COMES}

    @property
    def parties(self) -> set[Party]:
        """Who has answered at all."""
        return set(self._newest)

    def of(self, party: Party) -> Answer | None:
        """What a party's answers come to."""
        newest = self._newest.get(party)
        return None if newest is None else newest.answer

    def comes(self, party: Party) -> bool:
        """Whether a party is coming, or there."""
        newest = self._newest.get(party)
        return newest is not None and newest.answer in COMES and not newest.calls_too

    @property
    def coming(self) -> list[Given]:
        """The newest answers of those who are coming or there, by the moment each answered first."""
        return [newest for party, newest in self._newest.items() if self.comes(party)]

    def list_given_up_since(self, told: int) -> list[Given]:
        """The answers of those who came as of answer `told`, and have said since that they cannot."""
        then = Answers(each for each in self._given if each.id <= told)
        return [
            newest
            for party, newest in self._newest.items()
            if newest.id > told and newest.answer is Answer.CANNOT and then.of(party) in COMES
        ]

    def find_of_person(self, party: Party, number: str) -> Answer | None:
        """The newest answer that a party gave from this number."""
        own = [each.answer for each in self._given if (each.party, each.number) == (party, number)]
        return own[-1] if own else None


def _get_id(given: Given) -> int:
    return given.id
