"""A carrier that answers after 100 ms and remembers when: `python -m tests.bench.carrier PORT`."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time

from aiohttp import web

LATENCY = 0.1
RESOURCES = {"Calls": "calls", "Messages": "messages"}


class Carrier:
    """Takes calls and messages for one account."""

    def __init__(self) -> None:
        self._taken: list[tuple[float, float]] = []
        self._asked: list[tuple[float, str, str]] = []
        self._more = asyncio.Condition()
        self._sids = itertools.count()

    async def create(self, request: web.Request) -> web.Response:
        """Take a call or message."""
        arrived, came = time.monotonic(), time.time()
        to = (await request.post()).get("To", "")
        await asyncio.sleep(LATENCY - (time.monotonic() - arrived))
        async with self._more:
            self._taken.append((arrived, time.monotonic()))
            self._asked.append((came, request.match_info["resource"], str(to)))
            self._more.notify_all()
        prefix = "CA" if request.match_info["resource"] == "Calls" else "SM"
        return web.json_response({"sid": f"{prefix}{next(self._sids):032x}", "status": "queued"}, status=201)

    async def found(self, request: web.Request) -> web.Response:
        """The carrier's lists are empty: nobody is to find anything in them."""
        return web.json_response({RESOURCES[request.match_info["resource"]]: [], "next_page_uri": None})

    async def fetch(self, request: web.Request) -> web.Response:
        """Whatever is asked after has come to its end."""
        ended = "completed" if request.match_info["resource"] == "Calls" else "delivered"
        return web.json_response({"sid": request.match_info["sid"], "status": ended})

    async def forget(self, _request: web.Request) -> web.Response:
        """Count from nothing."""
        self._taken.clear()
        self._asked.clear()
        return web.json_response({})

    async def asked(self, _request: web.Request) -> web.Response:
        """(when by the wall, resource, number) of every request taken."""
        return web.json_response(self._asked)

    async def wait(self, request: web.Request) -> web.Response:
        """When each request arrived and was answered (monotonic seconds), once `count` were."""
        count = int(request.query["count"])
        async with self._more:
            await self._more.wait_for(lambda: len(self._taken) >= count)
        return web.json_response(sorted(self._taken))


def serve(port: int) -> None:
    """Serve until ended."""
    carrier = Carrier()
    app = web.Application()
    path = "/2010-04-01/Accounts/{account}/{resource:Calls|Messages}.json"
    app.add_routes([web.post(path, carrier.create), web.get(path, carrier.found)])
    app.add_routes([web.get(path.replace(".json", "/{sid}.json"), carrier.fetch)])
    app.add_routes([web.post("/bench/forget", carrier.forget), web.get("/bench/wait", carrier.wait)])
    app.add_routes([web.get("/bench/asked", carrier.asked)])
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
