"""The watcher rings the operator when the service falls silent, and says when it is well again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from config.settings import SettingsError, load_watch
from joint_defense.carriers.twilio import TwilioCarrier
from joint_defense.operations.watch import Act, Vigil, Watcher, ask, describe_trouble
from tests.support import loops
from tests.support.handsets import Network, answers, eventually
from tests.support.ports import free_port
from tests.support.web_servers import WebServer

OURS = "+8657412345678"
SID, TOKEN = "AC" + "1" * 32, "a-token-of-the-watcher"
FIRST, SECOND = "+8613900000001", "+8613900000002"
GIVEN = {
    "WATCH_URL": "https://town.example.org/readyz",
    "WATCH_PHONES": f"{FIRST},{SECOND}",
    "WATCH_AFTER": "0.3",
    "WATCH_AGAIN": "60",
    "TWILIO_ACCOUNT_SID": SID,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "TWILIO_FROM_NUMBER": OURS,
}


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network.launch(account_sid=SID, auth_token=TOKEN, numbers=[OURS], speed=50) as started:
        yield started


def test_who_does_not_pick_up_is_followed_by_the_next_and_all_are_told_when_it_is_well(network: Network) -> None:
    network.handset(FIRST).script("busy")
    network.handset(SECOND).script(answers(after=1.0, hang_up_after=5.0))
    trouble = ["worker silent"]

    async def watch() -> None:
        stopping = asyncio.Event()
        settings = load_watch(GIVEN | {"TWILIO_API_BASE_URL": network.url})
        carrier = TwilioCarrier(SID, TOKEN, network.url, timeout=5, connections=2)
        watching = asyncio.create_task(Watcher(settings, lambda: trouble[0], carrier).watch(stopping, every=0.1))
        await asyncio.to_thread(lambda: network.handset(SECOND).wait_for_call(status="completed"))
        trouble[0] = ""
        await asyncio.to_thread(
            lambda: eventually(lambda: len(network.handset(SECOND).texts) == 2, "told that it is well")
        )
        stopping.set()
        await watching
        await carrier.close()

    loops.run(watch())
    assert network.handset(FIRST).calls[0].status == "busy"
    (call,) = network.handset(SECOND).calls
    assert "服务异常" in call.text
    told = [text.body for text in network.handset(FIRST).texts]
    assert ("worker silent" in told[0], "恢复" in told[1]) == (True, True)


def test_a_test_rings_at_once_and_says_whether_all_is_well(
    network: Network, capsys: pytest.CaptureFixture[str]
) -> None:
    third = "+8613900000003"
    settings = load_watch(GIVEN | {"TWILIO_API_BASE_URL": network.url, "WATCH_PHONES": third})
    network.handset(third).script(answers(after=1.0, hang_up_after=5.0))

    async def test(trouble: str) -> bool:
        carrier = TwilioCarrier(SID, TOKEN, network.url, timeout=5, connections=2)
        try:
            return await Watcher(settings, lambda: trouble, carrier).test()
        finally:
            await carrier.close()

    assert loops.run(test(""))
    assert "测试" in network.handset(third).texts[0].body
    assert "测试" in network.handset(third).calls[0].text
    assert not loops.run(test("worker silent"))
    assert "service: worker silent; operator: reached" in capsys.readouterr().out


def test_it_waits_before_it_rings_and_between_two_rounds() -> None:
    vigil = Vigil(after=120, again=600)
    seen = [(0, "down"), (60, ""), (100, "down"), (219, "down"), (220, "down"), (819, "down"), (820, "down"), (821, "")]
    assert [(at, act) for at, trouble in seen if (act := vigil.look(trouble, at)) is not None] == [
        (220, Act.TELL_TROUBLE),
        (820, Act.TELL_TROUBLE),
        (821, Act.TELL_WELL),
    ]


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (200, b'{"status": "ok", "worker": "ok", "accounts": {"main": "20003"}}', ""),
        (503, b'{"status": "unready", "worker": "silent", "clock": "ok"}', "worker silent"),
        (503, b'{"status": "unready", "spool": "2 set aside", "redis": "ConnectionError"}', None),
        (502, b"<html>bad gateway</html>", "HTTP 502"),
        (500, b"{}", "HTTP 500"),
        (200, b"[]", "HTTP 200"),
    ],
)
def test_what_is_not_well_is_named(status: int, body: bytes, trouble: str | None) -> None:
    wanted = "spool 2 set aside, redis ConnectionError" if trouble is None else trouble
    assert describe_trouble(status, body) == wanted


def test_a_service_that_refuses_or_answers_nothing_is_not_well() -> None:
    class Broken(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(502)

        def log_message(self, format: str, *args: object) -> None: ...

    server = WebServer(("127.0.0.1", 0), Broken)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    assert ask(f"http://127.0.0.1:{server.server_port}/readyz") == "HTTP 502"
    server.shutdown()
    thread.join()
    server.server_close()
    assert ask(f"http://127.0.0.1:{free_port()}/readyz").startswith("没有应答")


@pytest.mark.parametrize("lacking", ["WATCH_URL", "WATCH_PHONES", "TWILIO_FROM_NUMBER"])
def test_a_setting_that_is_missing_is_named(lacking: str) -> None:
    with pytest.raises(SettingsError, match=lacking):
        load_watch({name: value for name, value in GIVEN.items() if name != lacking})
