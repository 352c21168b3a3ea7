"""Every string of the pages is in the catalogue, in Chinese, and the compiled file says the same."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from config.tools import catalogue


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The catalogue where a test may spoil it."""
    for path in (catalogue.SOURCE, catalogue.SOURCE.with_suffix(".mo")):
        shutil.copy(path, tmp_path)
    return tmp_path / catalogue.SOURCE.name


def _spoil(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def test_no_string_is_missing_doubtful_superfluous_or_stale() -> None:
    assert list(catalogue.check()) == []


def test_a_missing_string_is_noticed(copy: Path) -> None:
    _spoil(copy, 'msgid "Sign in"\nmsgstr "登录"', 'msgid "Sign in"\nmsgstr ""')

    assert "not translated: 'Sign in'" in list(catalogue.check(copy))


def test_a_string_that_no_page_has_any_more_is_noticed(copy: Path) -> None:
    copy.write_text(copy.read_text() + '\nmsgid "Send a drone"\nmsgstr "派无人机"\n')

    assert "no page has it any more: 'Send a drone'" in list(catalogue.check(copy))


def test_a_lost_placeholder_is_noticed(copy: Path) -> None:
    _spoil(copy, "请在 %(time)s 之后再试", "请稍后再试")

    assert any(complaint.startswith("not the same %(values)s") for complaint in catalogue.check(copy))


def test_a_changed_string_that_was_not_compiled_is_noticed(copy: Path) -> None:
    _spoil(copy, 'msgstr "登录"', 'msgstr "登陆"')

    assert any("stale" in complaint for complaint in catalogue.check(copy))


SIMULATOR = "joint_defense/simulator/page"


@pytest.mark.parametrize("simulator", [False, True], ids=["application", "simulator"])
def test_no_drawing_is_asked_for_that_the_sprite_does_not_have(simulator: bool) -> None:
    sprite = f"{SIMULATOR}/static/icons.svg" if simulator else "groups/web/static/icons.svg"
    drawn = set(re.findall(r'<symbol id="([a-z]+)"', (catalogue.ROOT / sprite).read_text()))
    templates = [
        path
        for folder in ("groups", "joint_defense")
        for path in catalogue.ROOT.glob(f"{folder}/**/templates/**/*.html")
        if path.is_relative_to(catalogue.ROOT / SIMULATOR) is simulator
    ]
    # The first argument, and both ends of a choice made in it.
    asked = {
        name
        for path in templates
        for call in re.findall(r"icon\((.*?)\)", path.read_text())
        for name in re.findall(r'"([a-z]+)"(?= if|\)|,|$)|else "([a-z]+)"', call + ")")
        for name in name
        if name
    }

    assert asked
    assert asked <= drawn
