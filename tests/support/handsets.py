"""Telephones for tests: a synchronous client of the simulator's control API, and a way to start a network.

    with Network.launch(account_sid=…, auth_token=…, numbers=[OURS], voice_url=…, sms_url=…, speed=50) as network:
        network.handset("+8613805740002").script(answers(press="1"))
        network.handset("+8613805740001").dial(OURS, press="#9")
        call = network.handset("+8613805740002").wait_for_call(status="completed")
        assert "王家" in call.text

A Handset or a Network asks the simulator each time; a Call, a Heard or a Text is what it was when it was asked for.
Waiting fails with AssertionError, which says what there was instead.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import requests

from tests.support.telephony import Call, Text, read_call, read_text

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0

Found = TypeVar("Found")


class NetworkError(AssertionError):
    """The simulator refused a control request, or did not start."""


def eventually(look: Callable[[], Found | None], what: str, within: float = PATIENCE) -> Found:
    """What `look` finds, asked again until it finds something true; AssertionError when it does not."""
    end, pause = time.monotonic() + within, 0.01
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() >= end:
            raise AssertionError(f"not within {within:g} s: {what}")
        time.sleep(pause)
        # What takes longer is asked for less often: whoever is to do it needs the processor.
        pause = min(pause * 1.2, 0.05)


def answers(
    press: str | None = None,
    *,
    after: float = 2.0,
    press_after: float = 1.5,
    hang_up_after: float | None = None,
    says: str | None = None,
) -> dict[str, Any]:
    """A plan for one call: picked up after some seconds of ringing, keys pressed so long after that."""
    plan: dict[str, Any] = {"do": "answer", "after": after, "hang_up_after": hang_up_after, "says": says}
    if press is not None:
        plan["press"] = [{"after": press_after, "digits": press}]
    return plan


class Handset:
    """One telephone of the network."""

    def __init__(self, network: Network, number: str) -> None:
        self.network = network
        self.number = number

    def script(
        self,
        *calls: dict[str, Any] | str,
        texts: dict[str, Any] | None = None,
        name: str | None = None,
        refuse_calls: int | None = None,
        refuse_texts: int | None = None,
    ) -> Self:
        """Say what the person does: the n-th call meets the n-th plan ("busy" or a dict), later ones the last."""
        given: dict[str, Any] = {"texts": texts, "refuse_calls": refuse_calls, "refuse_texts": refuse_texts}
        if calls:
            given["calls"] = [{"do": plan} if isinstance(plan, str) else plan for plan in calls]
        if name is not None:
            given["name"] = name
        self._ask("PUT", "", given)
        return self

    def reset(self) -> None:
        """Forget the script: it rings and is not answered, texts arrive."""
        self._ask("DELETE", "")

    def dial(
        self,
        to: str | None = None,
        *,
        press: str | Sequence[tuple[float, str]] = (),
        press_after: float = 0.5,
        hang_up_after: float | None = None,
    ) -> str:
        """Call a number of the account (its first by default) and press keys once connected. The call's sid."""
        presses = [(press_after, press)] if isinstance(press, str) else press
        given: dict[str, Any] = {
            "press": [{"after": after, "digits": digits} for after, digits in presses],
            "hang_up_after": hang_up_after,
        }
        return str(self._ask("POST", "/dial", given | ({"to": to} if to else {}))["call_sid"])

    def press(self, digits: str) -> None:
        """Press keys in the call it is in."""
        self._ask("POST", "/press", {"digits": digits})

    def answer(self) -> None:
        """Pick up."""
        self._ask("POST", "/answer", {})

    def hang_up(self) -> None:
        """Hang up, or decline while it rings."""
        self._ask("POST", "/hangup", {})

    def text(self, body: str, to: str | None = None) -> str | None:
        """Text a number of the account (its first by default). What it answers at once, or None."""
        reply = self._ask("POST", "/text", {"body": body} | ({"to": to} if to else {}))["reply"]
        return None if reply is None else str(reply)

    @property
    def state(self) -> str:
        """idle, ringing, dialing or in_call."""
        return str(self._ask("GET", "")["state"])

    @property
    def calls(self) -> list[Call]:
        """Its calls, oldest first, its own included."""
        return [read_call(call) for call in self._ask("GET", "")["calls"]]

    @property
    def incoming(self) -> list[Call]:
        """The calls it was rung by, oldest first."""
        return [call for call in self.calls if call.direction != "inbound"]

    @property
    def texts(self) -> list[Text]:
        """Its texts, oldest first, its own included."""
        return [read_text(message) for message in self._ask("GET", "")["messages"]]

    @property
    def received(self) -> list[Text]:
        """The texts it got, oldest first."""
        return [text for text in self.texts if text.direction != "inbound"]

    def wait_for_call(self, status: str | None = None, nth: int = 1, within: float = PATIENCE) -> Call:
        """Its n-th incoming call, once it has that status (any, when None)."""
        return self._wait_for(lambda: self.incoming, status, nth, within)

    def wait_for_own_call(self, status: str | None = None, nth: int = 1, within: float = PATIENCE) -> Call:
        """The n-th call it made itself, once it has that status (any, when None)."""
        return self._wait_for(lambda: [call for call in self.calls if call.direction == "inbound"], status, nth, within)

    def wait_until_hears(self, words: str, within: float = PATIENCE) -> Call:
        """The call in which it heard these words."""
        try:
            return eventually(
                lambda: next((call for call in self.calls if words in call.text), None), "", within=within
            )
        except AssertionError:
            heard = [call.text for call in self.calls]
            raise AssertionError(f"{self.number} did not hear {words!r} within {within:g} s, but {heard}") from None

    def wait_for_text(self, words: str = "", nth: int = 1, within: float = PATIENCE) -> Text:
        """The n-th text it got that holds these words."""
        try:
            return eventually(lambda: _nth([text for text in self.received if words in text.body], nth), "", within)
        except AssertionError:
            got = [text.body for text in self.received]
            raise AssertionError(f"{self.number} got no text {words!r} within {within:g} s, but {got}") from None

    def _wait_for(self, look: Callable[[], list[Call]], status: str | None, nth: int, within: float) -> Call:
        def found() -> Call | None:
            call = _nth(look(), nth)
            return call if call is not None and status in (None, call.status) else None

        try:
            return eventually(found, "", within)
        except AssertionError:
            statuses = [call.status for call in look()]
            wanted = f"call {nth} of {self.number} to be {status or 'there'}"
            raise AssertionError(f"not within {within:g} s: {wanted}; its calls are {statuses}") from None

    def _ask(self, method: str, path: str, given: dict[str, Any] | None = None) -> Any:
        return self.network.ask(method, f"/sim/handsets/{self.number}{path}", given)


