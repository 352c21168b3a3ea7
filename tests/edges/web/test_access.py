from __future__ import annotations

import pytest
from flask import Flask

from groups.account_models import AccountRole
from groups.web.access import admits
from groups.web.enrolment.frame import READERS, WRITERS
from tests.edges.web.conftest import SignedIn, Visitor

EVERYBODY = frozenset(AccountRole)
WATCHERS = EVERYBODY - {AccountRole.LIAISON}
OPEN = {"/sign-in", "/language"}
GUARDED = {
    "/": EVERYBODY,
    "/sign-out": EVERYBODY,
    "/account": EVERYBODY,
    "/account/password": EVERYBODY,
    "/account/sessions/revoke": EVERYBODY,
    "/incidents": WATCHERS,
    "/incidents/live": WATCHERS,
    "/incidents/<int:incident_id>": WATCHERS,
    "/incidents/<int:incident_id>/live": WATCHERS,
    "/incidents/<int:incident_id>/ring-again": WATCHERS,
    "/incidents/<int:incident_id>/note": WATCHERS,
    "/incidents/<int:incident_id>/close": WATCHERS,
    "/incidents/<int:incident_id>/export.json": WATCHERS,
    "/incidents/<int:incident_id>/export.cap.xml": WATCHERS,
    "/enrolment": READERS,
    "/enrolment/sign-up/<int:household_id>": WRITERS,
    "/enrolment/undo": WRITERS,
    "/enrolment/households/<int:household_id>": READERS,
    "/enrolment/households/<int:household_id>/<deed>": WRITERS,
    "/enrolment/subscriptions/<int:subscription_id>/correct": WRITERS,
    "/enrolment/devices": READERS,
    "/enrolment/devices.xlsx": READERS,
    "/enrolment/devices/<int:device_id>/<deed>": WRITERS,
    "/enrolment/bill": READERS,
    "/enrolment/bill.xlsx": READERS,
    "/enrolment/tariffs": READERS,
    "/enrolment/tariffs/add": WRITERS,
    "/enrolment/lists": WRITERS,
    "/enrolment/lists/<int:list_id>": WRITERS,
    "/enrolment/lists/<int:list_id>/decide": WRITERS,
    "/enrolment/lists/<int:list_id>/confirm": WRITERS,
    "/enrolment/lists/<int:list_id>/drop": WRITERS,
    "/enrolment/lists/<int:list_id>/errors.xlsx": WRITERS,
}
# Not for browsers: they prove themselves by a signature, or say nothing of people.
MACHINES = ("/voice/", "/sms/", "/status/", "/healthz", "/readyz", "/metrics")

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_every_page_says_whom_it_admits(web: Flask) -> None:
    found = {
        str(rule): admits(web.view_functions[rule.endpoint])
        for rule in web.url_map.iter_rules()
        if not str(rule).startswith(MACHINES)
    }

    assert {rule for rule, admitted in found.items() if isinstance(admitted, str)} == OPEN
    assert {rule: admitted for rule, admitted in found.items() if rule not in OPEN} == GUARDED


@pytest.mark.parametrize("role", AccountRole)
def test_a_page_answers_whom_it_admits_and_nobody_else(web: Flask, signed_in: SignedIn, role: AccountRole) -> None:
    visitor = signed_in(role)
    pages = [rule for rule, methods in _rules(web) if "GET" in methods and rule in GUARDED and "<" not in rule]

    assert pages
    for rule in pages:
        refused = visitor.get(rule).status_code == 403
        assert refused is (role not in GUARDED[rule]), f"{role} at {rule}"


def _rules(web: Flask) -> list[tuple[str, set[str]]]:
    return [(str(rule), rule.methods or set()) for rule in web.url_map.iter_rules()]


def test_a_liaison_begins_at_the_account_page_and_is_told_what_is_not_hers(signed_in: SignedIn) -> None:
    liaison = signed_in(AccountRole.LIAISON)

    assert liaison.get("/").location == "/account"
    answer = liaison.get("/incidents")
    assert answer.status_code == 403
    assert "您的账号不能查看此页面" in answer.text


def test_every_answer_forbids_foreign_scripts_frames_and_inline_code(operator: Visitor) -> None:
    for path in ("/sign-in", "/incidents", "/account", "/nowhere"):
        answer = operator.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


def test_no_page_carries_inline_code_or_style(operator: Visitor, visitor: Visitor) -> None:
    pages = [operator.get(path).text for path in ("/incidents", "/account", "/nowhere")] + [
        visitor.get("/sign-in").text
    ]
    for page in pages:
        assert "<script>" not in page
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick" not in page
        assert "https://" not in page, "nothing comes from elsewhere"
