"""The carrier's REST API through the SDK: what is sent, what is read, and every failure as an error of ours."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.base.exceptions import TwilioException, TwilioRestException

from joint_defense.carriers import port as carriers_port
from joint_defense.carriers.port import (
    CODES,
    AccountTrouble,
    CarrierError,
    OutboundCall,
    OutboundMessage,
    OutcomeUnknown,
    Receipt,
    RefusedNumber,
    Temporary,
    TooFast,
    Unanswered,
    Verdict,
    before_leaving,
)
from joint_defense.carriers.twilio import CALL_EVENTS, TwilioCarrier, map_error, read_mapped, write_form
from joint_defense.rules.states import AttemptState, Channel
from tests.edges.simulator.application import Application, Form, HttpResponse
from tests.support import loops

SID, TOKEN = "AC" + "0" * 32, "token"
CALLS, MESSAGES = f"/2010-04-01/Accounts/{SID}/Calls.json", f"/2010-04-01/Accounts/{SID}/Messages.json"
CALL = OutboundCall("+8613805740002", "+8657412345678", "<Response/>", "https://town.example.org/status/1/1", 40)
MESSAGE = OutboundMessage("+8613805740002", "+8657412345678", "着火了", "https://town.example.org/status/2/1", 1800)
Result = TypeVar("Result")
Ask = Callable[[TwilioCarrier], Awaitable[Any]]


@pytest.fixture
def api() -> Iterator[Application]:
    with Application() as application:
        yield application


def carried(url: str, ask: Callable[[TwilioCarrier], Awaitable[Result]], timeout: float = 5) -> Result:
    """What a carrier at this address answers."""

    async def run() -> Result:
        carrier = TwilioCarrier(SID, TOKEN, url.rstrip("/"), timeout=timeout, connections=4)
        try:
            return await ask(carrier)
        finally:
            await carrier.close()

    return loops.run(run())


def failed(url: str, ask: Ask, timeout: float = 5) -> CarrierError:
    """The error that a carrier at this address comes to; exactly one of ours, and nothing else."""
    with pytest.raises(CarrierError) as error:
        carried(url, ask, timeout)
    return error.value


def resource(**values: Any) -> HttpResponse:
    return HttpResponse(json.dumps({"sid": "CA1", "status": "queued"} | values), 201, "application/json")


def refusal(status: int, code: int | None) -> HttpResponse:
    body = {"code": code, "message": "The number +8613805740002 …", "more_info": "", "status": status}
    return HttpResponse(json.dumps(body), status, "application/json")


def place(carrier: TwilioCarrier) -> Awaitable[Any]:
    return carrier.place_call(CALL)


def send(carrier: TwilioCarrier) -> Awaitable[Any]:
    return carrier.send_message(MESSAGE)


def look_for(carrier: TwilioCarrier) -> Awaitable[Any]:
    return carrier.look_up(Channel.CALL, CALL.to, datetime.now(UTC))


def test_a_call_carries_its_announcement_and_asks_for_every_event(api: Application) -> None:
    asked: list[Form] = []
    api.answers(CALLS, lambda form: asked.append(form) or resource(status="queued"))  # type: ignore[func-returns-value]
    receipt = carried(api.url(""), lambda carrier: carrier.place_call(CALL))
    assert (receipt.sid, receipt.state) == ("CA1", AttemptState.QUEUED)
    (form,) = asked
    assert form["StatusCallbackEvent"] in CALL_EVENTS  # one parameter an event: the last is what a dict keeps
    del form["StatusCallbackEvent"]
    assert form == {
        "To": CALL.to,
        "From": CALL.sender,
        "Twiml": CALL.twiml,
        "Timeout": "40",
        "StatusCallback": CALL.status_callback,
        "StatusCallbackMethod": "POST",
    }


@given(st.dictionaries(st.text(min_size=1), st.text() | st.lists(st.text(), min_size=1) | st.integers(), min_size=1))
def test_whatever_is_said_comes_out_of_the_form_as_it_went_in(fields: dict[str, Any]) -> None:
    sent = [
        (name, str(each)) for name, value in fields.items() for each in (value if isinstance(value, list) else [value])
    ]
    assert parse_qsl(write_form(fields).decode("ascii"), keep_blank_values=True, strict_parsing=True) == sent


def test_a_message_carries_how_long_it_is_worth_sending(api: Application) -> None:
    asked: list[Form] = []
    api.answers(MESSAGES, lambda form: asked.append(form) or resource(sid="SM1", status="accepted"))  # type: ignore[func-returns-value]
    receipt = carried(api.url(""), lambda carrier: carrier.send_message(MESSAGE))
    assert (receipt.sid, receipt.state) == ("SM1", AttemptState.QUEUED)
    assert asked == [
        {
            **{"To": MESSAGE.to, "From": MESSAGE.sender, "Body": MESSAGE.body},
            **{"StatusCallback": MESSAGE.status_callback, "ValidityPeriod": "1800"},
        }
    ]


def kind_of(code: int) -> type[CarrierError]:
    verdicts = {
        Verdict.TEMPORARY: TooFast if code in {10004, 20429} else Temporary,
        Verdict.NUMBER: RefusedNumber,
        Verdict.ACCOUNT: AccountTrouble,
    }
    return verdicts[CODES[code].verdict]


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_of_the_carrier_comes_out_as_its_kind(api: Application, code: int) -> None:
    api.answers(CALLS, refusal(400, code))
    error = failed(api.url(""), place)
    assert type(error) is kind_of(code)
    assert (error.code, error.status) == (code, 400)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(429, 20429), TooFast),
        (refusal(429, None), TooFast),
        (HttpResponse("slow down", 429, "text/plain"), TooFast),
        (refusal(401, 20003), AccountTrouble),
        (HttpResponse("", 401), AccountTrouble),
        (refusal(403, None), AccountTrouble),
        (HttpResponse("<html>not found</html>", 404, "text/html"), AccountTrouble),
        (refusal(400, 99999), AccountTrouble),
        (refusal(500, 20500), OutcomeUnknown),
        (HttpResponse("oops", 500, "text/plain"), OutcomeUnknown),
        (HttpResponse("", 502), OutcomeUnknown),
        (HttpResponse("<html>gateway</html>", 503, "text/html"), OutcomeUnknown),
        (HttpResponse("not json at all", 201, "application/json"), OutcomeUnknown),
        *(
            (HttpResponse(body, 201, "application/json"), OutcomeUnknown)
            for body in ("", "{}", "[]", "null", '"CA1"', '{"sid": null}')
        ),
    ],
    ids=lambda each: each.__name__ if isinstance(each, type) else f"{each.status}-{each.body[:12]}",
)
@pytest.mark.parametrize(("path", "ask"), [(CALLS, place), (MESSAGES, send)], ids=["call", "message"])
def test_every_answer_that_is_no_receipt_comes_out_as_an_error_of_ours(
    api: Application, answer: HttpResponse, kind: type[CarrierError], path: str, ask: Ask
) -> None:
    api.answers(path, answer)
    assert type(failed(api.url(""), ask)) is kind


class NameServer:
    """What the system answers to a name, in place of a real one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.behaves: Callable[[], object] = lambda: None
        self.asked = 0
        real = socket.getaddrinfo

        def look_up(host: Any, *rest: Any, **more: Any) -> Any:
            if host == "carrier.example.org":
                self.asked += 1
                self.behaves()
                host = "127.0.0.1"
            return real(host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

    def is_away(self) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_a_name_server_that_is_away_keeps_no_call_from_leaving(
    api: Application, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    names, over = NameServer(monkeypatch), threading.Event()
    monkeypatch.setattr("joint_defense.carriers.twilio.KEEP_ALIVE", 0.001)
    url = api.url("").replace("127.0.0.1", "carrier.example.org")
    api.answers(CALLS, resource())

    async def twice(carrier: TwilioCarrier) -> list[str]:
        first = await carrier.place_call(CALL)
        names.behaves = names.is_away if how == "refuses" else partial(over.wait, 10)
        # As after a quiet hour: no connection is open, and what was asked for has been forgotten.
        connector: Any = carrier._http._session.connector
        connector.clear_dns_cache()
        await asyncio.sleep(0.05)
        began = time.monotonic()
        second = await carrier.place_call(CALL)
        over.set()
        assert time.monotonic() - began < 2.5
        return [first.sid, second.sid]

    assert carried(url, twice) == ["CA1", "CA1"]
    assert names.asked == 2


def test_a_name_that_was_never_known_is_no_connection_and_leaves_nothing_to_be_looked_up(
    api: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = NameServer(monkeypatch)
    names.behaves = names.is_away
    assert type(failed("http://carrier.example.org:1", place)) is Temporary


def test_a_redirect_is_not_followed_with_the_credentials(api: Application) -> None:
    api.answers(CALLS, HttpResponse("", 307, location="/elsewhere"))
    failed(api.url(""), place)
    assert api.at("/elsewhere") == []


def test_a_request_is_sent_once_whatever_comes_back(api: Application) -> None:
    for status in (500, 503, 429, 400):
        api.answers(CALLS, HttpResponse("", status))
        failed(api.url(""), place)
    assert len(api.at(CALLS)) == 4


def test_nobody_at_that_address_means_nothing_was_placed() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        error = failed(f"http://127.0.0.1:{unused.getsockname()[1]}", place)
    assert (type(error), error.word) == (Temporary, "no connection"), "logs and pages say what it is"


def test_a_name_that_does_not_resolve_means_nothing_was_placed() -> None:
    assert type(failed("http://carrier.invalid", place)) is Temporary


def test_what_may_not_leave_any_more_is_not_written_and_its_connection_serves_the_next(api: Application) -> None:
    api.answers(CALLS, resource())

    class GoneToOthers(Exception):
        pass

    async def keep_back() -> None:
        raise GoneToOthers

    async def place_two(carrier: TwilioCarrier) -> int:
        for _ in range(2):
            before_leaving.set(keep_back)
            with pytest.raises(GoneToOthers):
                await carrier.place_call(CALL)
            before_leaving.set(None)
            await carrier.place_call(CALL)
        return len(carrier._http._session.connector._conns)  # type: ignore[union-attr]

    assert carried(api.url(""), place_two) == 1
    assert len(api.at(CALLS)) == 2


def test_what_has_its_connection_and_may_not_leave_any_more_when_it_is_written_is_not(api: Application) -> None:
    api.answers(CALLS, resource())

    class GoneToOthers(Exception):
        pass

    asked = 0

    async def keep_back() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise GoneToOthers

    async def place_two(carrier: TwilioCarrier) -> Receipt:
        before_leaving.set(keep_back)
        with pytest.raises(GoneToOthers):
            await carrier.place_call(CALL)
        return await carrier.place_call(CALL)

    assert carried(api.url(""), place_two).sid == "CA1"
    assert asked == 4
    assert len(api.at(CALLS)) == 1


def test_silence_is_bounded_and_leaves_the_outcome_open(api: Application) -> None:
    api.answers(CALLS, HttpResponse("{}", 201, after=10))
    started = time.monotonic()
    assert type(failed(api.url(""), place, timeout=0.2)) is Unanswered
    assert time.monotonic() - started < 9


def test_what_is_given_up_is_taken_off_the_wire() -> None:
    """Closed the usual way, the kernel would go on sending what has not got through; a reset ends that."""

    async def run() -> type[BaseException] | None:
        ended: asyncio.Future[type[BaseException] | None] = asyncio.get_running_loop().create_future()

        async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while await reader.read(100):
                    pass
            except OSError as error:
                ended.set_result(type(error))
            else:
                ended.set_result(None)
            writer.close()

        server = await asyncio.start_server(be_silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        carrier = TwilioCarrier(SID, TOKEN, f"http://127.0.0.1:{port}", timeout=0.2, connections=4)
        with pytest.raises(Unanswered):
            await carrier.place_call(CALL)
        how = await asyncio.wait_for(ended, 10)
        await carrier.close()
        server.close()
        return how

    assert loops.run(run()) is ConnectionResetError


def test_a_connection_that_breaks_off_leaves_the_outcome_open() -> None:
    async def run() -> CarrierError:
        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.close()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        carrier = TwilioCarrier(SID, TOKEN, f"http://127.0.0.1:{port}", timeout=5, connections=4)
        with pytest.raises(CarrierError) as error:
            await carrier.place_call(CALL)
        await carrier.close()
        server.close()
        return error.value

    assert type(loops.run(run())) is OutcomeUnknown


FOREIGN = [
    TwilioException("the SDK"),
    TwilioRestException(400, "/Calls.json", "no", code=21211),
    TwilioRestException(500, "/Calls.json", "no", code=None),
    aiohttp.ClientConnectionError(),
    aiohttp.ServerDisconnectedError(),
    aiohttp.ClientPayloadError(),
    aiohttp.InvalidURL("http://"),
    aiohttp.ServerTimeoutError(),
    aiohttp.ConnectionTimeoutError(),
    aiohttp.SocketTimeoutError(),
    aiohttp.ClientOSError(),
    aiohttp.TooManyRedirects(None, ()),  # type: ignore[arg-type]
    TimeoutError(),
    ConnectionResetError(),
    OSError(),
    ValueError("not json"),
    KeyError("sid"),
    TypeError("null"),
    AttributeError("get"),
    json.JSONDecodeError("no", "", 0),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"),
]


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda each: type(each).__name__)
def test_every_exception_of_the_sdk_and_its_transport_comes_out_as_ours(foreign: Exception) -> None:
    async def request() -> None:
        raise foreign

    with pytest.raises(CarrierError) as error:
        loops.run(read_mapped(request))
    assert type(error.value).__module__ == carriers_port.__name__
    assert error.value.__cause__ is foreign


def test_a_status_without_a_code_is_judged_by_itself() -> None:
    assert type(map_error(None, None, "")) is Temporary
    assert type(map_error(404, None, "")) is AccountTrouble
    assert len(str(map_error(400, 21211, "x" * 5000))) == 200


@pytest.mark.parametrize(
    ("channel", "path", "key"), [(Channel.CALL, CALLS, "calls"), (Channel.SMS, MESSAGES, "messages")]
)
def test_a_look_up_finds_what_was_asked_for_since_then_newest_first(
    api: Application, channel: Channel, path: str, key: str
) -> None:
    now = datetime.now(UTC)

    def item(sid: str, age: float) -> dict[str, Any]:
        return {
            "sid": sid,
            "status": "queued",
            "body": "着火了",
            "date_created": format_datetime(now - timedelta(seconds=age)),
        }

    page = {key: [item("new", 1), item("edge", 60), item("old", 600)], "next_page_uri": None, "page_size": 50}
    api.answers(path, HttpResponse(json.dumps(page), 200, "application/json"))
    found = carried(api.url(""), lambda carrier: carrier.look_up(channel, CALL.to, now - timedelta(seconds=2)))
    # A carrier's clock may be two minutes off ours: rather one too many, which is then sifted by its id.
    assert [each.sid for each in found] == ["new", "edge"]
    assert api.at(path)[0].form["To"] == CALL.to
    assert found[0].body == ("着火了" if channel is Channel.SMS else "")


def test_a_look_up_compares_the_number_itself_and_goes_on_behind_other_peoples_calls(api: Application) -> None:
    """Somleng filters by nothing: the whole account's calls come, in pages."""
    now = datetime.now(UTC)

    def item(number: int, to: str, age: float = 1) -> dict[str, Any]:
        created = format_datetime(now - timedelta(seconds=age))
        return {"sid": f"CA{number}", "status": "queued", "to": to, "date_created": created}

    others = [item(number, "+8613805740009") for number in range(50)]
    ours = [item(50, CALL.to), item(51, CALL.to.removeprefix("+")), item(52, CALL.to, age=600)]
    pages = {"0": (others, CALLS + "?Page=1"), "1": (ours, None)}

    def answer(form: Form) -> HttpResponse:
        found, following = pages[form.get("Page", "0")]
        page = {"calls": found, "next_page_uri": following, "page_size": 50}
        return HttpResponse(json.dumps(page), 200, "application/json")

    api.answers(CALLS, answer)
    found = carried(api.url(""), lambda carrier: carrier.look_up(Channel.CALL, CALL.to, now))
    assert [each.sid for each in found] == ["CA50", "CA51"]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (refusal(401, 20003), AccountTrouble, 20003),
        (HttpResponse("<html>no</html>", 401, "text/html"), AccountTrouble, None),
        (refusal(403, None), AccountTrouble, None),
        (refusal(429, 20429), TooFast, 20429),
        (HttpResponse("", 429), TooFast, None),
        (refusal(500, 20500), OutcomeUnknown, 20500),
        (HttpResponse("", 503), OutcomeUnknown, None),
    ],
    ids=lambda each: str(getattr(each, "status", getattr(each, "__name__", each))),
)
@pytest.mark.parametrize("ask", [TwilioCarrier.check_account, look_for], ids=["account", "look-up"])
def test_a_list_that_is_refused_says_why_though_the_sdk_keeps_it_to_itself(
    api: Application, ask: Ask, answer: HttpResponse, kind: type[CarrierError], code: int | None
) -> None:
    api.answers(CALLS, answer)
    error = failed(api.url(""), ask)
    assert type(error) is kind
    assert (error.status, error.code) == (answer.status, code)


def test_what_became_of_a_call_is_fetched_and_a_call_is_ended_in_any_state(api: Application) -> None:
    path = CALLS.replace(".json", "/CA1.json")
    api.answers(path, resource(status="no-answer"))
    assert carried(api.url(""), lambda carrier: carrier.fetch(Channel.CALL, "CA1")).state is AttemptState.NO_ANSWER
    carried(api.url(""), lambda carrier: carrier.end_call("CA1"))
    assert [asked.form for asked in api.at(path)] == [{}, {"Status": "completed"}]


def test_an_undelivered_message_brings_its_code(api: Application) -> None:
    path = MESSAGES.replace(".json", "/SM1.json")
    api.answers(path, resource(sid="SM1", status="undelivered", error_code=30006))
    receipt = carried(api.url(""), lambda carrier: carrier.fetch(Channel.SMS, "SM1"))
    assert (receipt.state, receipt.error_code) == (AttemptState.UNDELIVERED, 30006)


def test_a_word_nobody_knows_counts_as_taken(api: Application) -> None:
    api.answers(CALLS, resource(status="teleporting"))
    assert carried(api.url(""), place).state is AttemptState.QUEUED


def test_warming_never_fails_and_what_is_asked_afterwards_says_that_nobody_is_there() -> None:
    async def warm_and_place(carrier: TwilioCarrier) -> str:
        await carrier.warm()
        with pytest.raises(CarrierError):
            await carrier.fetch(Channel.CALL, "CA1")
        return "warmed"

    assert carried("http://127.0.0.1:1", warm_and_place) == "warmed"
