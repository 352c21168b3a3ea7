"""The carrier's REST API for Calls and Messages under /2010-04-01/, with its faults, its latency and its journal."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from joint_defense.simulator.api.forms import read_form
from joint_defense.simulator.api.listing import filter_calls, filter_messages, make_page
from joint_defense.simulator.api.ordering import Form, order_call, order_text, read_call_source, read_first
from joint_defense.simulator.api.resources import Resources
from joint_defense.simulator.network.network import Fetch, Inline, Network
from joint_defense.simulator.network.records import MESSAGE_UNDER_WAY, Call, CallStatus, Message, Owned
from joint_defense.simulator.network.refusals import Refusal
from joint_defense.simulator.network.wire import API_VERSION
from joint_defense.simulator.telephony.exchange import Exchange
from joint_defense.simulator.telephony.texting import Texting

Response = tuple[int, dict[str, Any] | None]
Entry = dict[str, Any]
Work = Callable[[web.Request, Form, Entry], Response]
_STATUS_CODES = {401: 20003, 500: 20500, 429: 20429}
PAGING = ("Page", "PageSize", "PageToken")


class RestApi:
    """Answers the API's requests for one account."""

    def __init__(self, network: Network, exchange: Exchange, texting: Texting) -> None:
        self._network = network
        self._exchange = exchange
        self._texting = texting
        self._resources = Resources(network.options.account_sid)
        self._latency = network.options.latency_ms / 2000
        self._root = f"/{API_VERSION}/Accounts/{network.options.account_sid}"
        credentials = f"{network.options.account_sid}:{network.options.auth_token}".encode()
        self._authorization = "Basic " + base64.b64encode(credentials).decode()

    def routes(self) -> list[web.RouteDef]:
        """What it answers to."""
        root = f"/{API_VERSION}/Accounts/{{account}}"
        served: list[tuple[str, str, str, str, Work]] = [
            ("POST", "/Calls.json", "calls", "call", self._create_call),
            ("GET", "/Calls.json", "calls", "list", self._list_calls),
            ("GET", "/Calls/{sid}.json", "calls", "fetch", self._fetch_call),
            ("POST", "/Calls/{sid}.json", "calls", "update", self._update_call),
            ("POST", "/Messages.json", "messages", "message", self._create_message),
            ("GET", "/Messages.json", "messages", "list", self._list_messages),
            ("GET", "/Messages/{sid}.json", "messages", "fetch", self._fetch_message),
            ("POST", "/Messages/{sid}.json", "messages", "update", self._update_message),
            ("DELETE", "/Calls/{sid}.json", "calls", "delete", self._delete_call),
            ("DELETE", "/Messages/{sid}.json", "messages", "delete", self._delete_message),
            ("GET", "/IncomingPhoneNumbers.json", "account", "numbers", self._list_numbers),
            ("GET", "/IncomingPhoneNumbers/{sid}.json", "account", "number", self._fetch_number),
            ("POST", "/IncomingPhoneNumbers/{sid}.json", "account", "number", self._update_number),
            ("GET", "/Balance.json", "account", "balance", self._fetch_balance),
            ("GET", ".json", "account", "account", self._fetch_account),
            ("*", "/{anything:.*}", "account", "unknown", self._answer_unknown),
        ]
        return [
            web.route(method, prefix + root + path, self._make_handler(resource, kind, work))
            for prefix in self._network.dialect.roots
            for method, path, resource, kind, work in served
        ]

    def _make_handler(self, resource: str, kind: str, work: Work) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.StreamResponse:
            return await self._serve(request, resource, kind, work)

        return serve

    async def _serve(self, request: web.Request, resource: str, kind: str, work: Work) -> web.StreamResponse:
        entry: Entry = {"at": time.time(), "kind": kind, "to": None, "from": None, "sid": None, "status": None}
        form: Form = read_form(await request.read())
        if self._latency:
            await asyncio.sleep(self._latency)
        faults = self._network.faults
        drop = faults.drop(resource) if kind in ("call", "message") else None
        trouble, hang = (None, 0.0) if drop else faults.strike(resource)
        status, body = 0, None
        if drop != "before":
            status, body = self._work(request, form, entry, work, trouble)
            entry["status"] = status
        self._note(entry, kind, form)
        await asyncio.sleep(hang + self._latency)
        entry["ms"] = round((time.time() - entry["at"]) * 1000, 2)
        if drop:
            return _cut_off(request)
        return web.Response(
            status=status, body=b"" if body is None else json.dumps(body).encode(), headers=_HEADERS.get(status, _JSON)
        )

    def _work(self, request: web.Request, form: Form, entry: Entry, work: Work, trouble: int | None) -> Response:
        try:
            self._authorise(request)
            if trouble is not None:
                entry.update(to=read_first(form, "To") or None, **{"from": read_first(form, "From") or None})
                raise Refusal(_STATUS_CODES[trouble])
            return work(request, form, entry)
        except Refusal as refusal:
            entry["code"] = refusal.code
            return refusal.status, refusal.answer()

    def _authorise(self, request: web.Request) -> None:
        right = request.headers.get("Authorization") == self._authorization
        if not right or request.match_info["account"] != self._network.options.account_sid:
            raise Refusal(20003)

    def _note(self, entry: Entry, kind: str, form: Form) -> None:
        if kind == "message":
            entry["body"] = read_first(form, "Body")
        elif kind in ("call", "update"):
            entry["twiml"] = read_first(form, "Twiml") or None
            entry["url"] = read_first(form, "Url") or None
        self._network.requests.append(entry)
        self._network.events.publish("request", lambda: entry)

    def _create_call(self, request: web.Request, form: Form, entry: Entry) -> Response:
        entry["to"], entry["from"] = read_first(form, "To") or None, read_first(form, "From") or None
        call = self._exchange.place(*order_call(self._network, form))
        entry["sid"] = call.sid
        return 201, self._resources.call(call, created=True)

    def _create_message(self, request: web.Request, form: Form, entry: Entry) -> Response:
        entry["to"], entry["from"] = read_first(form, "To") or None, read_first(form, "From") or None
        message = self._texting.send(order_text(self._network, form))
        entry["sid"] = message.sid
        return 201, self._resources.message(message)

    def _list_calls(self, request: web.Request, form: Form, entry: Entry) -> Response:
        query = dict(request.query)
        entry["to"], entry["from"] = query.get("To"), query.get("From")
        if not self._network.dialect.filters_lists:
            query = {name: query[name] for name in PAGING if name in query}
        handset = self._network.handsets.get(query.get("To", ""))
        if handset is not None and not self._network.owns(handset.number):
            # A handset's own history is short; the whole account's is not.
            found = filter_calls(reversed(handset.calls), query)
        else:
            found = filter_calls(reversed(self._network.calls.values()), query)
        return 200, make_page(found, "calls", f"{self._root}/Calls.json", query, self._resources.call)

    def _list_messages(self, request: web.Request, form: Form, entry: Entry) -> Response:
        query = dict(request.query)
        entry["to"], entry["from"] = query.get("To"), query.get("From")
        if not self._network.dialect.filters_lists:
            query = {name: query[name] for name in PAGING if name in query}
        found = filter_messages(reversed(self._network.messages.values()), query)
        return 200, make_page(found, "messages", f"{self._root}/Messages.json", query, self._resources.message)

    def _fetch_call(self, request: web.Request, form: Form, entry: Entry) -> Response:
        return 200, self._resources.call(self._call(request, entry))

    def _fetch_message(self, request: web.Request, form: Form, entry: Entry) -> Response:
        return 200, self._resources.message(self._find_message(request, entry))

    def _update_call(self, request: web.Request, form: Form, entry: Entry) -> Response:
        call = self._call(request, entry)
        wanted = read_first(form, "Status")
        if wanted not in ("", CallStatus.COMPLETED, CallStatus.CANCELED):
            raise Refusal(20001, "Status must be completed or canceled")
        url, twiml = read_call_source(form)
        if wanted:
            self._exchange.end(call, only_waiting=wanted == CallStatus.CANCELED)
        elif url or twiml:
            step = Fetch(url, read_first(form, "Method").upper() or "POST") if url else Inline(twiml)
            self._exchange.redirect(call, step)
        return 200, self._resources.call(call)

    def _update_message(self, request: web.Request, form: Form, entry: Entry) -> Response:
        message = self._find_message(request, entry)
        if read_first(form, "Status") == "canceled":
            self._texting.cancel(message)
        elif "Body" in form:
            if read_first(form, "Body"):
                raise Refusal(20001, "Body can only be redacted: it must be empty")
            message.body = ""
        return 200, self._resources.message(message)

    def _delete_call(self, request: web.Request, form: Form, entry: Entry) -> Response:
        call = self._call(request, entry)
        if not call.over:
            raise Refusal(20009)
        self._network.forget_call(call)
        return 204, None

    def _delete_message(self, request: web.Request, form: Form, entry: Entry) -> Response:
        message = self._find_message(request, entry)
        if message.status in MESSAGE_UNDER_WAY:
            raise Refusal(20009)
        self._network.forget_message(message)
        return 204, None

    def _fetch_account(self, request: web.Request, form: Form, entry: Entry) -> Response:
        return 200, self._resources.account()

    def _fetch_balance(self, request: web.Request, form: Form, entry: Entry) -> Response:
        left, _, currency = self._network.options.balance.partition(" ")
        if not left:
            raise Refusal(20404, request.path)
        return 200, {"account_sid": self._network.options.account_sid, "balance": left, "currency": currency}

    def _list_numbers(self, request: web.Request, form: Form, entry: Entry) -> Response:
        query = dict(request.query)
        wanted = re.compile(".*".join(re.escape(part) for part in query.get("PhoneNumber", "").split("*")))
        found = [Owned(number) for number in self._network.options.numbers if wanted.search(number)]
        path = f"{self._root}/IncomingPhoneNumbers.json"
        return 200, make_page(found, "incoming_phone_numbers", path, query, self._draw_number)

    def _fetch_number(self, request: web.Request, form: Form, entry: Entry) -> Response:
        owned = (Owned(number) for number in self._network.options.numbers)
        found = next((each for each in owned if each.sid == request.match_info["sid"]), None)
        if found is None:
            raise Refusal(20404, request.path)
        return 200, self._draw_number(found)

    def _update_number(self, request: web.Request, form: Form, entry: Entry) -> Response:
        # All numbers of this network lead to the same addresses.
        options = self._network.options
        for name, option in (("VoiceUrl", "voice_url"), ("SmsUrl", "sms_url"), ("StatusCallback", "voice_status_url")):
            if name in form:
                setattr(options, option, read_first(form, name))
        return self._fetch_number(request, form, entry)

    def _draw_number(self, owned: Owned) -> dict[str, Any]:
        options = self._network.options
        return self._resources.number(owned, options.voice_url, options.sms_url, options.voice_status_url)

    def _answer_unknown(self, request: web.Request, form: Form, entry: Entry) -> Response:
        raise Refusal(20404, request.path)

    def _call(self, request: web.Request, entry: Entry) -> Call:
        call = self._network.calls.get(request.match_info["sid"])
        if call is None:
            raise Refusal(20404, request.path)
        entry["sid"], entry["to"], entry["from"] = call.sid, call.to, call.sender
        return call

    def _find_message(self, request: web.Request, entry: Entry) -> Message:
        message = self._network.messages.get(request.match_info["sid"])
        if message is None:
            raise Refusal(20404, request.path)
        entry["sid"], entry["to"], entry["from"] = message.sid, message.to, message.sender
        return message


_JSON = {"Content-Type": "application/json; charset=utf-8"}
_HEADERS = {401: _JSON | {"WWW-Authenticate": 'Basic realm="Twilio API"'}}


def _cut_off(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
