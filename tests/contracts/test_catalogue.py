"""Every string of the pages is in the catalogue, in Chinese, and the compiled file says the same."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from config.tools import catalogue
from groups.errors.words import WORDS
from joint_defense.rules.escalation import FLAWS
from tests.contracts.sources import modules, name_of


@pytest.fixture(scope="module", autouse=True)
def _pages_are_read_once() -> Iterator[None]:
    """What these tests spoil is a copy of the catalogue, never a page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "_extract_strings", cache(catalogue._extract_strings))
        yield


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


# Chinese, a blank, then English: one text in both languages. In the patterns of lists and of texts that people write,
# no two English words stand so.
_TWO_LANGUAGES = re.compile(r"[\u4e00-\u9fff][^\sA-Za-z]* [^\u4e00-\u9fff]*?[A-Za-z]{2,}:? [A-Za-z]")
_FOR_TWO_READERS = {
    # The name of the API's document, and the foot of a sheet that goes from hand to hand.
    "groups/web/figures/api_document.py",
    "joint_defense/web/api/exports.py",
    # What the demo prints once it runs, and what an operator reads of copies and of people's data.
    "joint_defense/demo/box.py",
    "joint_defense/operations/backups.py",
    "joint_defense/operations/commands.py",
    "joint_defense/operations/cost_commands.py",
    "joint_defense/operations/service_alert_commands.py",
    "joint_defense/operations/privacy.py",
}


def test_no_text_of_the_code_has_both_languages_in_it() -> None:
    """What is said to somebody is a code and values: its words stand in the catalogue, each language apart."""
    found = [
        f"{path}:{line}: {text[:60]}"
        for path, tree in modules()
        if str(path) not in _FOR_TWO_READERS
        for line, text in _texts(tree)
        if _TWO_LANGUAGES.search(text)
    ]
    assert found == []


def test_every_message_has_words_and_every_word_a_message() -> None:
    said: dict[str, list[tuple[str, set[str] | None]]] = {}
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of(node.func) in {"say", "tell"} and path.parts[0] == "groups":
                values = (
                    None if any(each.arg is None for each in node.keywords) else {str(e.arg) for e in node.keywords}
                )
                for code in _codes(node.args[0]):
                    said.setdefault(code, []).append((f"{path}:{node.lineno}", values))
    assert {code: places for code, places in said.items() if code not in WORDS} == {}
    named = {text for path, tree in modules() if path.name != "words.py" for _, text in _texts(tree)}
    assert set(WORDS) - named - {f"policy_{flaw}" for flaw in FLAWS} == set()
    wanted = {code: set(re.findall(r"%\((\w+)\)", words)) for code, words in WORDS.items()}
    unlike = {
        place: code
        for code, places in said.items()
        for place, values in places
        if values is not None and values != wanted[code]
    }
    assert unlike == {}


def _makes_a_message(path: Path, call: ast.Call) -> bool:
    """Whether it is `say`, `tell` or an error with a message's code; `operations` and `processes` have words of own."""
    own = path.parts[0] == "groups" or str(path) in {
        "joint_defense/operations/alarm_commands.py",
        "joint_defense/operations/upkeep_commands.py",
        "joint_defense/rules/escalation.py",
    }
    return own and bool(call.args) and name_of(call.func) in {"say", "tell", "InvalidPolicy"}


def _codes(node: ast.expr) -> list[str]:
    """The codes that an argument may be: a text, or one of the two of a choice."""
    if isinstance(node, ast.IfExp):
        return [*_codes(node.body), *_codes(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The texts of a module with their lines, but for its documentation."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in documentation or id(node) in parts:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            shown = (str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
            yield node.lineno, "".join(shown)


_HAN = "[\u4e00-\u9fff”》）]"
_HALF_WIDTH = re.compile(rf"{_HAN}[,:;?!()]|[(,:;!?] ?[\u4e00-\u9fff]|\)s[:;,]|[\u4e00-\u9fff] ?\.\s*$")
# The hours of duty in the form in which they are kept and compared.
_KEPT_SO = "周一至周五 18:00-06:00;周六 全天"


def test_punctuation_in_chinese_is_chinese() -> None:
    said = [text for message in catalogue._read() for text in catalogue._find_words(message.string) if message.id]
    assert len(said) > 1000
    assert [text for text in said if _HALF_WIDTH.search(text.replace(_KEPT_SO, ""))] == []


def test_no_page_puts_punctuation_of_its_own_beside_words_of_the_catalogue() -> None:
    """It would be the English one on a Chinese page."""
    beside = re.compile(r"""\b_\([^{}]*\) ?\}\}(?:[:;,!?]|</[a-z]+>[:;,])|[(:,]\{\{ ?_\(|\}\}[:,;] ?\{\{ ?_\(""")
    found = [
        f"{path}: {match[0]}"
        for package in ("groups", "joint_defense")
        for path in sorted(Path(package).rglob("web/templates/**/*.html"))
        for match in beside.finditer(path.read_text())
    ]
    assert found == []
