"""Where the browser tests' browser comes from: programs of these names are put where it looks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.browser import chromium


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _program(path: Path) -> str:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_debians_own_is_taken_first(programs: Path, tmp_path: Path) -> None:
    debians, playwrights = _program(programs / "chromium"), _program(tmp_path / "playwrights")
    assert chromium.find(playwrights) == debians


def test_where_there_is_none_playwrights_own_is_taken(programs: Path, tmp_path: Path) -> None:
    playwrights = _program(tmp_path / "playwrights")
    assert chromium.find(playwrights) == playwrights


def test_without_any_it_says_what_brings_one(programs: Path, tmp_path: Path) -> None:
    with pytest.raises(chromium.NoBrowser, match="`make test` brings it"):
        chromium.find(str(tmp_path / "nowhere"))
