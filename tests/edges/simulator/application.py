"""An application behind the webhooks: answers what a test tells it to, and records what it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tests.support.handsets import PATIENCE, eventually
from tests.support.web_servers import WebServer

Form = dict[str, str]


@dataclass(frozen=True)
class Asked:
    """One request of the network."""

    method: str
    url: str
    path: str
    form: Form
    signature: str
    body: str
    headers: dict[str, str]


@dataclass(frozen=True)
class HttpResponse:
    """What the application says."""

    body: str = ""
    status: int = 200
    content_type: str = "text/xml; charset=utf-8"
    after: float = 0.0
    location: str = ""


class Application:
    """A web server whose answers are set path by path; unknown paths answer 200 with nothing in it."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[str, Callable[[Form], HttpResponse]] = {}
        application = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body go out in one piece each: without this, every answer takes 40 ms.
            wbufsize = -1

            def _serve(self) -> None:
                application._serve(self)

            do_GET = do_POST = _serve  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = WebServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def forget(self) -> None:
        self.asked.clear()
        self._answers.clear()

    def says(self, path: str, twiml: str) -> None:
        """Answer this path with what stands between <Response> and </Response>."""
        self.answers(path, lambda form: HttpResponse(f"<Response>{twiml}</Response>"))

    def answers(self, path: str, answer: Callable[[Form], HttpResponse] | HttpResponse) -> None:
        self._answers[path] = (lambda form: answer) if isinstance(answer, HttpResponse) else answer

    def at(self, path: str) -> list[Asked]:
        """What this path was asked."""
        return [asked for asked in tuple(self.asked) if asked.path == path]

    def wait_for(self, path: str, count: int = 1, within: float = PATIENCE) -> list[Asked]:
        """What this path was asked, once it was asked so often."""
        return eventually(
            lambda: found if len(found := self.at(path)) >= count else None, f"{count} requests at {path}", within
        )

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        body = request.rfile.read(int(request.headers.get("Content-Length", "0"))).decode()
        form = dict(parse_qsl(body or parts.query, keep_blank_values=True))
        headers = dict(request.headers.items())
        signature = headers.get("X-Twilio-Signature", "")
        asked = Asked(request.command, self.url(request.path), parts.path, form, signature, body, headers)
        self.asked.append(asked)
        known = self._answers.get(parts.path)
        answer = known(form) if known else HttpResponse()
        time.sleep(answer.after)
        payload = answer.body.encode()
        request.send_response(answer.status)
        if answer.content_type:
            request.send_header("Content-Type", answer.content_type)
        if answer.location:
            request.send_header("Location", answer.location)
        request.send_header("Content-Length", str(len(payload)))
        request.end_headers()
        request.wfile.write(payload)
