"""Twilio's REST API, or that of any carrier that speaks it, as a `Carrier`: warm connections, every error mapped.

The SDK builds the requests and reads the answers; the HTTP client beneath it is ours, because the SDK's own async
client has no time limit (its `timeout` is ignored) and would repeat a POST after a 500, which rings a phone twice.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import re
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

import aiohttp
import structlog
from aiohttp.abc import AbstractStreamWriter, ResolveResult
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from twilio.base import values
from twilio.base.exceptions import TwilioException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from yarl import URL

from joint_defense.carriers import port
from joint_defense.carriers.port import (
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
    before_leaving,
)
from joint_defense.rules.states import AttemptState, Channel, read_carrier_word

# Carriers other than Twilio count an unknown event as an error: these four are known to all.
CALL_EVENTS = ["initiated", "ringing", "answered", "completed"]
CONNECT_TIMEOUT = 3.0
NAME_TIMEOUT = 1.0
"""A name server that hangs is not waited for any longer: the rest of `CONNECT_TIMEOUT` is the connection's."""
KEEP_ALIVE = 60.0
FORM = "application/x-www-form-urlencoded"
LOOK_UP_PAGE = 50
MOST_LOOKED_THROUGH = 1000
CLOCK_DIFFERENCE = timedelta(minutes=2)
Result = TypeVar("Result")
log = structlog.stdlib.get_logger(__name__)


class _Connector(aiohttp.TCPConnector):
    """Asks `before_leaving` when a request has its connection, which then serves another where it may not leave."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        if (ask := before_leaving.get()) is not None:
            try:
                await ask()
            except BaseException:
                connection.release()
                raise
        return connection


class _Request(aiohttp.ClientRequest):
    """Asks `before_leaving` once more in the step that writes: head and body wait for the loop's next turn, those of a
    whole portion for one turn, and a process that is stopped just then would write them when it is woken.
    """

    async def write_bytes(
        self, writer: AbstractStreamWriter, conn: Connection, content_length: int | None = None
    ) -> None:
        """Write both, or nothing: then whoever waits for the answer gets what was raised."""
        if (ask := before_leaving.get()) is not None:
            try:
                await ask()
            except Exception as error:
                if conn.protocol is not None:
                    conn.protocol.set_exception(error)
                return
        await super().write_bytes(writer, conn, content_length)


class _Resolver(aiohttp.ThreadedResolver):
    """Asks for a host's addresses, and takes those of the last time where nobody answers: a name server that is away
    is no reason to ring nobody. Whoever answers there has to show the host's certificate all the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[str, int, socket.AddressFamily], list[ResolveResult]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        asked = (host, port, family)
        try:
            found = await asyncio.wait_for(super().resolve(host, port, family), NAME_TIMEOUT)
        except (OSError, TimeoutError) as error:
            if asked not in self._known:
                raise OSError(f"the name {host} could not be resolved") from error
            log.warning("name_not_resolved", host=host, error=type(error).__name__)
            return self._known[asked]
        self._known[asked] = found
        return found


class PooledHttpClient(AsyncHttpClient):
    """The SDK's transport over one aiohttp session: bounded in time, never repeating, kept warm."""

    def __init__(self, *, timeout: float, connections: int) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), True, None)
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                limit=connections,
                keepalive_timeout=KEEP_ALIVE,
                socket_factory=_open_socket,
                resolver=_Resolver(),
            ),
            request_class=_Request,
            timeout=aiohttp.ClientTimeout(total=timeout, connect=min(CONNECT_TIMEOUT, timeout)),
        )

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the SDK's interface; the session's own limit holds
        allow_redirects: bool = False,
    ) -> Response:
        """Send one request, once."""
        arguments: dict[str, Any] = {"params": params}
        signed = {**(headers or {}), **({"Authorization": _write_basic(*auth)} if auth else {})}
        if data:
            arguments["data"], signed["Content-Type"] = write_form(data), FORM
        async with self._session.request(
            method, url, headers=signed, allow_redirects=allow_redirects, **arguments
        ) as answer:
            return Response(answer.status, await answer.text(), answer.headers)

    async def close(self) -> None:
        """Give the connections back."""
        await self._session.close()


def write_form(fields: Mapping[str, object]) -> bytes:
    """The fields as a form's body; a list stands once an entry. By yarl, in a tenth of aiohttp's own time."""
    written = {
        name: [str(each) for each in value] if isinstance(value, list | tuple) else str(value)
        for name, value in fields.items()
    }
    return URL.build(query=written).raw_query_string.encode()


