"""SQLite serves every page and every command: one of each. What they do is held on PostgreSQL, beside this file."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import select

from app import COMMANDS
from config.database import read_clock
from groups.models.accounts import Account
from groups.models.roster import Household
from tests.conftest import MakeSettings
from tests.edges.conftest import Type
from tests.edges.web.conftest import VILLAGE, Visitor, open_app
from tests.edges.web.scenes import full_scene

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# What the carrier asks for with its signature, whether processes live that do not run here, and streams.
_ELSEWHERE = re.compile(r"^/(voice|sms|status|readyz|static|\w+/static)|/live$")


def test_every_page_and_file_is_served(settings: MakeSettings) -> None:
    app = open_app(settings())
    with app.extensions["database"].begin() as session:
        incident_id = full_scene(session, VILLAGE, read_clock(session) - timedelta(seconds=100))
        household = session.scalars(select(Household).where(Household.group_id.is_not(None))).first()
        assert household is not None
        known = {
            "code": VILLAGE,
            "group_id": household.group_id,
            "household_id": household.id,
            "account_id": session.scalars(select(Account.id)).first(),
            "incident_id": incident_id,
            "kind": "responders",
            "topic": "texts",
            "form": "csv",
            "filename": "",
        }
    visitor = Visitor(app.test_client())
    assert visitor.sign_in("admin").status_code == 303
    said: dict[str, int] = {}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not _ELSEWHERE.search(rule.rule) and rule.arguments <= known.keys():
            _, address = rule.build(known, append_unknown=False) or ("", "")
            said[rule.rule] = visitor.get(address).status_code
    app.extensions["runtime"].close()
    assert {page: code for page, code in said.items() if code >= 500} == {}
    assert sum(code == 200 for code in said.values()) > 40


def _lines(folder: Path) -> list[list[str]]:
    """A line for every command, in an order in which each finds what it needs."""
    roster = folder / "list.csv"
    roster.write_text(
        "联防组,门牌号,户主,手机\n1组,1号,王建国,13900001111\n1组,2号,李国强,13900002222\n", encoding="utf-8"
    )
    counts = folder / "counts.csv"
    counts.write_text("村居代码,日期,户数\nT01,2026-01-01,120\n", encoding="utf-8")
    duty = folder / "duty.csv"
    duty.write_text("姓名,电话\n陈,13900003333\n", encoding="utf-8")
    carrier = folder / "carrier.csv"
    carrier.write_text(
        "号码,姓名,地址,套餐,开通日期\n13900001111,王建国,测试村1号,固话联防,2026-01-05\n", encoding="utf-8"
    )
    out = str(folder / "out")
    return [
        ["db", "upgrade"],
        ["db", "check"],
        ["village", "create", "T01", "测试村"],
        ["demo", "load"],
        ["roster", "import", str(roster), "--village", "T01"],
        ["roster", "export", "--village", "T01", "--format", "xlsx", "--output", out],
        ["roster", "keys"],
        ["directory", "print", "--village", "T01", "--output", out],
        ["counts", "set", "T01", "100"],
        ["counts", "import", str(counts)],
        ["thresholds", "set", "80"],
        ["thresholds", "list"],
        ["tariff", "list"],
        ["tariff", "add", "固话联防", "--village", "5", "--carrier", "3", "--from", "2099-01-01", "--meant"],
        ["tariff", "correct", "固话联防", "--from", "2099-01-01", "--village", "6", "--carrier", "3", "--dry-run"],
        ["enrolment", "import", str(carrier)],
        ["bill", "show", "--month", "2026-04"],
        ["bill", "export", "--month", "2026-04", "--output", out],
        ["bill", "settle", "--month", "2026-04"],
        ["coverage", "show"],
        ["coverage", "export", "--format", "csv", "--output", out],
        ["coverage", "issue"],
        ["coverage", "issued"],
        ["coverage", "audit", "--output", out],
        ["coverage", "check"],
        ["responders", "import", str(duty), "--village", "T01"],
        ["responders", "list", "--village", "T01"],
        ["responders", "export", "--village", "T01", "--format", "csv", "--output", out],
        ["accounts", "create", "wang", "--role", "operator"],
        ["accounts", "reset-password", "wang"],
        ["accounts", "reset-second-factor", "wang"],
        ["accounts", "list"],
        ["accounts", "close", "wang"],
        ["api-clients", "create", "town hall"],
        ["api-clients", "list"],
        ["api-clients", "revoke", "town hall"],
        ["escalation", "set", "built-in"],
        ["escalation", "show"],
        ["alarm", "list"],
        ["alarm", "show", "1"],
        ["overseers", "set", "head,leaders", "--village", "T01"],
        ["overseers", "show", "--village", "T01"],
        ["alarm", "mute", "13900001111", "--reason", "三次误报"],
        ["alarm", "mutes"],
        ["drill", "start", "--village", "T01", "--at-any-hour"],
        ["upkeep", "hours", "--village", "T01", "--set", "9-11,15-19"],
        ["upkeep", "holidays"],
        ["upkeep", "tasks", "--village", "T01"],
        ["upkeep", "forecast", "--village", "T01"],
        ["upkeep", "checks"],
        ["upkeep", "devices", "--village", "T01"],
        ["upkeep", "press", "--village", "T01", "--device", "1"],
        ["upkeep", "summary", "--format", "xlsx", "--output", out],
        ["upkeep", "check", "--village", "T01"],
        ["greeting", "add", "--village", "T01", "--phone", "13900001111", "--at", "7:30", "--consent-by", "王建国"],
        ["greeting", "list"],
        ["greeting", "change", "1", "--at", "8:00"],
        ["greeting", "undo", "1"],
        ["greeting", "pause", "1", "--until", "明天"],
        ["greeting", "resume", "1"],
        ["greeting", "end", "1"],
        ["drill", "list"],
        ["drill", "show", "1"],
        ["drill", "stop", "1"],
        ["alarm", "unmute", "1"],
        ["spool", "list"],
        ["spool", "retry"],
        ["spool", "set-aside", "nothing"],
        ["cost", "show"],
        ["alerts", "list"],
        ["alerts", "take-on", "1", "--by", "王工"],
        ["alerts", "quiet", "--hours", "1"],
        ["alerts", "test"],
        ["data-keys", "create"],
        ["data-keys", "rotate"],
        ["privacy", "purge", "--dry-run"],
        ["privacy", "export", "--number", "13900001111", "--output", str(folder / "sheet.xlsx")],
        ["privacy", "erase", "--number", "13900001111", "--dry-run"],
        ["backup", "create", "--to", str(folder / "copies")],
        ["backup", "list", "--in", str(folder / "copies")],
        ["backup", "verify", "none"],
        ["backup", "restore", "none", "--yes"],
        ["backup", "drill"],
    ]


# They refuse here, in one line: there is no such alarm, entry or copy, and a village of the demo is in the way.
_MAY_REFUSE = {
    ("alarm", "show"),
    ("spool", "set-aside"),
    ("demo", "load"),
    ("alerts", "take-on"),
    ("alerts", "test"),
    ("cost", "show"),
    ("upkeep", "press"),
} | {("backup", name) for name in ("verify", "restore", "drill")}


def test_every_command_does_its_work(run: Type, tmp_path: Path) -> None:
    lines = _lines(tmp_path)
    trouble: dict[tuple[str, ...], Any] = {}
    for words in lines:
        done = run(*words)
        refused = (words[0], words[1]) in _MAY_REFUSE and done.exit_code == 1 and done.stderr
        if done.exit_code != 0 and not refused:
            trouble[(words[0], words[1])] = done.output or done.exception
    assert trouble == {}
    assert {(words[0], words[1]) for words in lines} == _all_commands()


def _all_commands() -> set[tuple[str, str]]:
    """Every command but those that are a process, which the journeys run."""
    found = set()
    for name, place in COMMANDS.items():
        module, _, attribute = place.partition(":")
        group = getattr(import_module(module), attribute)
        if isinstance(group, click.Group):
            found |= {(name, command) for command in group.commands}
    return found
