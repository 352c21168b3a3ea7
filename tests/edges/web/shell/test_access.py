from __future__ import annotations

import pytest
from flask import Flask

from groups.models.accounts import AccountRole
from groups.web.enrolment.common import READERS, WRITERS
from groups.web.shell.access import find_admitted
from tests.edges.web.conftest import VILLAGE, SignedIn, Visitor

Admitted = frozenset[AccountRole] | str | None

EVERYBODY = frozenset(AccountRole)
WATCHERS = EVERYBODY - {AccountRole.LIAISON}
ROSTER_READERS = EVERYBODY - {AccountRole.OPERATOR}
KEEPERS = frozenset({AccountRole.VILLAGE_HEAD, AccountRole.ADMIN})
ADMINS = frozenset({AccountRole.ADMIN})
TOWN_WIDE = frozenset({AccountRole.LIAISON, AccountRole.ADMIN})
HOUSE = "/villages/<code>/households/<int:household_id>"
GROUP = "/villages/<code>/groups/<int:group_id>"
OPEN = {
    *("/sign-in", "/sign-in/code", "/first-sign-in", "/language", "/i/<int:incident_id>/<token>"),
    *("/manifest.webmanifest", "/offline-worker.js", "/offline"),
    *("/help", "/help/<topic>", "/sign-in/text", "/sign-in/text/code"),
}
GUARDED = {
    "/": EVERYBODY,
    "/sign-out": EVERYBODY,
    "/help/<topic>.pdf": EVERYBODY,
    "/offline-roster": frozenset({AccountRole.VILLAGE_HEAD}),
    "/account": EVERYBODY,
    "/account/password": EVERYBODY,
    "/account/sessions/revoke": EVERYBODY,
    "/account/second-factor": EVERYBODY,
    **{f"/account/second-factor/{what}": EVERYBODY for what in ("confirm", "recovery-codes", "off")},
    "/roster": ROSTER_READERS,
    "/villages": TOWN_WIDE,
    "/villages/<code>": ROSTER_READERS,
    "/villages/<code>/ungrouped": ROSTER_READERS,
    "/villages/<code>/to-check": ROSTER_READERS,
    "/villages/<code>/ungrouped/groups": KEEPERS,
    "/villages/<code>/history": ROSTER_READERS,
    "/villages/<code>/history/<key>/undo": KEEPERS,
    "/villages/<code>/groups": KEEPERS,
    GROUP: ROSTER_READERS,
    **{f"{GROUP}/{what}": KEEPERS for what in ("settings", "split", "merge", "archive", "order")},
    "/villages/<code>/households/new": KEEPERS,
    HOUSE: ROSTER_READERS,
    **{f"{HOUSE}/{what}": KEEPERS for what in ("row", "move", "away", "back", "archive")},
    f"{HOUSE}/phones/<int:phone_id>/number": KEEPERS,
    f"{HOUSE}/village": ADMINS,
    "/audit": ADMINS,
    "/looks": ADMINS,
    "/villages/<code>/numbers": ROSTER_READERS,
    "/villages/<code>/groups/<int:group_id>/nights": ROSTER_READERS,
    **{f"/villages/<code>/numbers/{what}": KEEPERS for what in ("hours", "<int:task_id>/keep")},
    "/villages/<code>/greetings": KEEPERS,
    **{
        f"/villages/<code>/greetings/<int:greeting_id>/{what}": KEEPERS
        for what in ("pause", "resume", "seen", "end", "undo")
    },
    "/villages/<code>/greetings/<int:greeting_id>": KEEPERS,
    "/villages/<code>/devices/<int:device_id>/ask": KEEPERS,
    "/villages/<code>/check": ROSTER_READERS,
    "/villages/<code>/check/<day>": ROSTER_READERS,
    "/checks": TOWN_WIDE,
    "/summary": TOWN_WIDE,
    "/summary.<form>": TOWN_WIDE,
    "/villages/<code>/drills": WATCHERS,
    "/villages/<code>/phones/<int:phone_id>/test": WATCHERS,
    "/drills/<int:drill_id>": WATCHERS,
    "/drills/<int:drill_id>/stop": WATCHERS,
    "/mutes": frozenset({AccountRole.OPERATOR, AccountRole.ADMIN}),
    "/mutes/<int:mute_id>/lift": frozenset({AccountRole.OPERATOR, AccountRole.ADMIN}),
    **{
        f"/service{what}": frozenset({AccountRole.OPERATOR, AccountRole.ADMIN})
        for what in ("", "/quiet", "/quiet/end", "/test", "/alerts/<int:alert_id>/take-on")
    },
    "/accounts": ADMINS,
    "/accounts/<int:account_id>": ADMINS,
    **{f"/accounts/<int:account_id>/{what}": ADMINS for what in ("invite", "sign-out", "close", "reopen")},
    "/villages/<code>/import": KEEPERS,
    # Each kind of list says by itself whom it admits: see the tests of these pages.
    "/imports/<key>": READERS,
    **{
        f"/imports/<key>/{what}": READERS
        for what in ("progress", "columns", "decide", "confirm", "again", "drop", "undo", "errors.xlsx")
    },
    "/villages/<code>/roster.<form>": ROSTER_READERS,
    **{f"/villages/<code>/directory{what}": ROSTER_READERS for what in ("", ".pdf", "/print")},
    **{f"/directory{what}": TOWN_WIDE for what in ("", ".pdf")},
    "/incidents": WATCHERS,
    "/incidents/live": WATCHERS,
    "/incidents/past": WATCHERS,
    "/incidents/past.xlsx": WATCHERS,
    "/incidents/statistics": WATCHERS,
    "/incidents/<int:incident_id>": WATCHERS,
    "/incidents/<int:incident_id>/live": WATCHERS,
    "/incidents/<int:incident_id>/ring-again": WATCHERS,
    "/incidents/<int:incident_id>/note": WATCHERS,
    "/incidents/<int:incident_id>/close": WATCHERS,
    "/incidents/<int:incident_id>/export.json": WATCHERS,
    "/incidents/<int:incident_id>/export.cap.xml": WATCHERS,
    "/coverage": READERS,
    "/coverage/api-clients": ADMINS,
    "/coverage/api-clients/revoke": ADMINS,
    "/coverage/books": WRITERS,
    "/coverage/counts": WRITERS,
    "/coverage/counts/import": WRITERS,
    "/coverage/counts/remove": WRITERS,
    "/coverage/counts/thresholds": ADMINS,
    "/coverage/export.<form>": READERS,
    **{f"/coverage/{what}": WRITERS for what in ("audit.<form>", "reports", "reports/<int:number>")},
    "/coverage/reports/<int:number>/report.<form>": WRITERS,
    "/enrolment/tariffs/change": WRITERS,
    "/villages/<code>/widening": ROSTER_READERS,
    "/villages/<code>/widening/restore": KEEPERS,
    "/widening": TOWN_WIDE,
    "/villages/<code>/overseers": ROSTER_READERS,
    "/overseers": TOWN_WIDE,
    "/alarms/live": WATCHERS,
    "/widening/restore": ADMINS,
    "/audit/<key>/undo": ADMINS,
    "/centre": TOWN_WIDE,
    "/centre/<int:row_id>": ADMINS,
    "/centre/<int:row_id>/archive": ADMINS,
    "/centre/import": ADMINS,
    "/centre/export/<form>": TOWN_WIDE,
    "/villages/<code>/lists": READERS,
    "/villages/<code>/lists/<kind>": READERS,
    "/villages/<code>/lists/<kind>/<int:row_id>": KEEPERS,
    "/villages/<code>/lists/<kind>/<int:row_id>/archive": KEEPERS,
    "/villages/<code>/lists/<kind>/export/<form>": READERS,
    "/villages/<code>/lists/<kind>/import": KEEPERS,
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
    "/enrolment/consent": WRITERS,
    "/enrolment/subscriptions/<int:subscription_id>/consent": READERS,
    "/enrolment/lists/<int:list_id>": WRITERS,
}
# Not for browsers: they prove themselves by a signature or a token, or say nothing of people.
MACHINES = ("/api/", "/voice/", "/sms/", "/status/", "/healthz", "/readyz", "/metrics")

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_every_page_says_whom_it_admits(web: Flask) -> None:
    found: dict[str, Admitted] = {}
    for rule in web.url_map.iter_rules():
        if not str(rule).startswith(MACHINES):
            admitted = find_admitted(web.view_functions[rule.endpoint])
            # What is read and changed at one address: whom reading admits.
            found[str(rule)] = admitted if str(rule) not in found else _wider(admitted, found[str(rule)])

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


