"""Every address is either guarded (the carrier's signature, a sign-in) or stands in the list of open ones."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app import create_app
from tests.conftest import MakeSettings

# What anybody may ask for, and why.
OPEN_ROUTES = {
    "/healthz": "says only that the process answers",
    "/readyz": "says only which part is missing",
    "/sign-in": "this is where one signs in",
    "/sign-in/code": "whoever has shown the password shows the second factor here",
    "/api/openapi.json": "what the API is like is no secret",
    "/first-sign-in": "who has no password yet sets one here, with a code",
    "/sign-in/text": "who has forgotten the password signs in by a text",
    "/sign-in/text/code": "the same",
    **dict.fromkeys(("/manifest.webmanifest", "/offline-worker.js", "/offline"), "a name and a script: nobody's data"),
    "/help": "how to call for help is no secret",
    "/help/<topic>": "the same",
    "/language": "the sign-in page can be read in both languages",
}
PATH_VALUES = {"int": "1", "string": "x", "path": "x"}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def app(settings: MakeSettings) -> Flask:
    return create_app(settings())


def _rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if str(rule) not in OPEN_ROUTES]


def _address(rule: Rule) -> str:
    """An address of this rule, its parts filled in with something of the right kind."""
    return re.sub(r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>", lambda part: PATH_VALUES[part[1] or "string"], str(rule))


def test_nobody_gets_in_without_a_signature_or_a_sign_in(app: Flask) -> None:
    client = app.test_client()
    let_in = []
    for rule in _rules(app):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = client.open(_address(rule), method=method)
            signed_out = answer.status_code in {302, 303} and "sign-in" in answer.headers.get("Location", "")
            if answer.status_code not in {401, 403} and not signed_out:
                let_in.append(f"{method} {rule} answers {answer.status_code}")
    assert let_in == []


def test_the_open_addresses_exist(app: Flask) -> None:
    assert {str(rule) for rule in app.url_map.iter_rules()} >= set(OPEN_ROUTES)


def test_the_carriers_addresses_are_where_the_design_says(app: Flask) -> None:
    posts = {str(rule) for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert {"/voice/inbound", "/sms/inbound"} <= posts
