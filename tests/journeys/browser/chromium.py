"""The browser tests' Chromium: Debian's, without a window where there is that, or Playwright's own."""

from __future__ import annotations

from pathlib import Path

from config.tools import system_packages

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class NoBrowser(Exception):
    """There is none; the message says what to do."""


def find(playwrights_own: str) -> str:
    """The path of a Chromium: Debian's, else Playwright's. `make test` sees to it beforehand. Raises NoBrowser."""
    if found := system_packages.find_browser():
        return found
    if Path(playwrights_own).exists():
        return playwrights_own
    raise NoBrowser("the browser tests need a Chromium: `make test` brings it, or says how to")


def giving_way(path: str, directory: Path) -> str:
    """A starter of this Chromium that lets every other process go first: axe waits better than a telephone does."""
    starter = directory / "chromium"
    starter.write_text(f'#!/bin/sh\nexec nice -n 10 "{path}" "$@"\n')
    starter.chmod(0o755)
    return str(starter)