def _wider(one: Admitted, other: Admitted) -> Admitted:
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one | other
    return one if one == other else None


def _rules(web: Flask) -> list[tuple[str, set[str]]]:
    return [(str(rule), rule.methods or set()) for rule in web.url_map.iter_rules()]


def test_each_role_begins_at_its_own_page(signed_in: SignedIn) -> None:
    for role, first in (
        (AccountRole.OPERATOR, "/incidents"),
        (AccountRole.VILLAGE_HEAD, f"/villages/{VILLAGE}"),
        (AccountRole.LIAISON, "/villages"),
        (AccountRole.ADMIN, "/villages"),
    ):
        answer = signed_in(role).get("/", follow_redirects=True)
        assert (answer.status_code, answer.request.path) == (200, first), role


def test_whoever_may_only_read_changes_nothing_at_the_same_address(signed_in: SignedIn) -> None:
    liaison = signed_in(AccountRole.LIAISON)
    assert liaison.post("/villages", {"code": "N1", "name": "新村"}).status_code == 403
    assert liaison.post(f"/villages/{VILLAGE}/households/1", {"head": "王"}).status_code == 403


def test_a_poll_under_way_while_somebody_signs_out_brings_no_session_back(signed_in: SignedIn) -> None:
    head = signed_in(AccountRole.VILLAGE_HEAD)
    assert "Set-Cookie" not in head.get("/alarms/live").headers
    assert "Set-Cookie" in head.post("/sign-out", {}, of="/account").headers


def test_a_liaison_is_told_what_is_not_hers(signed_in: SignedIn) -> None:
    liaison = signed_in(AccountRole.LIAISON)
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
