"""The control API under /sim/: handsets, faults and what was recorded, as JSON. For tests, demonstrations and a page.

A number in a path is E.164 with its plus sign. Errors are {"error": one line} with 400 (cannot be), 404 (unknown
address) or 409 (the handset is not in that state). A `null` script entry means its default.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import web

from joint_defense.simulator.network.callbacks import Callbacks
from joint_defense.simulator.network.events import as_event
from joint_defense.simulator.network.faults import BadFault, Faults
from joint_defense.simulator.network.network import Handset, Network
from joint_defense.simulator.network.phone_book import BadPhoneBook, read_phone_book
from joint_defense.simulator.network.scripts import (
    UNSCRIPTED,
    BadScript,
    read_digits,
    read_presses,
    read_script,
    read_seconds,
)
from joint_defense.simulator.network.wire import is_number
from joint_defense.simulator.telephony.exchange import Exchange, HandsetBusy
from joint_defense.simulator.telephony.texting import Texting

LARGEST_PHONE_BOOK = 16 * 1024 * 1024
_ADDRESSES = frozenset({"voice_url", "sms_url", "voice_status_url", "voice_fallback_url"})

Served = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BadControl(ValueError):
    """The control request cannot be carried out. The message is one line."""


class Control:
    """Answers the control API."""

    def __init__(self, network: Network, exchange: Exchange, texting: Texting, callbacks: Callbacks) -> None:
        self._network = network
        self._exchange = exchange
        self._texting = texting
        self._callbacks = callbacks

    def routes(self) -> list[web.RouteDef]:
        """What it answers to."""
        handset = "/sim/handsets/{number}"
        served: list[tuple[str, str, Served]] = [
            ("GET", "/sim/healthz", self._show_health),
            ("GET", "/sim/handsets", self._list_handsets),
            ("GET", handset, self._show_handset),
            ("PUT", handset, self._script_handset),
            ("DELETE", handset, self._reset_handset),
            ("POST", handset + "/dial", self._dial),
            ("POST", handset + "/press", self._press),
            ("POST", handset + "/answer", self._answer),
            ("POST", handset + "/hangup", self._hang_up),
            ("POST", handset + "/text", self._text),
            ("GET", "/sim/requests", self._list_requests),
            ("DELETE", "/sim/requests", self._clear_requests),
            ("GET", "/sim/webhooks", self._list_webhooks),
            ("DELETE", "/sim/webhooks", self._clear_webhooks),
            ("GET", "/sim/notifications", self._list_notifications),
            ("GET", "/sim/conferences", self._list_conferences),
            ("GET", "/sim/faults", self._show_faults),
            ("PUT", "/sim/faults", self._turn_faults),
            ("DELETE", "/sim/faults", self._clear_faults),
            ("PUT", "/sim/urls", self._point_at),
            ("POST", "/sim/reset", self._reset),
            ("GET", "/sim/events", self._watch),
            ("PUT", "/sim/phone-book", self._take_phone_book),
        ]
        return [web.route(method, path, _answer_with(serve)) for method, path, serve in served]

    async def _show_health(self, request: web.Request) -> web.StreamResponse:
        options = self._network.options
        return _send_json(
            {"ok": True, "simulator": "joint-defence", "numbers": options.numbers, "speed": options.speed}
        )

    async def _list_handsets(self, request: web.Request) -> web.StreamResponse:
        return _send_json([handset.summary() for handset in tuple(self._network.handsets.values())])

    async def _show_handset(self, request: web.Request) -> web.StreamResponse:
        number = _read_number(request)
        return _send_json((self._network.handsets.get(number) or Handset(number)).view())

    async def _script_handset(self, request: web.Request) -> web.StreamResponse:
        given = await _read_object(request)
        script = read_script(given)
        handset = self._network.handset(_read_number(request))
        handset.script, handset.scripted, handset.attempts = script, given, 0
        handset.name = str(given.get("name") or handset.name)
        self._network.show_handset(handset.number)
        return _send_json(handset.view())

    async def _reset_handset(self, request: web.Request) -> web.StreamResponse:
        handset = self._network.handset(_read_number(request))
        handset.script, handset.scripted, handset.attempts, handset.name = UNSCRIPTED, None, 0, ""
        self._network.show_handset(handset.number)
        return _send_json(handset.view())

    async def _dial(self, request: web.Request) -> web.StreamResponse:
        given = await _read_object(request, {"to", "press", "hang_up_after"})
        presses, hang_up_after = read_presses(given.get("press")), read_seconds(given, "hang_up_after")
        if not self._network.options.voice_url:
            raise BadControl("the network has no voice URL to ask")
        call = self._exchange.dial_in(_read_number(request), self._check_owned(given), presses, hang_up_after)
        return _send_json({"call_sid": call.sid})

    async def _press(self, request: web.Request) -> web.StreamResponse:
        given = await _read_object(request, {"digits"})
        digits = read_digits(given.get("digits"))
        leg = self._exchange.get_leg(_read_number(request))
        if leg.call.answered_at is None:
            raise HandsetBusy(f"{_read_number(request)} is not connected yet")
        await leg.play_keys(digits)
        return _send_json({"call_sid": leg.call.sid})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        return _send_json({"call_sid": self._exchange.pick_up(_read_number(request)).sid})

    async def _hang_up(self, request: web.Request) -> web.StreamResponse:
        return _send_json({"call_sid": self._exchange.put_down(_read_number(request)).sid})

    async def _text(self, request: web.Request) -> web.StreamResponse:
        given = await _read_object(request, {"to", "body"})
        body = given.get("body")
        if not isinstance(body, str) or not body:
            raise BadControl("body must be a text")
        message, reply = await self._texting.text(_read_number(request), self._check_owned(given), body)
        return _send_json({"message_sid": message.sid, "reply": reply})

    async def _list_requests(self, request: web.Request) -> web.StreamResponse:
        since = _read_since(request)
        wanted = {name: request.query[name] for name in ("kind", "to", "from", "sid") if name in request.query}
        return _send_json(
            [
                entry
                for entry in self._network.requests
                if entry["at"] >= since and all(entry[name] == value for name, value in wanted.items())
            ]
        )

    async def _clear_requests(self, request: web.Request) -> web.StreamResponse:
        self._network.requests.clear()
        return _send_json({})

    async def _list_webhooks(self, request: web.Request) -> web.StreamResponse:
        since = _read_since(request)
        sid = request.query.get("sid")
        found = [entry for entry in self._network.webhooks if entry["at"] >= since]
        return _send_json([entry for entry in found if sid is None or sid in entry["params"].values()])

    async def _clear_webhooks(self, request: web.Request) -> web.StreamResponse:
        self._network.webhooks.clear()
        return _send_json({})

    async def _list_notifications(self, request: web.Request) -> web.StreamResponse:
        return _send_json(list(self._network.notifications))

    async def _list_conferences(self, request: web.Request) -> web.StreamResponse:
        return _send_json(self._exchange.conferences.describe())

    async def _show_faults(self, request: web.Request) -> web.StreamResponse:
        return _send_json(self._network.faults.describe())

    async def _turn_faults(self, request: web.Request) -> web.StreamResponse:
        self._network.faults.turn(await _read_object(request))
        return _send_json(self._network.faults.describe())

    async def _clear_faults(self, request: web.Request) -> web.StreamResponse:
        self._network.faults = Faults()
        return _send_json({})

    async def _point_at(self, request: web.Request) -> web.StreamResponse:
        given = await _read_object(request, _ADDRESSES)
        for name, url in given.items():
            if not isinstance(url, str) or (url and not url.startswith(("http://", "https://"))):
                raise BadControl(f"{name} must be an http(s) address, or empty")
        for name, url in given.items():
            setattr(self._network.options, name, url)
        return _send_json({name: getattr(self._network.options, name) for name in sorted(_ADDRESSES)})

    async def _take_phone_book(self, request: web.Request) -> web.StreamResponse:
        self._network.take_phone_book(read_phone_book(_parse(await _read_body(request))))
        return _send_json({"phones": len(self._network.phone_book)})

    async def _reset(self, request: web.Request) -> web.StreamResponse:
        await self._exchange.stop()
        await self._texting.stop()
        self._callbacks.drop_all()
        self._network.forget()
        return _send_json({})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        alive = ": watching\n\n"
        with suppress(ConnectionResetError):
            async for changes in self._network.events.changes():
                told = "".join(as_event(kind, view) for kind, view in changes)
                await response.write((told or alive).encode())
                alive = ": alive\n\n"
        return response

    def _check_owned(self, given: dict[str, Any]) -> str:
        to = given.get("to", self._network.options.numbers[0])
        if not isinstance(to, str) or not self._network.owns(to):
            raise BadControl(f"to must be a number of the account: {', '.join(self._network.options.numbers)}")
        return to


def _answer_with(serve: Served) -> Served:
    async def answer_request(request: web.Request) -> web.StreamResponse:
        try:
            return await serve(request)
        except (BadScript, BadFault, BadPhoneBook, BadControl) as error:
            return _send_json({"error": str(error)}, 400)
        except HandsetBusy as error:
            return _send_json({"error": str(error)}, 409)

    return answer_request


def _send_json(value: object, status: int = 200) -> web.Response:
    return web.json_response(value, status=status, dumps=lambda given: json.dumps(given, ensure_ascii=False))


def _read_number(request: web.Request) -> str:
    number = request.match_info["number"]
    if not is_number(number):
        raise BadControl(f"{number} is not a telephone number in E.164")
    return number


async def _read_body(request: web.Request) -> bytes:
    """A body that may be larger than the requests of telephony are: a town's phone book."""
    body = bytearray()
    async for part in request.content.iter_any():
        body += part
        if len(body) > LARGEST_PHONE_BOOK:
            raise BadControl(f"a phone book has at most {LARGEST_PHONE_BOOK} bytes")
    return bytes(body)


def _parse(body: bytes | str) -> Any:
    try:
        return json.loads(body or "{}")
    except ValueError:
        raise BadControl("the request is not JSON") from None


async def _read_object(request: web.Request, names: frozenset[str] | set[str] | None = None) -> dict[str, Any]:
    given = _parse(await request.text())
    if not isinstance(given, dict):
        raise BadControl("the request must be a JSON object")
    if names is not None and (unknown := sorted(set(given) - names)):
        raise BadControl(f"{unknown[0]} is not known")
    return given


def _read_since(request: web.Request) -> float:
    try:
        return float(request.query.get("since", "0"))
    except ValueError:
        raise BadControl("since must be epoch seconds") from None
