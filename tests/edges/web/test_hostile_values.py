"""Every address and every form of ours, filled with what nobody types: an answer, and never a failure of ours."""

from __future__ import annotations

import ast
import re
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select

from groups.models.accounts import Account, AccountRole
from groups.web.shell.limits import Limits
from tests.contracts.sources import modules, name_of
from tests.edges.web.conftest import VILLAGE, SignedIn
from tests.edges.web.scenes import settle_with_all

HOSTILE = ("\0王", "9" * 30, "0001-01", "%_\\'\";--<b>{{7*7}}${x}" + "\u0301" * 40 + "\u202e\ud7ff😀")
LEFT_OUT = re.compile(r"/(voice|sms|status|static|readyz|sign-out)")
"""The carrier's, files of ours, what says 503 while no worker runs, and what would end the test's session."""
PARTS = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")


def find_names_asked_for() -> list[str]:
    """Whatever a page asks an address or a form for by a name that stands in its code, and every form's fields."""
    names = set()
    for path, tree in modules():
        if "web" not in path.parts:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of(node.func).endswith(
                (".get", ".getlist", "read_day_field", "_text")
            ):
                names |= {each.value for each in node.args[:1] if isinstance(each, ast.Constant)}
            elif isinstance(node, ast.AnnAssign | ast.Assign) and "forms" in path.name:
                names |= {
                    name_of(each) for each in ([node.target] if isinstance(node, ast.AnnAssign) else node.targets)
                }
    return sorted(name for name in names if isinstance(name, str) and re.fullmatch(r"[a-z_]{1,20}", name))


def _addresses(rule: str, known: dict[str, Any], hostile: str) -> list[str]:
    good = PARTS.sub(lambda part: str(known.get(part[2], "x")), rule)
    bad = PARTS.sub(lambda part: quote(hostile[:200] if part[1] != "int" else "9" * 25, safe=""), rule)
    # Of a day and a zero sign an address says nothing that another value does not.
    return list(dict.fromkeys([good] if len(hostile) < 10 else [good, bad]))


@pytest.mark.timeout(120)
def test_no_address_and_no_form_fails_over_what_is_sent_to_it(
    web: Flask, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limits, "check", lambda *_given: None)
    with web.extensions["database"].begin() as session:
        # One of everything that has an id: a page that finds nothing reads none of what it is sent.
        known = settle_with_all(session, VILLAGE, theirs=False) | {
            "kind": "responders", "form": "csv", "deed": "consent", "topic": "texts", "key": "x",
            # Not the administrator's own, who would be signed out.
            "account_id": session.scalars(select(Account.id).order_by(Account.id)).first(),
        }  # fmt: skip
    admin = signed_in(AccountRole.ADMIN)
    token = re.search(r'name="csrf_token" value="([^"]+)"', admin.get("/account").text)
    assert token is not None
    names = find_names_asked_for()
    failed, asked = [], 0
    web.config["PROPAGATE_EXCEPTIONS"] = False
    for rule, hostile in product(list(web.url_map.iter_rules()), HOSTILE):
        if LEFT_OUT.match(str(rule)):
            continue
        for address in _addresses(str(rule), known, hostile):
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                sent: dict[str, Any] = (
                    {"query_string": dict.fromkeys(names, hostile)}
                    if method == "GET"
                    else {"data": dict.fromkeys(names, hostile) | {"csrf_token": token[1]}}
                )
                answer = admin.client.open(
                    address, method=method, headers={"Accept": "text/html", "Authorization": "Bearer \xe9"}, **sent
                )
                asked += 1
                if answer.status_code >= 500:
                    failed.append((method, address[:80], hostile[:12], answer.status_code))
    assert failed == []
    assert asked > 500
    assert admin.get("/account").status_code == 200  # signed in to the end: the pages were reached
