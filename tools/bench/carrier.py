"""A carrier that answers after 100 ms and remembers when: `python -m tools.bench.carrier PORT [TOKEN]`.

With a token it calls back as well, as often as it was asked to and as Twilio does.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from dataclasses import asdict, dataclass

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

LATENCY = 0.1
CALLS_BACK = {
    "Calls": (("initiated", 0.05), ("ringing", 0.5), ("answered", 4.0), ("completed", 15.0)),
    "Messages": (("sent", 0.5), ("delivered", 2.0)),
}
"""What is told of each call and text, and how many seconds after it was taken."""
STATUS_OF = {"answered": "in-progress"}
WEBHOOK_WITHIN = 15.0
RESOURCES = {"Calls": "calls", "Messages": "messages"}


@dataclass
class Told:
    """Status callbacks so far: answered with 204, anything else, and the longest one's seconds."""

    answered: int = 0
    failed: int = 0
    slowest: float = 0.0


class Teller:
    """Calls back, signed with the account's token."""

    def __init__(self, token: str) -> None:
        self._validator = RequestValidator(token)
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WEBHOOK_WITHIN))
        self._tasks: set[asyncio.Task[None]] = set()
        self.told = Told()

    def follow(self, resource: str, sid: str, form: dict[str, str], events: list[str]) -> None:
        """Tell of this call or message from now on. Only the `events` of a call that were asked for are told."""
        if not (url := form.get("StatusCallback")):
            return
        for number, (event, after) in enumerate(CALLS_BACK[resource]):
            if resource == "Calls" and event not in events:
                continue
            status = STATUS_OF.get(event, event)
            if resource == "Calls":
                said = {
                    "CallSid": sid,
                    "CallStatus": status,
                    "Direction": "outbound-api",
                    "SequenceNumber": f"{number}",
                }
            else:
                said = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "SmsStatus": status}
            said |= {"To": form["To"], "From": form["From"], "AccountSid": "AC" + "0" * 32, "ApiVersion": "2010-04-01"}
            task = asyncio.create_task(self._tell(url, said, after))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _tell(self, url: str, said: dict[str, str], after: float) -> None:
        await asyncio.sleep(after)
        signed = {"X-Twilio-Signature": self._validator.compute_signature(url, said)}
        begun = time.monotonic()
        try:
            async with self._session.post(url, data=said, headers=signed) as answer:
                good = answer.status == 204
        except (aiohttp.ClientError, TimeoutError):
            good = False
        self.told.slowest = max(self.told.slowest, time.monotonic() - begun)
        if good:
            self.told.answered += 1
        else:
            self.told.failed += 1


class Carrier:
    """Takes calls and messages for one account."""

    def __init__(self, token: str | None) -> None:
        self._token = token
        self._teller: Teller | None = None
        self._taken: list[tuple[float, float]] = []
        self._asked: list[tuple[float, str, str]] = []
        self._more = asyncio.Condition()
        self._sids = itertools.count()

    async def create(self, request: web.Request) -> web.Response:
        """Take a call or message."""
        arrived, came = time.monotonic(), time.time()
        form = await request.post()
        to = form.get("To", "")
        await asyncio.sleep(LATENCY - (time.monotonic() - arrived))
        async with self._more:
            self._taken.append((arrived, time.monotonic()))
            self._asked.append((came, request.match_info["resource"], str(to)))
            self._more.notify_all()
        prefix = "CA" if request.match_info["resource"] == "Calls" else "SM"
        sid = f"{prefix}{next(self._sids):032x}"
        if self._token is not None:
            self._teller = self._teller or Teller(self._token)
            given = {name: str(value) for name, value in form.items()}
            events = [str(each) for each in form.getall("StatusCallbackEvent", [])]
            self._teller.follow(request.match_info["resource"], sid, given, events)
        return web.json_response({"sid": sid, "status": "queued"}, status=201)

    async def told(self, _request: web.Request) -> web.Response:
        """What has become of the callbacks."""
        return web.json_response(asdict(self._teller.told if self._teller is not None else Told()))

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


def serve(port: int, token: str | None = None) -> None:
    """Serve until ended."""
    carrier = Carrier(token)
    app = web.Application()
    path = "/2010-04-01/Accounts/{account}/{resource:Calls|Messages}.json"
    app.add_routes([web.post(path, carrier.create), web.get(path, carrier.found)])
    app.add_routes([web.get(path.replace(".json", "/{sid}.json"), carrier.fetch)])
    app.add_routes([web.post("/bench/forget", carrier.forget), web.get("/bench/wait", carrier.wait)])
    app.add_routes([web.get("/bench/asked", carrier.asked), web.get("/bench/told", carrier.told)])
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    serve(int(sys.argv[1]), *sys.argv[2:])
