"""The clock lets somebody outside know that it goes."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler

import pytest

from joint_defense.processes.clock import NOW_AND_THEN, tick
from joint_defense.processes.runtime import Runtime
from tests.conftest import MakeSettings
from tests.support.handsets import eventually
from tests.support.ports import free_port
from tests.support.web_servers import WebServer


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_clock_asks_the_address_and_goes_on_where_nobody_listens(settings: MakeSettings) -> None:
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    server = WebServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    pings = tuple(part for every, part in NOW_AND_THEN if every == 60.0)
    for port in (server.server_port, free_port()):
        runtime = Runtime(settings(ping_url=f"http://127.0.0.1:{port}/our-clock"))
        assert tick(runtime, None, pings)
        runtime.close()
    eventually(lambda: asked == ["/our-clock"], "one ping")
    server.shutdown()
    thread.join()
    server.server_close()
