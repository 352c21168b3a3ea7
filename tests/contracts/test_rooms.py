"""Each room says in its `__init__` what it is for and what it must not know; and it does not know it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.sources import modules

# What a phrase of such a sentence forbids to import.
FORBIDDEN = {
    "pages": ("groups.web", "joint_defense.web"),
    "the database": ("sqlalchemy", "config.database"),
    "files": ("groups.files",),
    "alarms": ("joint_defense.alarms",),
    "escalation": ("joint_defense.alarms.escalation",),
    "processes": ("joint_defense.processes",),
    "webhooks": ("joint_defense.webhooks",),
    "incidents": ("joint_defense.incidents", "joint_defense.models"),
    "sending": ("joint_defense.delivery",),
    "queues": ("redis", "rq"),
    "the carrier": ("joint_defense.carriers", "twilio"),
    "rosters": ("groups.roster", "groups.web.roster"),
    "responders": ("groups.responders",),
    "subscriptions": ("groups.enrolment", "groups.models.enrolment"),
    "enrolment": ("groups.enrolment", "groups.web.enrolment"),
    "figures": ("groups.coverage", "groups.web.figures"),
    "accounts": ("groups.accounts",),
    "the application": ("groups", "config"),
    "the project": ("groups", "joint_defense"),
}
SENTENCE = re.compile(r"must not know\s+([^.;:]+)")
ROOMS = {path.parent: ast.get_docstring(tree) or "" for path, tree in modules() if path.name == "__init__.py"}


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_a_room_says_what_it_is_for_and_does_not_know_what_it_must_not(room: Path) -> None:
    words = " ".join(ROOMS[room].split())
    assert re.match(r"[A-Z][^.]{8,}[.:]", words), "what it is for"
    sentence = SENTENCE.search(words)
    assert sentence, "what it must not know"
    phrases = [phrase for phrase in FORBIDDEN if re.search(rf"\b{phrase}\b", sentence.group(1))]
    own = ".".join(room.parts)
    forbidden = [name for phrase in phrases for name in FORBIDDEN[phrase] if not f"{own}.".startswith(f"{name}.")]

    assert [
        f"{path}: {imported}"
        for path, imported in _imports(room)
        if any(f"{imported}.".startswith(f"{name}.") for name in forbidden)
    ] == []


def _imports(room: Path) -> Iterator[tuple[Path, str]]:
    for path, tree in modules():
        if not path.is_relative_to(room):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((path, f"{node.module}.{alias.name}") for alias in node.names)
