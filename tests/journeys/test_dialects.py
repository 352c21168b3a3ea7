"""From #9 to the all-clear on carriers that are not Twilio, each with its own ways."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.journeys.neighbours import House, Neighbours
from tests.journeys.test_all_clear import a_street_in_alarm, everybody_is_told
from tests.journeys.test_conference import talking
from tests.journeys.town import DIRECT_NUMBER, Town
from tests.support.handsets import eventually


@pytest.fixture(scope="module", params=["somleng", "signalwire"])
def running_town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The processes, with a carrier that behaves so."""
    home = tmp_path_factory.mktemp(request.param)
    shutil.copyfile(request.getfixturevalue("_sqlite_template"), home / "town.sqlite")
    with Town(home, f"sqlite:///{home / 'town.sqlite'}", dialect=request.param) as town:
        yield town


def test_from_the_key_to_the_all_clear_by_the_leaders_key(town: Town, neighbours: Neighbours) -> None:
    street = a_street_in_alarm(neighbours)
    wang, li = street.phones[:2]
    # What is offered leads somewhere: nobody talks to the caller where the carrier connects no calls with each other.
    talks = town.dialect == "signalwire"
    offered = "来不了了请按2，到了请按3。要告诉对方多久到，请再按1。"
    li.hears(offered + "要跟对方通话请按9。" if talks else offered)
    li.hears("事情解决了，请按0。")
    li.presses("0")
    wang.hears("求助已结束")
    everybody_is_told(street, "的事已解决，不用再去了。谢谢大家。")
    assert street.record()["outcome"] == "helped"


def test_what_the_announcement_says_is_heard_to_its_end_twice(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", House("李大明", mobiles=0, landlines=1))
    wang, li = street.phones
    li.answers(hang_up_after=60)
    wang.handset.dial(DIRECT_NUMBER)
    call = li.gets_call("没有收到您的按键", status="completed")
    who_and_where, keys, *again = call.sentences
    assert who_and_where.startswith("王建国家求助！")
    assert keys == "能来请按1，不能来请按2，到了请按3。"
    assert again[:2] == [who_and_where, keys]
    assert all(heard.complete for heard in call.heard[:4])


def test_the_key_to_talk_leads_to_the_caller_or_is_answered_and_the_line_stays(
    town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明")
    wang, li = street.phones
    li.waits()
    wang.calls_for_help()
    li.gets_text("王建国家求助")
    li.picks_up_and_presses("1")
    li.gets_call("来不了了请按2")
    li.presses("9")
    if town.dialect == "signalwire":
        wang.hears("李大明家已接通，请讲话。")
        eventually(lambda: talking(town, wang, li), "they talk")
        li.presses("*")
        li.hears("通话已结束。")
    else:
        li.hears("这条线路不能跟对方通话。")
    li.presses("3")
    wang.hears("李大明家已到现场")


def test_the_caller_takes_it_back_with_two_stars(town: Town, neighbours: Neighbours) -> None:
    street = a_street_in_alarm(neighbours)
    street.phones[0].presses("**")
    street.phones[0].own_call("completed")
    everybody_is_told(street, "没事，是误按，不用去了。谢谢大家。")
