"""Finding a household in all villages at once: what indexes tell, and what everything is gone through for."""

from __future__ import annotations

from datetime import date

import pytest

from groups.enrolment.queue import find_households
from groups.roster import search
from tests.support.factories import Town

TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True, params=["everybody is looked at", "indexes are asked"])
def _people(town: Town, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "indexes are asked":
        monkeypatch.setattr(search, "LOOKED_AT_ONE_BY_ONE", 0)
    for head in ("李建国", "李建", "王建国", "单田芳", "欧阳建国"):
        town.house(head)


def found(town: Town, text: str, most: int = 20) -> tuple[list[str], bool]:
    households, more = town.read(lambda session: find_households(session, text, TODAY, most=most))
    return [household.head for household in households], more


@pytest.mark.parametrize(
    ("text", "heads"),
    [
        ("李建国", ["李建国"]),
        ("李建", ["李建", "李建国"]),
        ("建国", ["李建国", "王建国", "欧阳建国"]),
        ("lijian", ["李建国", "李建"]),
        ("jianguo", ["李建国", "王建国", "欧阳建国"]),
        ("LJG", ["李建国"]),
        ("shan", ["单田芳"]),
        ("桥东第4家", ["单田芳"]),
        ("李建国 lijianguo", ["李建国"]),
        ("tianfang", ["单田芳"]),
        ("nobody", []),
    ],
)
def test_a_name_its_pinyin_its_initials_or_its_place_find_a_household(town: Town, text: str, heads: list[str]) -> None:
    assert found(town, text) == (heads, False)


def test_a_number_finds_its_household_whole_or_by_its_last_digits(town: Town) -> None:
    house = town.house("陈桂芳")
    for text in (house.number, house.number.removeprefix("+86"), house.number[-8:]):
        assert found(town, text) == (["陈桂芳"], False)


def test_more_that_begin_so_than_a_page_holds_are_told_as_more(town: Town) -> None:
    for _ in range(3):
        town.house("李建国")
    assert found(town, "lijian", most=2) == (["李建国", "李建"], True)
    assert found(town, "李建国", most=3) == (["李建国"] * 3, True)
    assert found(town, "李建国", most=4) == (["李建国"] * 4, False)
