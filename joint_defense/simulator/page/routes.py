"""What the page's browser asks for: the page, its live events, a handset's keys, and the few files beside it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from joint_defense.simulator.network.network import Network
from joint_defense.simulator.network.wire import is_number
from joint_defense.simulator.page.drawing import draw_page
from joint_defense.simulator.page.hands import CannotDo, Hands
from joint_defense.simulator.page.streaming import stream
from joint_defense.simulator.page.village import Look, read_look
from joint_defense.simulator.page.words import CHINESE, ENGLISH, WORDS, find_word

_FILES = Path(__file__).parent / "static"
_TYPES = {"page.css": "text/css", "page.js": "text/javascript", "icons.svg": "image/svg+xml"}
# The board's pages keep the visitor's language in a cookie of this name. On one machine both are read by one person.
_COOKIE = "language"
_A_YEAR = 365 * 24 * 3600
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": with it browsers hide the Origin of the page's own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Page:
    """Answers the page's browser."""

    def __init__(self, network: Network, hands: Hands) -> None:
        self._network = network
        self._hands = hands

    def routes(self) -> list[web.RouteDef]:
        """What it answers to."""
        return [
            web.get("/", self._show),
            web.get("/live", self._stream),
            web.get("/static/{name}", self._send_file),
            web.post("/language", self._choose_language),
            web.post("/handsets/{number}/{doing}", self._use),
        ]

    async def _show(self, request: web.Request) -> web.StreamResponse:
        look = read_look(request.query)
        typed = request.query.get("number", "").strip()
        html = draw_page(
            self._network,
            look,
            _read_language(request),
            said=_check_language(request.query.get("said", "")),
            said_at=request.query.get("at", ""),
            typed="" if look.number else typed,
        )
        response = web.Response(text=html, content_type="text/html", headers=_HEADERS)
        response.enable_compression()
        return response

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=_HEADERS | {"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        async with aclosing(self._stream_events(request)) as events:
            # Whoever watches may go away at any time; that is the end of it, and no error.
            with suppress(ConnectionResetError):
                async for event in events:
                    await response.write(event.encode())
        return response

    def _stream_events(self, request: web.Request) -> AsyncGenerator[str]:
        version = request.query.get("version", "")
        return stream(self._network, read_look(request.query), _read_language(request), version)

    async def _use(self, request: web.Request) -> web.StreamResponse:
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        number, language = request.match_info["number"], _read_language(request)
        said = ""
        try:
            if not is_number(number):
                raise CannotDo("bad_number")
            await self._hands.use(number, request.match_info["doing"], form)
        except CannotDo as trouble:
            said = trouble.word
        if "application/json" in request.headers.get("Accept", ""):
            answer = json.dumps({"said": find_word(said, language) if said else ""}, ensure_ascii=False)
            return web.Response(text=answer, content_type="application/json", status=409 if said else 200)
        raise _go_back(form, {"said": said, "at": number} if said else {}, f"handset-{number[1:]}")

    async def _choose_language(self, request: web.Request) -> web.StreamResponse:
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        back = _go_back(form, {}, "")
        chosen = ENGLISH if form.get("language") == ENGLISH else CHINESE
        back.set_cookie(_COOKIE, chosen, max_age=_A_YEAR, httponly=True, samesite="Lax")
        raise back

    async def _send_file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in _TYPES:
            raise web.HTTPNotFound
        headers = {**_HEADERS, "Content-Type": f"{_TYPES[name]}; charset=utf-8"}
        response = web.Response(body=(_FILES / name).read_bytes(), headers=headers)
        response.enable_compression()
        return response


def _read_language(request: web.Request) -> str:
    return ENGLISH if request.cookies.get(_COOKIE) == ENGLISH else CHINESE


def _check_language(said: str) -> str:
    return said if said in WORDS else ""


def _go_back(form: Mapping[str, str], more: Mapping[str, str], anchor: str) -> web.HTTPSeeOther:
    """The page as it was looked at: built from what its address said, so that it leads nowhere else."""
    look: Look = read_look(dict(parse_qsl(form.get("back", ""))))
    query = "&".join(part for part in (look.query, urlencode(more)) if part)
    return web.HTTPSeeOther(f"/?{query}#{anchor}" if anchor else f"/?{query}")
