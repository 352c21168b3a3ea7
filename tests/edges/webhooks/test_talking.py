"""Key 9 by the webhooks: whose lines are connected where there are several accounts, and a room with nobody in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from config.carriers import Account
from config.database import read_clock
from joint_defense.models.incidents import Delivery
from tests.edges.webhooks.test_webhooks import (  # noqa: F401  fixtures
    OUR_NUMBER,
    TOKEN,
    Carrier,
    neighbours,
    open_carrier,
    town,
)
from tests.support.factories import NOW, House

FIRST, SECOND, THIRD = ("AC" + digit * 32 for digit in "123")
TALK = "要跟对方通话请按9。"
NO_TALK = "这条线路不能跟对方通话。"


def make_accounts() -> tuple[Account, ...]:
    """Two that connect calls, and one of a carrier that does not."""
    return tuple(
        Account.model_validate(
            {
                "name": dialect,
                "account_sid": sid,
                "auth_token": TOKEN,
                "from_number": f"+865741234567{number}",
                "api_base_url": "http://127.0.0.1:9",
                "dialect": dialect,
            }
        )
        for number, (sid, dialect) in enumerate(((FIRST, "twilio"), (SECOND, "signalwire"), (THIRD, "somleng")))
    )


class Talk:
    """A caller who holds the line at one account, and a neighbour whose call is another's, or the same one's."""

    def __init__(self, carrier: Carrier, caller: House, *others: House) -> None:
        self.carrier, self.caller, self.others = carrier, caller, others

    def holds(self, account: str) -> None:
        self.call("/voice/menu/1", self.caller.number, account, Digits="#9")
        now = self.carrier.town.read(read_clock)
        self.carrier.town.place(after=(now - NOW).total_seconds())
        self.alert = self.carrier.town.alerts()[0]

    def call(self, path: str, caller: str, account: str, **form: str) -> str:
        extra = {"AccountSid": account} if account else {}
        return self.carrier.call(path, caller, **extra, **form)

    def waits(self, account: str, **form: str) -> str:
        return self.call(f"/voice/wait/{self.alert.id}/0/0", self.caller.number, account, **form)

    def rung(self, house: House) -> Delivery:
        return self.carrier.town.delivery(house.number)

    def press(self, house: House, key: str, account: str) -> str:
        path = f"/voice/answer/{self.rung(house).id}/1"
        return self.call(path, OUR_NUMBER, account, to=house.number, Digits=key)


def find_room(document: str) -> str:
    """The attributes of the room that a document opens; empty for none."""
    found = re.search(r"<Conference ([^>]*)>", document)
    return found[1] if found else ""


@pytest.fixture
def several(open_carrier: Callable[..., Carrier], neighbours: tuple[House, House]) -> Talk:  # noqa: F811
    return Talk(open_carrier(carriers=make_accounts(), carrier_dialect="twilio"), *neighbours)


def test_only_lines_of_one_account_are_connected_and_only_there_is_it_offered(several: Talk) -> None:
    chen = several.others[0]
    several.holds(FIRST)
    assert TALK in several.press(chen, "1", FIRST)
    for other in (SECOND, THIRD, ""):
        assert TALK not in several.press(chen, "3", other)
        refused = several.press(chen, "9", other)
        assert NO_TALK in refused
        assert not find_room(refused)
    assert find_room(several.press(chen, "9", FIRST))
    assert find_room(several.waits(FIRST))


def test_the_account_that_holds_the_caller_now_counts_and_not_the_one_of_the_first_call(several: Talk) -> None:
    chen = several.others[0]
    several.holds(FIRST)
    # Cut off they have called once more, by the other number of ours.
    several.call("/voice/menu/1", several.caller.number, SECOND, Digits="#9", sid="CA2")
    assert NO_TALK in several.press(chen, "9", FIRST)
    assert find_room(several.press(chen, "9", SECOND))
    # A neighbour who waits in one account's room is nobody to a caller at the other one.
    assert not find_room(several.waits(FIRST))
    assert find_room(several.waits(SECOND))


def test_speech_is_asked_for_on_the_lines_whose_carrier_recognises_it(several: Talk) -> None:
    several.holds(FIRST)
    heard = {account: 'input="dtmf speech"' in several.waits(account) for account in (FIRST, SECOND, THIRD, "")}
    assert heard == {FIRST: True, SECOND: True, THIRD: False, "": False}


def test_a_caller_alone_in_the_room_goes_on_hearing_the_news_and_is_not_kept_for_one_who_has_gone(
    open_carrier: Callable[..., Carrier],  # noqa: F811
    neighbours: tuple[House, House],  # noqa: F811
) -> None:
    carrier = open_carrier(carrier_dialect="twilio")
    third = carrier.town.house("赵德才")
    talk = Talk(carrier, *neighbours, third)
    chen, zhao = talk.others
    talk.holds("")
    talk.press(chen, "9", "")
    room = find_room(talk.waits(""))
    # They do not open the room for each other: only a neighbour does.
    assert 'startConferenceOnEnter="false"' in room
    alone = re.search(r'waitUrl="([^"]*)"', room)
    assert alone is not None
    talk.press(zhao, "1", "")
    said = talk.call(alone[1], talk.caller.number, "")
    assert "赵德才家正在赶来。" in said
    assert "现在没有邻居在线。返回请按星号。" in said
    # Some seconds are not enough to say that nobody comes: the neighbour may be on the way into the room.
    assert carrier.town.delivery(chen.number).joined_at is not None
    set_back(carrier, chen)
    talk.call(alone[1], talk.caller.number, "")
    assert carrier.town.delivery(chen.number).joined_at is None
    assert [line.detail["household"] for line in carrier.town.timeline("left")] == ["陈小红家"]
    # Whoever comes next is alone with the caller again, and the room ends with them.
    assert 'endConferenceOnExit="true"' in find_room(talk.press(zhao, "9", ""))
    assert 'startConferenceOnEnter="true"' in find_room(talk.press(zhao, "9", ""))


def test_a_neighbour_alone_in_the_room_hears_whether_the_caller_is_still_there(
    open_carrier: Callable[..., Carrier],  # noqa: F811
    neighbours: tuple[House, House],  # noqa: F811
) -> None:
    carrier = open_carrier(carrier_dialect="twilio")
    talk = Talk(carrier, *neighbours)
    chen = talk.others[0]
    talk.holds("")
    alone = re.search(r'waitUrl="([^"]*)"', find_room(talk.press(chen, "9", "")))
    assert alone is not None
    assert "对方还没有接通，请稍等。" in talk.call(alone[1], OUR_NUMBER, "", to=chen.number)
    talk.waits("", CallStatus="completed")
    assert "对方已挂机，暂时接不通。退出请按星号。" in talk.call(alone[1], OUR_NUMBER, "", to=chen.number)


def test_a_caller_who_is_talking_gets_no_text_and_one_who_has_hung_up_after_it_does(
    open_carrier: Callable[..., Carrier],  # noqa: F811
    neighbours: tuple[House, House],  # noqa: F811
) -> None:
    carrier = open_carrier(carrier_dialect="twilio")
    talk = Talk(carrier, *neighbours)
    chen = talk.others[0]
    talk.holds("")
    talk.press(chen, "9", "")

    def on_line_for() -> float:
        alert = carrier.town.alerts()[0]
        assert alert.on_line_until is not None
        return (alert.on_line_until - alert.raised_at).total_seconds()

    assert on_line_for() > 1700
    talk.call(f"/voice/talked/{talk.rung(chen).id}/1", OUR_NUMBER, "", to=chen.number)
    assert 0 < on_line_for() < 100


def set_back(carrier: Carrier, house: House) -> None:
    """As if this neighbour had pressed 9 some time ago."""
    rung = carrier.town.delivery(house.number)
    assert rung.joined_at is not None
    earlier = rung.joined_at - timedelta(seconds=21)
    changed = update(Delivery).where(Delivery.id == rung.id).values(joined_at=earlier)
    carrier.town.run(lambda session: session.execute(changed))
