"""Debian's Chromium for the browser tests: found, or installed where that is allowed, or Playwright's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PACKAGES = ["chromium", "fonts-noto-cjk"]


class NoBrowser(Exception):
    """There is none, and none could be installed; the message says what to do."""


def find(playwrights_own: str) -> str:
    """The path of a Chromium: Debian's, installed if we are root and have apt, else Playwright's. Raises NoBrowser."""
    if found := _debians():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _install()
        if found := _debians():
            return found
    if Path(playwrights_own).exists():
        return playwrights_own
    raise NoBrowser(
        "the browser tests need a Chromium: `apt-get install chromium fonts-noto-cjk`,"
        " or `.venv/bin/playwright install chromium`"
    )


def giving_way(path: str, directory: Path) -> str:
    """A starter of this Chromium that lets every other process go first: axe waits better than a telephone does."""
    starter = directory / "chromium"
    starter.write_text(f'#!/bin/sh\nexec nice -n 10 "{path}" "$@"\n')
    starter.chmod(0o755)
    return str(starter)


def _debians() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def _install() -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES]):
        subprocess.run(["apt-get", *command], env=environment, check=False, capture_output=True)
