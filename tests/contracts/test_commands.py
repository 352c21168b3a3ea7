"""Every command is called by name, and loads nothing that it does not need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module

import click
import pytest
from flask.cli import FlaskGroup

from app import COMMANDS, create_app
from joint_defense.processes import engine
from tests.conftest import MakeSettings
from tests.contracts.sources import ROOT, modules

# What a page, a sheet, a print or the carrier's SDK brings along.
HEAVY = {
    "limits",
    "flask_babel",
    "flask_wtf",
    "twilio.rest",
    "xlsxwriter",
    "typst",
    "python_calamine",
    "lxml",
    "rq",
    "redis",
}


def test_every_command_that_a_module_has_is_called_by_a_name() -> None:
    named = {getattr(import_module(place.partition(":")[0]), place.partition(":")[2]) for place in COMMANDS.values()}
    found = set()
    for path, _ in modules():
        if "commands" in path.parts or path.name == "cli.py" or path.name.endswith("commands.py"):
            here = vars(import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__")))
            found |= {each for each in here.values() if isinstance(each, click.Command)}
    below = {command for group in found if isinstance(group, click.Group) for command in group.commands.values()}
    assert {command.name for command in found - below - named} == set()


def test_a_commands_name_is_the_one_it_is_listed_by() -> None:
    for name, place in COMMANDS.items():
        module, _, attribute = place.partition(":")
        assert getattr(import_module(module), attribute).name == name
    assert COMMANDS.items() >= engine.COMMANDS.items()


def test_the_table_of_commands_has_every_command() -> None:
    table = (ROOT / "docs/operating.md").read_text(encoding="utf-8").partition("## Commands")[2].partition("\n## ")[0]
    assert [name for name in COMMANDS if f"`{name} " not in table and f"`{name}`" not in table] == []


def test_called_for_a_command_the_app_has_no_pages_and_else_it_has(settings: MakeSettings) -> None:
    with click.Context(FlaskGroup()):
        for_a_command = create_app(settings())
    with_pages = create_app(settings())
    for made in (for_a_command, with_pages):
        made.extensions["runtime"].close()
    assert not for_a_command.blueprints
    assert with_pages.blueprints


@pytest.mark.parametrize("called", ["roster export", "alarm list", "coverage show", "db check"])
def test_a_command_loads_neither_pages_nor_what_other_commands_need(called: str) -> None:
    words = [*called.split(), "--help"]
    shown = (
        "import atexit, gc, json, sys\n"
        "atexit.register(lambda: print(json.dumps([gc.isenabled(), *sorted(sys.modules)]), file=sys.stderr))\n"
        f"from flask.cli import main; sys.argv = ['flask', '--app', 'app', *{words!r}]; main()"
    )
    made_up = {
        "DATABASE_URL": "sqlite:////nowhere.sqlite",
        "REDIS_URL": "redis://127.0.0.1:9",
        "SECRET_KEY": "a-secret-key-of-the-tests",
        "PUBLIC_BASE_URL": "http://127.0.0.1:8000",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "a-token-of-the-tests",
        "TWILIO_API_BASE_URL": "http://127.0.0.1:9",
        "TWILIO_FROM_NUMBER": "+8657412345678",
    }
    ended = subprocess.run(
        [sys.executable, "-c", shown], cwd=ROOT, env=os.environ | made_up, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    looks_for_garbage, *names = json.loads(ended.stderr.splitlines()[-1])
    assert looks_for_garbage, "not while it loads, but from then on"
    loaded = set(names)
    assert loaded & HEAVY == set()
    assert not {name for name in loaded if name.startswith(("groups.web", "joint_defense.web"))}
