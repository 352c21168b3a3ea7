"""Who may use the network's page and its control API: programs and browsers on this machine, and no other site.

The network listens on loopback only. What is left is a browser here that shows somebody else's page: that page may
make it send requests, and may even give itself a name that leads here. Such requests are told by their headers.
"""

from __future__ import annotations

import json

from aiohttp import web
from aiohttp.typedefs import Handler

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
# The carrier's API is for programs, which name account and token with each request.
CARRIER_API = "/2010-04-01/"
_READING = frozenset({"GET", "HEAD"})
_OWN_SITE = frozenset({"same-origin", "none"})


@web.middleware
async def allow_only_from_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse with 403 what another machine's name or another site's page has led here."""
    if request.path.startswith(CARRIER_API):
        return await handler(request)
    if request.host.rpartition(":")[0] not in LOOPBACK_NAMES and request.host not in LOOPBACK_NAMES:
        return _refuse("only this machine may control the network")
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        return _refuse("only the network's own pages may control it")
    # Browsers that send no Origin with a form say at least whether it stood on another site.
    if request.method not in _READING and request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITE:
        return _refuse("only the network's own pages may control it")
    return await handler(request)


def _refuse(reason: str) -> web.Response:
    return web.json_response({"error": reason}, status=403, dumps=lambda given: json.dumps(given, ensure_ascii=False))
