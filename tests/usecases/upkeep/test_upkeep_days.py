"""Days on a virtual clock: nobody is rung twice a week or beside a call for help, and a number that died is mended."""

from __future__ import annotations

import random
from datetime import timedelta

from tests.support.factories import Town
from tools.upkeep_days import FIRST_DAY, Days


def test_half_a_month_of_a_village_keeps_its_promises(town: Town) -> None:
    houses = [town.house(f"户{place}", "mm", leader=not place) for place in range(7)]
    days = Days(town.database, random.Random(5), [town.village_id], spans=((9, 10),))  # noqa: S311 - no secret
    days.settle()
    dead = houses[3].number
    days.answers = dict.fromkeys(days.answers, 1.0) | {dead: 0.0}
    days.moved_to[dead] = "+8613912345678"
    for count in range(16):
        days.live(FIRST_DAY + timedelta(days=count))
    told = days.tell()
    assert (told["rung_within_a_week"], told["rung_beside_an_alarm"]) == (0, 0)
    assert (told["numbers_mended"], told["tasks_open"], told["calls_to_new_numbers"]) == (1, 0, 1)
    assert told["days_from_first_failure_median"] <= 4
    assert days.shares[-1] == (1.0, 1.0)
    rung = {number: len(on) for number, on in days.rung.items()}
    assert rung == dict.fromkeys(days.answers.keys() - {"+8613912345678", dead}, 1)
    first, second = days.tried[dead]
    assert (second - first, list(days.tried)) == (timedelta(days=3), [dead]), "it rang nobody, and need not rest a week"