class Network:
    """A simulator that runs at `url`."""

    def __init__(self, url: str, process: subprocess.Popen[str] | None = None) -> None:
        self.url = url
        self.process = process
        self._session = requests.Session()
        self._session.trust_env = False

    @classmethod
    def launch(
        cls,
        *,
        account_sid: str,
        auth_token: str,
        numbers: Sequence[str],
        voice_url: str = "",
        sms_url: str = "",
        speed: float = 50,
        port: int = 0,
        options: Sequence[str] = (),
    ) -> Network:
        """Start a simulator as a process of its own. More options of its command line in `options`."""
        command = [sys.executable, "-m", "joint_defense.simulator", "--port", str(port), "--speed", str(speed)]
        command += ["--account-sid", account_sid, "--auth-token", auth_token]
        command += [part for number in numbers for part in ("--number", number)]
        command += ["--voice-url", voice_url, "--sms-url", sms_url, *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ)
        line = process.stdout.readline() if process.stdout else ""
        if " ready on " not in line:
            process.kill()
            process.wait()
            raise NetworkError("the simulator did not start; it says why on stderr")
        return cls(line.rsplit(" ", 1)[1].strip(), process)

    def close(self) -> None:
        """End what was started, and give the connections back."""
        self._session.close()
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
            if self.process.stdout:
                self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def handset(self, number: str) -> Handset:
        """The telephone with this number; any number is one."""
        return Handset(self, number)

    def handsets(self) -> list[dict[str, Any]]:
        """Number, name, state and attempts of every telephone that was touched."""
        return list(self.ask("GET", "/sim/handsets"))

    def point_at(self, **urls: str) -> None:
        """Change voice_url, sms_url, voice_status_url, voice_fallback_url."""
        self.ask("PUT", "/sim/urls", urls)

    def requests(
        self, kind: str | None = None, to: str | None = None, since: float | None = None
    ) -> list[dict[str, Any]]:
        """What the carrier was asked, oldest first: at, kind, to, from, sid, status, ms, and body or twiml."""
        wanted = {"kind": kind, "to": to, "since": since}
        return list(self.ask("GET", "/sim/requests", params=wanted))

    def placed(self, kind: str, since: float | None = None) -> list[dict[str, Any]]:
        """The creates of a kind, "call" or "message", that were carried out."""
        return [request for request in self.requests(kind, since=since) if request["sid"]]

    def clear_requests(self) -> None:
        """Forget what the carrier was asked."""
        self.ask("DELETE", "/sim/requests")

    def webhooks(self, sid: str | None = None, since: float | None = None) -> list[dict[str, Any]]:
        """Every webhook and callback sent, oldest first: at, url, params, status, ms, response."""
        return list(self.ask("GET", "/sim/webhooks", params={"sid": sid, "since": since}))

    def notifications(self) -> list[dict[str, Any]]:
        """The carrier's error log: at, level, code, message, sid, url. Empty when all TwiML was good."""
        return list(self.ask("GET", "/sim/notifications"))

    def conferences(self) -> list[dict[str, Any]]:
        """Rooms: sid, name, status, participants, history."""
        return list(self.ask("GET", "/sim/conferences"))

    def fault(self, **knobs: Any) -> None:
        """Turn knobs (see joint_defense/simulator/network/faults.py); None takes one back."""
        self.ask("PUT", "/sim/faults", knobs)

    def mend(self) -> None:
        """Take every fault back."""
        self.ask("DELETE", "/sim/faults")

    def reset(self) -> None:
        """Forget handsets, calls, texts, journals and faults; live calls end without a word."""
        self.ask("POST", "/sim/reset")

    def ask(self, method: str, path: str, given: Any = None, params: dict[str, Any] | None = None) -> Any:
        """A control request. Its JSON answer; NetworkError when it is refused."""
        response = self._session.request(method, self.url + path, json=given, params=params, timeout=20)
        answer = response.json()
        if response.status_code >= 400:
            raise NetworkError(f"{method} {path}: {answer.get('error', response.status_code)}")
        return answer


def _nth(found: list[Found], nth: int) -> Found | None:
    return found[nth - 1] if len(found) >= nth else None
