"""A client with nothing but the wire: the same requests to the same carrier, and nothing is kept of them."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

import aiohttp

ACCOUNT = "AC" + "0" * 32
# About as long as what an alarm call says.
SAYS = f"<Response><Say>{'墙下陶村一组王建国家求助。' * 20}</Say></Response>"


class PlainClient:
    """Connections stay open from one `ask` to the next, as the service's do."""

    def __init__(self, carrier: str) -> None:
        self._url = f"{carrier}/2010-04-01/Accounts/{ACCOUNT}"
        self._loop = asyncio.new_event_loop()
        self._session: aiohttp.ClientSession | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._session is not None:
            self._loop.run_until_complete(self._session.close())
        self._loop.close()

    def ask(self, calls: int, texts: int) -> tuple[float, float]:
        """So many requests at once: the monotonic moment of the first, and this thread's processor seconds for all."""
        return self._loop.run_until_complete(self._ask(calls, texts))

    async def _ask(self, calls: int, texts: int) -> tuple[float, float]:
        if self._session is None:
            auth = aiohttp.BasicAuth(ACCOUNT, "a-token-of-the-benchmark")
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), auth=auth)
        begun, used = time.monotonic(), time.thread_time()
        asked = [("Calls", {"Twiml": SAYS, "Timeout": "30"})] * calls + [("Messages", {"Body": SAYS[:70]})] * texts
        await asyncio.gather(*(self._post(resource, number, form) for number, (resource, form) in enumerate(asked)))
        return begun, time.thread_time() - used

    async def _post(self, resource: str, number: int, form: dict[str, str]) -> None:
        assert self._session is not None
        data = {"To": f"+86137{number:08}", "From": "+8657488889999", **form}
        async with self._session.post(f"{self._url}/{resource}.json", data=data) as answer:
            if answer.status != 201:
                raise RuntimeError(f"the carrier answered {answer.status}")
            await answer.json()
