"""Web servers that a test plays itself: a carrier's application, a gateway, whoever listens to the clock."""

from __future__ import annotations

import sys
from http.server import ThreadingHTTPServer
from typing import Any


class WebServer(ThreadingHTTPServer):
    """Whoever has asked may hang up before the answer is out: that is no fault, and nothing is printed about it.

    A thread that is still at it would print into the output of the next test.
    """

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
