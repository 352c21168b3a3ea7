"""README's pictures of the demo, made anew from one of its own: `make screenshots`.

The demo town is the same at every run, and so is what is on the pictures, but for times and who answers first.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from config.tools import system_packages
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PHONE, DESKTOP = 360, 1280
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


def take(browser: Browser, box: str) -> None:
    """Every picture, of the demo whose box this is."""
    handsets, pages = re.findall(r"http://127\.0\.0\.1:\d+/\S*", box)
    found = re.search(r"Password  (\S+)", box)
    assert found is not None
    page = _window(browser, DESKTOP)
    page.goto(handsets)
    _keep(page, "handsets-1280")
    page = _signed_in(browser, PHONE, pages, "operator", found[1])
    page.goto(f"{pages}incidents/1")
    _keep(page, "board-360")
    for width in (PHONE, DESKTOP):
        page = _signed_in(browser, width, pages, "head", found[1])
        _keep(page, f"roster-village-{width}")
        page.locator("a[href*='/groups/']").nth(2).click()
        _keep(page, f"roster-group-{width}")
    page = _signed_in(browser, PHONE, pages, "liaison", found[1])
    page.goto(f"{pages}coverage")
    _keep(page, "coverage-360")


def _signed_in(browser: Browser, width: int, pages: str, name: str, password: str) -> Page:
    page = _window(browser, width)
    page.goto(f"{pages}sign-in")
    page.locator("#login").fill(name)
    page.locator("#password").fill(password)
    with page.expect_navigation():
        page.locator("#password").press("Enter")
    return page


def _window(browser: Browser, width: int) -> Page:
    return browser.new_context(viewport={"width": width, "height": 780}, locale="zh-CN").new_page()


def _keep(page: Page, name: str) -> None:
    page.wait_for_load_state()
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png", flush=True)


if __name__ == "__main__":
    sys.exit(main())
