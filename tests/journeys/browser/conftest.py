"""Real browsers on the real pages: a site with an incident that has something of everything, on a server of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from werkzeug.serving import BaseWSGIServer, make_server

from config.database import Database, read_clock
from tests.conftest import MakeSettings, fresh_database
from tests.edges.web.conftest import PASSWORD, VILLAGE, Visitor, open_app
from tests.edges.web.scenes import full_scene
from tests.journeys.browser import chromium
from tests.journeys.browser.looks import violations

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PHONE, DESKTOP = 360, 1280
# A long way through pages is walked once, at the width of whoever walks it: what differs with the width is looks, and
# these are looked at at both, `Window.at_each_width`.
on_a_phone = pytest.mark.parametrize("width", [PHONE], indirect=True, ids=["phone"])
on_a_pc = pytest.mark.parametrize("width", [DESKTOP], indirect=True, ids=["desktop"])
# A machine that is busy with other tests takes its time over a page. Whatever a click brings is waited for: by
# `expect`, or by `expect_navigation` where the page that was there before would do as well.
expect.set_options(timeout=30_000)
_HERE = Path(__file__).parent
# Firefox is Debian's, and no part of the set-up: docs/testing.md says why.
collect_ignore = [] if os.environ.get("WITH_FIREFOX") else ["test_in_firefox.py"]
_COOKIE = "joint-defence"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that looks through a browser may fail once, for all to see: docs/testing.md says why these alone."""
    for item in items:
        if item.path.parent == _HERE and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def browser_type_launch_args(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    try:
        path = chromium.find(playwright.chromium.executable_path)
    except chromium.NoBrowser as error:
        pytest.fail(str(error), pytrace=False)
    starter = chromium.giving_way(path, tmp_path_factory.mktemp("chromium"))
    return {"executable_path": starter, "args": chromium.FLAGS, "headless": True}


@dataclass
class Site:
    """The pages at an address, the database behind them, and the number of the open incident."""

    app: Flask
    server: BaseWSGIServer
    incident_id: int
    asked: list[str]
    """The path of every request, in their order."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def store(self) -> Database:
        found: Database = self.app.extensions["database"]
        return found

    @property
    def incident(self) -> str:
        return f"{self.url}/incidents/{self.incident_id}"


@pytest.fixture(params=["postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """As a town has it; a browser sees no difference."""
    return fresh_database(request)


@pytest.fixture
def site(settings: MakeSettings) -> Iterator[Site]:
    app = open_app(settings())
    with app.extensions["database"].begin() as session:
        incident_id = full_scene(session, VILLAGE, read_clock(session) - timedelta(seconds=100))
    asked: list[str] = []

    def note(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        return app.wsgi_app(environ, start_response)

    server = make_server("127.0.0.1", 0, note, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(app, server, incident_id, asked)
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["runtime"].close()


class Window:
    """A browser window. Whatever the console complains of is kept."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.context = context
        self.site = site
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, kind: str, text: str) -> None:
        # A page that says 404 or 422 is what some tests ask for; the browser notes that as an error.
        if kind in {"error", "warning"} and "Failed to load resource" not in text:
            self.complaints.append(text)

    def speak_english(self) -> None:
        self.context.add_cookies([{"name": "language", "value": "en", "url": self.site.url}])

    def sign_in(self, name: str = "operator") -> None:
        """By the cookie that the page would bring: most of a second less, for whoever is about other pages."""
        client = self.site.app.test_client()
        Visitor(client).admit(name)
        cookie = client.get_cookie(_COOKIE)
        assert cookie is not None
        self.context.add_cookies([{"name": _COOKIE, "value": cookie.value, "url": self.site.url}])

    def sign_in_on_its_page(self, name: str = "operator", password: str = PASSWORD) -> None:
        self.page.goto(f"{self.site.url}/sign-in")
        self.page.locator("#login").fill(name)
        self.page.locator("#password").fill(password)
        with self.page.expect_navigation():
            self.page.locator("#password").press("Enter")

    def forget_who_it_was(self) -> None:
        """Whoever comes next is not signed in. No page stays open that still asks: its answer may bring a cookie."""
        self.page.goto("about:blank")
        self.context.clear_cookies()

    def violations(self) -> list[str]:
        """What axe finds wrong with the page, a line each."""
        # In the middle of a transition it reads a colour as one that nobody can read.
        self.page.emulate_media(reduced_motion="reduce")
        found = violations(self.page)
        self.page.emulate_media(reduced_motion="no-preference")
        return found

    def at_each_width(self, look: Callable[[], list[str]]) -> list[str]:
        """What `look` finds wrong with the page that is open, as it is and on the other kind of screen."""
        found = look()
        here = self.page.viewport_size
        assert here is not None
        other = PHONE if here["width"] == DESKTOP else DESKTOP
        self.page.set_viewport_size({"width": other, "height": here["height"]})
        found += [f"{other} px: {wrong}" for wrong in look()]
        self.page.set_viewport_size(here)
        return found


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def width(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


@pytest.fixture
def window(browser: Browser, site: Site, width: int) -> Iterator[Window]:
    """A window of each width that no test may leave with a complaint on its console."""
    context = browser.new_context(viewport={"width": width, "height": 780}, locale="zh-CN")
    opened = Window(context, site)
    yield opened
    context.close()
    assert opened.complaints == []


@pytest.fixture
def plain_window(browser: Browser, site: Site) -> Iterator[Window]:
    """A phone's window without scripts."""
    context = browser.new_context(viewport={"width": PHONE, "height": 780}, java_script_enabled=False)
    yield Window(context, site)
    context.close()
