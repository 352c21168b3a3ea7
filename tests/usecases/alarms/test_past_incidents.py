from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from joint_defense.incidents.past import Order, Wanted, count_past, find_past, list_villages_with_past, sort_past
from joint_defense.incidents.record import note_update
from joint_defense.rules.states import ClosingOutcome, IncidentKind
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.triggers import Category
from tests.support.factories import Town
from tests.support.past_incidents import close_past

SHANGHAI = ZoneInfo("Asia/Shanghai")
JULY = datetime(2026, 7, 14, 22, 30, tzinfo=SHANGHAI)
AUGUST = datetime(2026, 8, 2, 3, 0, tzinfo=SHANGHAI)
YEAR = (datetime(2026, 1, 1, tzinfo=SHANGHAI), datetime(2027, 1, 1, tzinfo=SHANGHAI))


def test_past_incidents_are_found_by_what_is_known_of_them(town: Town) -> None:
    with town.database.begin() as session:
        close_past(session, "林", JULY, comers=((8, 200), (20, None)), note="梯子借自_老王_")
        close_past(session, "陈", JULY + timedelta(days=1), ClosingOutcome.POLICE)
        fire = close_past(session, "周", AUGUST, comers=((90, None),), category=Category.FIRE, group="4组东")
        close_past(session, "吴", AUGUST, ClosingOutcome.ACCIDENTAL, village=(2, "四甲村"), rang_after=None)
        close_past(session, "徐", AUGUST, kind=IncidentKind.WORDLESS, rang_after=None)
        note_update(session, fire, UpdateKind.NOTE, AUGUST, by="operator", text="烟囱里的油烧着了 Chimney")
        for wanted, right in (
            (Wanted(*YEAR), "徐吴周陈林"),
            (Wanted(JULY, JULY + timedelta(days=1)), "林"),
            (Wanted(*YEAR, village_id=2), "吴"),
            (Wanted(*YEAR, village="四甲"), "吴"),
            (Wanted(*YEAR, group="4组"), "周"),
            (Wanted(*YEAR, category=Category.FIRE), "周"),
            (Wanted(*YEAR, kind=IncidentKind.WORDLESS), "徐"),
            (Wanted(*YEAR, outcome=ClosingOutcome.POLICE), "陈"),
            (Wanted(*YEAR, words="油烧"), "周"),
            (Wanted(*YEAR, words="chimney 东"), "周"),
            (Wanted(*YEAR, words="_老王_"), "林"),
            (Wanted(*YEAR, words="%"), ""),
            (Wanted(*YEAR, words="邻居3家"), "林"),
            (Wanted(*YEAR, words="THE 4-5 陈"), "陈"),
        ):
            assert "".join(each.household[0] for each in find_past(session, wanted)) == right, wanted
        found = find_past(session, Wanted(*YEAR))
        slowest = sort_past(found, Order.SLOWEST)
        villages = list_villages_with_past(session, *YEAR)
        second_page = find_past(session, Wanted(*YEAR), passed_over=2, most=2)
        count = count_past(session, Wanted(*YEAR))
    assert "".join(each.household[0] for each in slowest) == "徐陈周林吴", "left alone, then by the first to come"
    assert villages == sorted(["四甲村", "墙下陶村"])
    assert ("".join(each.household[0] for each in second_page), count) == ("周陈", 5)
    lin = found[-1]
    assert (lin.called, lin.coming) == (1, 2)
    assert [
        (each - JULY).total_seconds() if each else None
        for each in (lin.reaction.first_ring, lin.reaction.first_coming, lin.reaction.second_coming,
                     lin.reaction.first_there, lin.reaction.closed)
    ] == [2, 8, 20, 200, 600]  # fmt: skip