def _open_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket that is cut off when it is closed: the kernel forgets what it has not got through yet.

    Otherwise it goes on trying for a minute or more, also for a process that was killed, and a call that we have given
    up arrives after it was looked up in vain and placed again.
    """
    made = socket.socket(*address[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return made


@lru_cache(maxsize=8)
def _write_basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def load() -> None:
    """Load what the SDK loads at first use: whoever may have to send all of a sudden has it at hand."""
    account = Client("AC", "-").api.v2010.accounts("AC")
    _ = account.calls, account.messages


class TwilioCarrier:
    """Implements `Carrier`. Belongs to the event loop it was made in."""

    def __init__(self, account_sid: str, auth_token: str, base_url: str, *, timeout: float, connections: int) -> None:
        self._http = PooledHttpClient(timeout=timeout, connections=connections)
        self._client = Client(account_sid, auth_token, http_client=self._http)
        # Only the base address: an edge or region beside it would rewrite the host name.
        self._client.api.base_url = base_url
        self._account = self._client.api.v2010.accounts(account_sid)

    async def warm(self) -> None:
        """The SDK loads its resources at first use (50 ms), and TLS takes two round trips: not at an alarm."""
        with contextlib.suppress(CarrierError):
            await read_mapped(lambda: self._account.calls.list_async(limit=1))
            await read_mapped(lambda: self._account.messages.list_async(limit=1))

    async def check_account(self) -> None:
        """By its newest call: the account itself is a resource that not every carrier shows."""
        await read_mapped(lambda: self._account.calls.list_async(limit=1))

    async def place_call(self, call: OutboundCall) -> Receipt:
        """Ring a phone; what it hears travels inside the request."""
        made = await read_mapped(
            lambda: self._account.calls.create_async(
                to=call.to,
                from_=call.sender,
                twiml=call.twiml,
                timeout=call.ring_timeout,
                status_callback=call.status_callback or values.unset,
                status_callback_event=CALL_EVENTS,
                status_callback_method="POST",
            )
        )
        return _make_receipt(Channel.CALL, made)

    async def send_message(self, message: OutboundMessage) -> Receipt:
        """Send a text."""
        made = await read_mapped(
            lambda: self._account.messages.create_async(
                to=message.to,
                from_=message.sender,
                body=message.body,
                status_callback=message.status_callback or values.unset,
                validity_period=message.valid_for,
            )
        )
        return _make_receipt(Channel.SMS, made)

    async def look_up(self, channel: Channel, to: str, since: datetime) -> list[Receipt]:
        """The calls or messages to `to` since then, newest first, whether or not we know of them."""
        resource = self._account.calls if channel is Channel.CALL else self._account.messages
        found = await read_mapped(lambda: _list_since(resource, to, since - CLOCK_DIFFERENCE))
        return [_make_receipt(channel, each) for each in found]

    async def fetch(self, channel: Channel, sid: str) -> Receipt:
        """What has become of one call or message."""
        resource = self._account.calls if channel is Channel.CALL else self._account.messages
        return _make_receipt(channel, await read_mapped(lambda: resource(sid).fetch_async()))

    async def end_call(self, sid: str) -> None:
        """`completed` ends a call in any state; `canceled` would spare only those not yet answered."""
        await read_mapped(lambda: self._account.calls(sid).update_async(status="completed"))

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.close()


async def _list_since(resource: Any, to: str, earliest: datetime) -> list[Any]:
    """What was asked for to this number since then, newest first.

    Sifted here and not by the carrier: not every one filters by the second, their clocks differ from ours, and Somleng
    filters by nothing at all, so that other people's calls stand between.
    """
    found, old = [], 0
    async for each in await resource.stream_async(to=to, limit=MOST_LOOKED_THROUGH, page_size=LOOK_UP_PAGE):
        if each.date_created is not None and each.date_created < earliest:
            old += 1
            if old >= LOOK_UP_PAGE:
                break
        elif _find_digits(each.to) in {_find_digits(to), ""}:
            found.append(each)
    return found


def _find_digits(number: object) -> str:
    return re.sub(r"[^0-9]", "", str(number or ""))


def _make_receipt(channel: Channel, resource: Any) -> Receipt:
    if not resource.sid:
        # Taken, it seems, by something that is no carrier: without an id nothing can be asked or ended.
        raise OutcomeUnknown("the carrier's answer names no call and no message")
    state = read_carrier_word(channel, str(resource.status or "")) or AttemptState.QUEUED
    code = str(getattr(resource, "error_code", None) or "")
    return Receipt(
        sid=str(resource.sid),
        state=state,
        error_code=int(code) if code.isdecimal() else None,
        body=getattr(resource, "body", None) or "",
        to=str(getattr(resource, "to", None) or ""),
    )


async def read_mapped(request: Callable[[], Awaitable[Result]]) -> Result:
    """Await a request of the SDK; whatever goes wrong comes out as a CarrierError."""
    try:
        return await request()
    except TwilioException as error:
        status, code = getattr(error, "status", None), _read_code(error)
        if status is None:
            status, code = _read_list_of(error)
        raise map_error(status, code, str(getattr(error, "msg", error.args[0] if error.args else ""))) from error
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise Temporary(f"no connection to the carrier: {type(error).__name__}") from error
    except TimeoutError as error:
        raise Unanswered("the carrier did not answer in time") from error
    except (aiohttp.ClientError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # The last four: an answer that is no JSON, or not of the shape that the SDK reads.
        raise OutcomeUnknown(f"the carrier did not answer: {type(error).__name__}") from error


def _read_list_of(error: TwilioException) -> tuple[int | None, int | None]:
    """Status and code of a list that was refused: the SDK only hands the answer on, and reads nothing in it."""
    answer = next((each for each in error.args if isinstance(each, Response)), None)
    if answer is None:
        return None, None
    try:
        code = int(json.loads(answer.text)["code"])
    except (ValueError, KeyError, TypeError):
        code = None
    return answer.status_code, code


def _read_code(error: TwilioException) -> int | None:
    code = getattr(error, "code", None)
    try:
        return int(code) if code is not None else None
    except (TypeError, ValueError):
        return None


def map_error(status: int | None, code: int | None, message: str) -> CarrierError:
    """The error a refusal stands for. A 5xx without a code of its own may have placed the call."""
    short = message[:200]
    if code in port.TOO_FAST or status == 429:
        return TooFast(short, code=code, status=status)
    if status is not None and status >= 500:
        return OutcomeUnknown(short, code=code, status=status)
    verdict = port.judge(code, status)
    kinds: dict[port.Verdict, type[CarrierError]] = {
        port.Verdict.NUMBER: RefusedNumber,
        port.Verdict.ACCOUNT: AccountTrouble,
        port.Verdict.TEMPORARY: Temporary,
    }
    return kinds[verdict](short, code=code, status=status)
