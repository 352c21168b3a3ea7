"""The house stays one: few entries a level, few layers, and no file that was cut off for its length alone."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from groups.models.changes import Action
from groups.web.history.words import ACTIONS
from tests.contracts.sources import ROOT, modules

ENTRIES = {Path("groups"): 15, Path("joint_defense"): 14, Path("config"): 16}
MOST_ENTRIES = 18
"""Of every other folder: files and folders, without its `__init__`."""
MOST_LAYERS = 8
LONGEST_FILE = 520
SHORT = 60
"""Lines. A shorter file that one other alone imports belongs in that one, or has its reason here."""
ALONE = {
    "config/tools": "tools are started, not imported",
    "groups/roster/imports/rules/labelled.py": "a form of list: the reader has one file for each",
    "groups/roster/rules/homes.py": "a rule, apart from its queries",
    "joint_defense/processes/engine.py": "starts worker and clock without pages",
    "joint_defense/processes/health.py": "pages of the process, which the app adds",
    "joint_defense/rules/understanding/machines.py": "a kind of meaning: the room has one file for each",
    "joint_defense/rules/understanding/questions.py": "the same",
    "joint_defense/demo/box.py": "a script of its own process",
}
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
LAYERS = {
    each["containers"][0]: each["layers"] for each in CONTRACTS if each["type"] == "layers" and "containers" in each
}


def test_a_level_has_few_entries() -> None:
    entries: dict[Path, set[str]] = defaultdict(set)
    for path, _ in modules():
        for above, below in pairwise([*reversed(path.parents), path]):
            if below.name != "__init__.py":
                entries[above].add(below.name)
    del entries[Path()]
    assert {
        str(room): len(names) for room, names in entries.items() if len(names) > ENTRIES.get(room, MOST_ENTRIES)
    } == {}


@pytest.mark.parametrize("package", ["groups", "joint_defense"])
def test_a_package_has_few_layers_and_each_of_its_rooms_is_in_one(package: str) -> None:
    rooms = [room for layer in LAYERS[package] for room in layer.split(" | ")]
    assert len(LAYERS[package]) <= MOST_LAYERS
    assert sorted(rooms) == sorted(
        path.stem
        for path in (ROOT / package).iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
        if path.stem != "__init__"
    )


def test_no_file_is_cut_off_for_one_reader() -> None:
    readers = _find_readers()
    short = {
        str(path): sorted(readers[path])
        for path, tree in modules()
        if path.name != "__init__.py" and not path.name.endswith("_words.py")
        if _count_lines(path) < SHORT and len(readers[path]) == 1
        # A room's __init__ registers the pages or names the door of its files; the simulator is another house.
        if not any(reader.name == "__init__.py" for reader in readers[path]) and "simulator" not in path.parts
        if str(path) not in ALONE and str(path.parent) not in ALONE
    }
    assert short == {}


def test_what_stands_alone_for_a_reason_does_so_still() -> None:
    readers = _find_readers()
    assert [
        each
        for each in ALONE
        if each.endswith(".py") and (_count_lines(Path(each)) >= SHORT or len(readers[Path(each)]) != 1)
    ] == []


def test_no_file_is_longer_than_one_can_read() -> None:
    # A table of words is looked things up in.
    read = [path for path, _ in modules() if path.name != "words.py"]
    assert {str(path): lines for path in read if (lines := _count_lines(path)) > LONGEST_FILE} == {}


def test_whatever_is_done_in_a_batch_has_its_words() -> None:
    assert set(ACTIONS) == set(Action)


def test_a_file_that_is_named_in_a_document_or_a_test_is_there() -> None:
    """Files move and their names are typed by hand; the changelog and a test's made-up files are not meant."""
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.py")]
    apart = {ROOT / "CHANGELOG.md", ROOT / "tests/contracts/test_audit.py"}
    named = {(path, found[0]) for path in texts if path not in apart for found in _FILE.finditer(path.read_text())}
    assert [f"{path.relative_to(ROOT)}: {file}" for path, file in sorted(named) if not (ROOT / file).exists()] == []


_FILE = re.compile(r"(?<![\w/.])(?:groups|joint_defense|config|tests|tools|deploy)/[\w/.-]+\.(?:py|md|css|html|js)\b")


def _count_lines(path: Path) -> int:
    return len((ROOT / path).read_text().splitlines())


@cache
def _find_readers() -> dict[Path, set[Path]]:
    """Which files import each."""
    places = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path, _ in modules()}
    found: dict[Path, set[Path]] = defaultdict(set)
    for path, tree in modules():
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [
                    name if (name := f"{node.module}.{each.name}") in places else str(node.module)
                    for each in node.names
                ]
            for name in names:
                if places.get(name, path) != path:
                    found[places[name]].add(path)
    return found
