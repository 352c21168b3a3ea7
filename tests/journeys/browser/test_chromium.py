"""Where the browser tests' browser comes from: programs of these names are put where it looks for them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.journeys.browser import chromium

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may install")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _program(path: Path, script: str = "") -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_debians_own_is_taken_first(programs: Path, tmp_path: Path) -> None:
    debians, playwrights = _program(programs / "chromium"), _program(tmp_path / "playwrights")
    assert chromium.find(playwrights) == debians


@as_root
def test_where_it_may_it_is_installed(programs: Path, tmp_path: Path) -> None:
    target = programs / "chromium"
    _program(programs / "apt-get", f'[ "$1" = install ] && echo > {target} && /bin/chmod 755 {target}')
    assert chromium.find(_program(tmp_path / "playwrights")) == str(target)


def test_where_it_cannot_be_installed_playwrights_own_is_taken(programs: Path, tmp_path: Path) -> None:
    _program(programs / "apt-get", "exit 100")
    playwrights = _program(tmp_path / "playwrights")
    assert chromium.find(playwrights) == playwrights


def test_without_any_it_says_what_to_install(programs: Path, tmp_path: Path) -> None:
    with pytest.raises(chromium.NoBrowser, match=r"apt-get install chromium .*playwright install chromium"):
        chromium.find(str(tmp_path / "nowhere"))
