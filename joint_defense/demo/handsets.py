"""The simulator's control API, as the demo needs it: script handsets, dial, and read what the carrier was asked."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Any


class Handsets:
    """The simulated handsets behind an address."""

    def __init__(self, address: str) -> None:
        self.address = address

    def script(self, number: str, script: Mapping[str, object]) -> None:
        """What whoever holds this handset does when it rings."""
        self._ask("PUT", f"/sim/handsets/{number}", script)

    def dial(self, number: str, keys: str) -> str:
        """Call the service from this handset and press these keys once it answers. The call's sid.

        It is put down first: in a town where an alarm is still open it may be ringing.
        """
        with suppress(urllib.error.HTTPError):
            self._ask("POST", f"/sim/handsets/{number}/hangup")
        press = [{"after": 0.5, "digits": keys}]
        return str(self._ask("POST", f"/sim/handsets/{number}/dial", {"press": press, "hang_up_after": 20})["call_sid"])

    def put_phone_book(self, book: Mapping[str, object]) -> None:
        """Tell the simulator's page whose handsets these are."""
        self._ask("PUT", "/sim/phone-book", book)

    def requests(self, since: float) -> list[dict[str, Any]]:
        """What the carrier was asked since then (epoch seconds): at, kind (call, message), to, sid, status."""
        found: list[dict[str, Any]] = self._ask("GET", f"/sim/requests?since={since}")
        return found

    def keypress(self, call_sid: str) -> float | None:
        """When the carrier passed the pressed keys of a call on to us; None while it has not."""
        webhooks = self._ask("GET", f"/sim/webhooks?sid={call_sid}")
        pressed = [entry["at"] for entry in webhooks if entry["params"].get("Digits")]
        return float(pressed[-1]) if pressed else None

    def _ask(self, method: str, path: str, given: Mapping[str, object] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the simulator's own loopback address
            self.address + urllib.parse.quote(path, safe="/?=&"),
            data=None if given is None else json.dumps(given).encode(),
            method=method,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)
