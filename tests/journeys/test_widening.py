"""Too few come: the circle widens step by step, until enough are on their way; the caller hears of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from sqlalchemy import delete, update

from groups.models.responders import Responder, Team
from groups.models.roster import Group
from tests.journeys.neighbours import House, Neighbours, Street, Telephone
from tests.journeys.town import Town
from tests.support.handsets import eventually

SENTENCE = "来的人还不够，请您去支援。"
_SERIAL = count(9001)
STEPS = [
    {"after": 2, "fewer_than": 2, "whom": ["leaders", "duty"]},
    {"after": 4, "fewer_than": 2, "whom": ["backup"], "level": "yellow"},
]


@pytest.fixture
def station(town: Town) -> Iterator[Telephone]:
    """The duty phone of the village, while incidents widen after two and four seconds."""
    town.widen_as({"steps": STEPS})
    yield Telephone(town, House("值班室"), f"+865740000{next(_SERIAL)}")
    town.widen_as({"steps": []})
    with town.database.begin() as session:
        session.execute(delete(Responder))


def man(station: Telephone, street: Street) -> None:
    with street.town.database.begin() as session:
        village_id = session.get_one(Group, street.group_id).village_id
        duty = {"team": Team.STATION, "name": "墙下陶村值班室", "number": station.number, "may_text": False}
        session.add(Responder(village_id=village_id, **duty))


def backs_up(street: Street, backup: Street) -> None:
    with street.town.database.begin() as session:
        session.execute(update(Group).where(Group.id == street.group_id).values(backup_group_id=backup.group_id))


def happened(street: Street, kind: str) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [line for line in street.record()["timeline"] if line["kind"] == kind]


def test_with_nobody_coming_the_duty_phone_and_then_the_backup_group_are_called_and_the_caller_hears_it(
    station: Telephone, neighbours: Neighbours
) -> None:
    backup = neighbours.settle("钱福")
    street = neighbours.settle("王建国", "李大明")
    man(station, street)
    backs_up(street, backup)
    wang, li, qian = *street.phones, *backup.phones
    station.answers("1")
    qian.answers(hang_up_after=15)
    wang.calls_for_help()
    announced = station.gets_call("谢谢").sentences[0]
    assert announced.startswith(f"王建国家求助！墙下陶村{street.name}，桥东第1家。{SENTENCE}")
    assert SENTENCE in qian.gets_call(SENTENCE).text
    assert SENTENCE in qian.gets_text(SENTENCE)
    wang.hears("墙下陶村值班室正在赶来。")
    # In two sentences, or in one where the second step came before the first had been said.
    said = wang.hears("支援组。").text
    assert re.search("来的人还不够，正在叫村值班人员(。(.|\n)*来的人还不够，正在叫|、)支援组。", said)
    assert [line["level"] for line in happened(street, "widened")()] == ["plain", "yellow"]
    li.is_alerted()


def test_with_enough_coming_nobody_further_is_called(station: Telephone, neighbours: Neighbours) -> None:
    backup = neighbours.settle("钱福")
    street = neighbours.settle("王建国", "李大明", "陈小红")
    man(station, street)
    backs_up(street, backup)
    wang, li, chen = street.phones
    for phone in (li, chen):
        phone.answers("1", after=0.1)
    wang.calls_for_help()
    wang.hears("马上呼叫2户邻居")
    (held,) = eventually(happened(street, "enough"), "the first step is held")
    assert (held["step"], held["coming"]) == (1, 2)
    for phone in (li, chen):
        phone.is_alerted()
    assert happened(street, "widened")() == []
    # `neighbours` sees to it that the back-up group's telephone stayed silent.
    assert station.unexpected() == []
