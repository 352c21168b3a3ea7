"""How grids and groups moved: each by itself, whatever it is called; no more points than anybody reads."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from groups.coverage import trends
from groups.coverage.figures import Scope
from groups.coverage.rules.report import Level
from groups.coverage.trends import read_series_of_places
from groups.errors import InvalidDay, UnknownVillage
from groups.models.figures import HouseholdCount, Residence
from groups.models.roster import Group, Household, Village
from groups.rules.counting import CountKind
from tests.support.factories import NOW, Town

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2024, 1, 1)


@pytest.fixture
def namesakes(town: Town) -> None:
    """Two villages of one name with two groups of one name each; in every group a household more than in the last."""

    def write(session: Session) -> None:
        for code in ("A", "B"):
            village = Village(code=code, name="桥头村")
            session.add(village)
            session.flush()
            count = HouseholdCount(village_id=village.id, kind=CountKind.RESIDENT, counted_on=FIRST, households=9)
            session.add(count)
            for number in (1, 2):
                # A group that is archived leaves its name to another.
                gone = NOW if (code, number) == ("A", 1) else None
                name = "1组" if code == "A" else f"{number}组"
                group = Group(village_id=village.id, name=name, position=number, archived_at=gone)
                session.add(group)
                session.flush()
                for place in range(number):
                    home = Household(village_id=village.id, group_id=group.id, head=f"王{place}", position=place)
                    session.add(home)
                    session.flush()
                    lives = {"household_id": home.id, "village_id": village.id, "group_id": group.id}
                    session.add(Residence(**lives, starts_on=FIRST, ends_on=None))

    town.run(write)


def test_groups_of_one_name_are_two_and_a_long_span_has_all_its_days(town: Town, namesakes: None) -> None:
    days = [FIRST + timedelta(days=number) for number in range(800)]
    found = town.read(lambda session: read_series_of_places(session, Scope(ZONE), Level.GROUP, days))
    told = [(each.code, each.place, {point.figure.households for point in each.points}) for each in found]
    assert told == [("A", "1组", {1}), ("A", "1组", {2}), ("B", "1组", {1}), ("B", "2组", {2})]
    assert {len(each.points) for each in found} == {800}
    own = town.read(lambda session: read_series_of_places(session, Scope(ZONE, village_code="B"), Level.GROUP, days))
    assert [each.place for each in own] == ["1组", "2组"]


def test_too_many_points_and_an_unknown_village_are_refused_in_words(
    town: Town, namesakes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trends, "MOST_POINTS", 5)
    with pytest.raises(InvalidDay, match="too_many_points"):
        town.read(lambda session: read_series_of_places(session, Scope(ZONE), Level.GROUP, [FIRST, date(2024, 2, 1)]))
    with pytest.raises(UnknownVillage):
        town.read(lambda session: read_series_of_places(session, Scope(ZONE, village_code="C"), Level.GRID, [FIRST]))
