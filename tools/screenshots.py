"""The pictures of the pages (README, docs/look.md), made anew from a demo of its own: `make screenshots`.

Each page is taken on a phone and on a PC, as far down as a screen goes. The demo town is the same at every run, and so
is what is on the pictures, but for times and who answers first.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from config.tools import system_packages
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PHONE, DESKTOP, HEIGHT = 360, 1280, 780
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]


def main() -> int:
    """Make the pictures; 0 when all are made."""
    path = system_packages.find_browser()
    if path is None:
        print("screenshots: a Chromium is needed: make system", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        command = [sys.executable, "-m", "joint_defense.demo", "--home", folder, "--watch", "2"]
        command += ["--port", str(free_port()), "--sim-port", str(free_port())]
        demo = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            take(browser, read_box(demo))
        finally:
            browser.close()
            demo.terminate()
            demo.wait()
    return 0


def read_box(demo: subprocess.Popen[str]) -> str:
    """The box that the demo ends its talk with. Raises RuntimeError where it ends without one."""
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if line.startswith("└"):
            return said
    raise RuntimeError(f"the demo ended without its box:\n{said}")


# Who has it open, the picture's name and the page's address below the village or the town.
PAGES = (
    ("operator", "board", "/incidents/1"),
    ("operator", "incidents", "/incidents"),
    ("operator", "past", "/incidents/past"),
    ("operator", "statistics", "/incidents/statistics"),
    ("head", "roster-village", "{home}"),
    ("head", "roster-group", "{group}"),
    ("head", "roster-household", "{household}"),
    ("head", "roster-new", "{home}/households/new"),
    ("head", "roster-ungrouped", "{home}/ungrouped"),
    ("head", "roster-draw-up", "{home}/ungrouped/groups"),
    ("head", "roster-history", "{home}/history"),
    ("head", "roster-responders", "{home}/lists/responders"),
    ("head", "numbers", "{home}/numbers"),
    ("head", "check", "{home}/check"),
    ("head", "help", "/help"),
    ("head", "help-call", "/help/call"),
    ("liaison", "coverage", "/coverage"),
    ("liaison", "enrolment-queue", "/enrolment"),
    ("liaison", "enrolment-bill", "/enrolment/bill"),
    ("liaison", "enrolment-devices", "/enrolment/devices"),
    ("admin", "villages", "/villages"),
    ("admin", "accounts", "/accounts"),
    ("admin", "changes", "/audit"),
    ("admin", "looks", "/looks"),
    ("admin", "summary", "/summary"),
    ("admin", "checks", "/checks"),
)
LIST = "联防组,户主,门牌,电话\n1组,陈小妹,1-2,13800571234\n,王建国,1-3,0574-8765432\n,李阿根,1-4,1380057123\n"


def take(browser: Browser, box: str) -> None:
    """Every picture, of the demo whose box this is. Raises RuntimeError where a page is not there."""
    handsets, pages = re.findall(r"http://127\.0\.0\.1:\d+/\S*", box)
    found = re.search(r"Password  (\S+)", box)
    assert found is not None
    page = _window(browser, DESKTOP)
    page.goto(handsets)
    _keep(page, "handsets-1280")
    for name in dict.fromkeys(who for who, _, _ in PAGES):
        own = _signed_in(browser, PHONE, pages, name, found[1])
        places = _find_places(own, pages) if name == "head" else {}
        for who, picture, path in PAGES:
            if who == name:
                _take_at_both(own, picture, pages.rstrip("/") + path.format(**places))
        if places:
            _take_a_list(own, pages.rstrip("/") + places["home"])
        own.context.close()


def _find_places(page: Page, pages: str) -> dict[str, str]:
    """The head's village, one of its groups, and a household of that, as addresses."""
    page.goto(f"{pages}roster")
    home = urlsplit(page.url).path
    page.locator("a[href*='/groups/']").nth(2).click()
    group = urlsplit(page.url).path
    household = page.locator("a.house-name").first.get_attribute("href") or ""
    return {"home": home, "group": group, "household": household}


def _take_at_both(page: Page, picture: str, address: str) -> None:
    for width in (PHONE, DESKTOP):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        answer = page.goto(address)
        if answer is None or not answer.ok:
            raise RuntimeError(f"{address} is not there")
        _keep(page, f"{picture}-{width}")


def _take_a_list(page: Page, home: str) -> None:
    """A messy list before it is saved, and what stands in it."""
    page.goto(f"{home}/import")
    page.locator("details.fold > summary").first.click()
    page.locator("#cells").fill(LIST)
    with page.expect_navigation():
        page.locator("form.card-form button").last.click()
    _take_at_both(page, "roster-import", page.url)


def _signed_in(browser: Browser, width: int, pages: str, name: str, password: str) -> Page:
    page = _window(browser, width)
    page.goto(f"{pages}sign-in")
    page.locator("#login").fill(name)
    page.locator("#password").fill(password)
    with page.expect_navigation():
        page.locator("#password").press("Enter")
    return page


def _window(browser: Browser, width: int) -> Page:
    return browser.new_context(viewport={"width": width, "height": HEIGHT}, locale="zh-CN").new_page()


def _keep(page: Page, name: str) -> None:
    page.wait_for_load_state()
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png", flush=True)


if __name__ == "__main__":
    sys.exit(main())
