"""A head sends every address and every form of ours the ids of another village: nothing is shown, nothing changes."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from config.database import Base, Database
from groups.models.accounts import AccountRole
from groups.models.roster import Household, Phone, Village
from groups.web.shell.access import find_admitted
from groups.web.shell.limits import Limits
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, SignedIn, Visitor
from tests.edges.web.scenes import Ids, settle_with_all
from tests.edges.web.test_hostile_values import PARTS, find_names_asked_for

LEFT_OUT = re.compile(r"/(voice|sms|status|static|readyz|metrics|api|sign-|language|account|i/)")
"""What is not for a head's browser, or would end the test's session."""
SECRETS = ("外村", "1390007", "139 0007")
REFUSED = frozenset({303, 308, 403, 404, 422})
"""Sent back, to another spelling of the address, not there, or refused in words: never the page itself."""


def _read_other(store: Database, village_id: int) -> dict[str, list[str]]:
    """All rows that say another village, household or phone of it."""
    with store.begin() as session:
        houses = list(session.scalars(select(Household.id).where(Household.village_id == village_id)))
        phones = list(session.scalars(select(Phone.id).where(Phone.household_id.in_(houses))))
        found = {}
        for table in Base.metadata.sorted_tables:
            own = {"village_id": [village_id], "household_id": houses, "phone_id": phones}
            for name, those in own.items():
                if name in table.c and table.name not in {"looks", "changes"}:
                    rows = session.execute(select(table).where(table.c[name].in_(those)))
                    found[f"{table.name}.{name}"] = sorted(repr(tuple(row)) for row in rows)
        return found


def _list_asked(web: Flask) -> list[tuple[Rule, str]]:
    """Each address that a head may ask for, with each way of asking."""
    found = []
    for rule in web.url_map.iter_rules():
        admitted = find_admitted(web.view_functions[rule.endpoint])
        if LEFT_OUT.match(str(rule)) or isinstance(admitted, str | None) or AccountRole.VILLAGE_HEAD not in admitted:
            continue
        found += [(rule, method) for method in sorted((rule.methods or set()) & {"GET", "POST"})]
    return found


def _fill(rule: Rule, ids: Ids, code: str) -> str:
    given = ids | {"code": code, "kind": "responders", "form": "xlsx", "deed": "consent", "topic": "texts"}
    return PARTS.sub(lambda part: str(given[part[2]]), str(rule))


def _send(head: Visitor, method: str, address: str, sent: dict[str, Any]) -> tuple[int, str]:
    how: dict[str, Any] = {"query_string": sent} if method == "GET" else {"data": sent}
    answer = head.client.open(address, method=method, headers={"Accept": "text/html"}, **how)
    content = answer.get_data()
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    return answer.status_code, content.decode(errors="replace")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_id_of_another_village_shows_or_changes_anything(
    web: Flask, store: Database, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limits, "check", lambda *_given: None)
    with store.begin() as session:
        session.scalars(select(Village).where(Village.code == OTHER_VILLAGE)).one().name = "外村"
        theirs, own = (
            settle_with_all(session, OTHER_VILLAGE, theirs=True),
            settle_with_all(session, VILLAGE, theirs=False),
        )
    head = signed_in(AccountRole.VILLAGE_HEAD)
    found = re.search(r'name="csrf_token" value="([^"]+)"', head.get("/account").text)
    assert found is not None
    before, names = _read_other(store, theirs["village_id"]), find_names_asked_for()
    bodies: list[dict[str, Any]] = [
        dict.fromkeys(names, theirs[what]) | {"csrf_token": found[1], f"household-{theirs[what]}": "new-0"}
        for what in ("household_id", "group_id")
    ]
    leaks, asked = [], 0
    for rule, method in _list_asked(web):
        parts = {part[2] for part in PARTS.finditer(str(rule))} & (set(theirs) - {"day", "form"})
        foreign = [_fill(rule, theirs, OTHER_VILLAGE)] if parts else []
        foreign += [_fill(rule, theirs, VILLAGE)] if parts - {"code"} else []
        for address in foreign:
            status, text = _send(head, method, address, bodies[0] if method == "POST" else {})
            asked += 1
            if status not in REFUSED or any(secret in text for secret in SECRETS):
                leaks.append((method, address, status))
        for sent in bodies:
            status, text = _send(head, method, _fill(rule, own, VILLAGE), sent)
            asked += 1
            if status >= 500 or any(secret in text for secret in SECRETS):
                leaks.append((method, f"own {rule}", status))
    assert leaks == []
    assert _read_other(store, theirs["village_id"]) == before
    assert asked > 300
    assert head.get("/account").status_code == 200
