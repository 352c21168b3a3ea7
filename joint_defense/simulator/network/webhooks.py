"""The network's own requests to the application: signed as the carrier signs them, and every one recorded."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import aiohttp
from yarl import URL

from joint_defense.simulator.network.dialects import Dialect
from joint_defense.simulator.network.network import Network
from joint_defense.simulator.network.wire import make_sid

WEBHOOK_TIMEOUT = 15.0
MOST_REDIRECTS = 10
# One byte more than the largest document is enough to know that it is too large.
LARGEST_READ = 64 * 1024 + 1
RECORDED = 4_000
# Below the idle time of common servers, so that no request runs into a connection that is just being closed.
KEEPALIVE = 1.0


class WebhookFailed(Exception):
    """The application gave no usable answer. `code` as the carrier's error log counts."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """The application's answer, of any status below 400."""

    url: str
    status: int
    content_type: str
    text: str


def make_signature_headers(
    dialect: Dialect, token: str, signing_key: str, url: str, params: Mapping[str, str], body: str
) -> dict[str, str]:
    """A request's signatures. SignalWire's own is over the address and the body as it is sent, in hexadecimal."""
    if not dialect.signs_as_signalwire:
        return {"X-Twilio-Signature": sign(token, url, params)}
    key = signing_key or token
    own = hmac.new(key.encode(), (url + body).encode(), hashlib.sha1).hexdigest()
    return {"X-SignalWire-Signature": own, "X-Twilio-Signature": sign(key, url, params)}


def sign(token: str, url: str, params: Mapping[str, str]) -> str:
    """X-Twilio-Signature: base64(HMAC-SHA1(token, full URL + sorted name+value pairs))."""
    signed = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


class Webhooks:
    """Sends requests to the application."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._session: aiohttp.ClientSession | None = None
        self._sending: set[asyncio.Task[Reply]] = set()

    async def open(self) -> None:
        """Take the connections' pool; needs the running loop."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE),
            timeout=aiohttp.ClientTimeout(total=WEBHOOK_TIMEOUT),
            headers={"User-Agent": "TwilioProxy/1.1", "Accept": "*/*"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Give the connections back."""
        for task in tuple(self._sending):
            task.cancel()
        if self._session is not None:
            await self._session.close()

    async def ask(self, url: str, params: Mapping[str, str], method: str = "POST") -> Reply:
        """Send the parameters and wait for the answer. Raises WebhookFailed.

        A call that ends meanwhile does not take the request back: who presses #9 and hangs up is still heard.
        """
        task = asyncio.create_task(self._ask(url, params, method))
        self._sending.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[Reply]) -> None:
        self._sending.discard(task)
        if not task.cancelled():
            # Read here, so that an answer nobody waits for any more is no unhandled error.
            task.exception()

    async def _ask(self, url: str, params: Mapping[str, str], method: str) -> Reply:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise WebhookFailed(11100, f"Invalid URL format: {url}")
        entry = {"at": time.time(), "url": url, "params": params, "status": None, "ms": None, "response": ""}
        self._network.webhooks.append(entry)
        started = time.perf_counter()
        try:
            reply = await self._send_twice(url, params, method)
            entry.update(status=reply.status, response=reply.text[:RECORDED])
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeDecodeError, ValueError) as error:
            entry["response"] = f"{type(error).__name__}: {error}"[:RECORDED]
            raise WebhookFailed(11205, f"HTTP connection failure: {type(error).__name__}") from None
        finally:
            entry["ms"] = round((time.perf_counter() - started) * 1000, 2)
            self._network.events.publish("webhook", lambda: entry)
        if reply.status >= 400:
            raise WebhookFailed(11200, f"HTTP retrieval failure: the answer's status is {reply.status}")
        return reply

    async def _send_twice(self, url: str, params: Mapping[str, str], method: str) -> Reply:
        # The carrier's default: one more try where no connection came about, and none for anything else.
        try:
            return await self._send(url, params, method)
        except aiohttp.ClientConnectorError:
            return await self._send(url, params, method)

    async def _send(self, url: str, params: Mapping[str, str], method: str) -> Reply:
        if self._session is None:
            raise RuntimeError("Webhooks.open comes first")
        body, signed = urlencode(params), params
        if method == "GET":
            url, body, signed = f"{url}{'&' if urlsplit(url).query else '?'}{body}", "", {}
        options = self._network.options
        headers = {
            **make_signature_headers(self._network.dialect, options.auth_token, options.signing_key, url, signed, body),
            "I-Twilio-Idempotency-Token": make_sid(""),
        }
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        # 301 and 302 turn into a GET without the parameters, as they do with the carrier.
        async with self._session.request(
            method, _keep_exactly(url), data=body.encode() or None, headers=headers, max_redirects=MOST_REDIRECTS
        ) as response:
            raw = await response.content.read(LARGEST_READ)
            while len(raw) < LARGEST_READ and (more := await response.content.read(LARGEST_READ - len(raw))):
                raw += more
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return Reply(str(response.url), response.status, kind, raw.decode(response.charset or "utf-8"))


def _keep_exactly(url: str) -> URL:
    # What is signed is what is sent: the address must not be written anew.
    return URL(url, encoded=True)
