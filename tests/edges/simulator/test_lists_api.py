from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.edges.simulator.carrier import CHEN, LI, OURS, ROOT, SECOND, WANG, Carrier, refusal
from tests.support.handsets import Network


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_calls_are_listed_newest_first(carrier: Carrier) -> None:
    placed = [carrier.call(number)["sid"] for number in (WANG, LI, CHEN)]

    page = carrier.get("/Calls.json").json()

    assert [call["sid"] for call in page["calls"]] == placed[::-1]
    assert (page["page"], page["page_size"], page["start"], page["end"]) == (0, 50, 0, 2)
    assert page["next_page_uri"] is None
    assert page["previous_page_uri"] is None


def test_calls_are_found_by_number_sender_and_state(carrier: Carrier, network: Network) -> None:
    network.handset(LI).script("busy")
    to_wang, to_li = carrier.call(WANG), carrier.call(LI, From=SECOND)
    network.handset(LI).wait_for_call("busy")

    def found(**query: str) -> list[str]:
        return [call["sid"] for call in carrier.get("/Calls.json", **query).json()["calls"]]

    assert found(To=WANG) == [to_wang["sid"]]
    assert found(From=SECOND) == [to_li["sid"]]
    assert found(Status="busy") == [to_li["sid"]]
    assert found(To=WANG, Status="busy") == []
    assert found(To=OURS) == []


@pytest.mark.parametrize("resource", ["Calls", "Messages"])
def test_a_list_is_narrowed_by_time_in_every_spelling(carrier: Carrier, resource: str) -> None:
    name = {"Calls": "StartTime", "Messages": "DateSent"}[resource]
    if resource == "Calls":
        carrier.call(WANG)
    else:
        carrier.text(WANG)
    now = datetime.now(UTC)
    before, after = written(now - timedelta(seconds=5)), written(now + timedelta(seconds=5))

    def count(**query: str) -> int:
        return len(carrier.get(f"/{resource}.json", **query).json()[resource.lower()])

    assert count(**{f"{name}>": before}) == 1
    assert count(**{f"{name}>": after}) == 0
    assert count(**{f"{name}<": after}) == 1
    assert count(**{f"{name}<": before}) == 0
    assert count(**{f"{name}>=": before, f"{name}<=": after}) == 1
    assert count(**{name: now.strftime("%Y-%m-%d")}) == 1
    assert count(**{name: (now - timedelta(days=2)).strftime("%Y-%m-%d")}) == 0
    assert refusal(carrier.get(f"/{resource}.json", **{name: "yesterday"})) == (400, 20001)


def test_a_call_is_found_from_the_second_it_was_asked_for_on(carrier: Carrier, network: Network) -> None:
    asked = datetime.now(UTC)
    call = carrier.call(WANG)

    # At once, though it may still stand in the queue, and later.
    for _ in range(3):
        found = carrier.get("/Calls.json", **{"To": WANG, "StartTime>": written(asked)}).json()["calls"]
        assert [one["sid"] for one in found] == [call["sid"]]
        time.sleep(0.02)


def test_pages_hold_their_place_while_new_calls_come(carrier: Carrier) -> None:
    placed = [carrier.call(f"+86138057400{number:02}")["sid"] for number in range(10, 17)]

    page = carrier.get("/Calls.json", PageSize="3").json()
    seen = [call["sid"] for call in page["calls"]]
    carrier.call(WANG)
    while page["next_page_uri"]:
        page = carrier.get(page["next_page_uri"].partition(ROOT)[2]).json()
        seen += [call["sid"] for call in page["calls"]]

    assert seen == placed[::-1]
    assert page["page"] == 2
    assert page["previous_page_uri"].endswith("PageSize=3&Page=1")


def test_a_page_size_that_is_no_number_is_refused(carrier: Carrier) -> None:
    assert refusal(carrier.get("/Calls.json", PageSize="many")) == (400, 20001)


def test_the_account_its_numbers_and_a_number_by_part_of_it_are_shown(carrier: Carrier) -> None:
    account = carrier.get_account()
    assert (account["status"], account["auth_token"]) == ("active", None)

    def numbers(**query: str) -> list[str]:
        page = carrier.get("/IncomingPhoneNumbers.json", **query).json()
        return [each["phone_number"] for each in page["incoming_phone_numbers"]]

    assert numbers() == [OURS, SECOND]
    assert numbers(PhoneNumber=SECOND) == [SECOND]
    assert numbers(PhoneNumber="574*9998") == [SECOND]
    assert numbers(PhoneNumber="110") == []
    assert refusal(carrier.get("/IncomingPhoneNumbers/PN0.json")) == (404, 20404)


def test_what_is_over_can_be_deleted_and_what_is_under_way_cannot(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script("manual")
    call, text = carrier.call(WANG), carrier.text(LI)
    network.handset(WANG).wait_for_call("ringing")
    assert refusal(carrier.delete(call)) == (409, 20009)
    carrier.update(call, Status="canceled")
    network.handset(WANG).wait_for_call("canceled")
    network.handset(LI).wait_for_text()
    for resource, path in ((call, "/Calls.json"), (text, "/Messages.json")):
        assert carrier.delete(resource).status_code == 204
        assert carrier.get(path).json()["end"] == 0
        assert refusal(carrier.delete(resource)) == (404, 20404)
    assert len(network.handset(WANG).calls) == len(network.handset(LI).texts) == 1


def test_a_ring_of_more_than_ten_minutes_is_refused(carrier: Carrier) -> None:
    assert carrier.call(WANG, Timeout="600")["status"] == "queued"
    response = carrier.post("/Calls.json", To=WANG, From=OURS, Twiml="<Response/>", Timeout="601")
    assert refusal(response) == (400, 21208)
