"""How heavy a page is for a phone on a village's network."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask

from config.database import Database, read_clock
from tests.edges.web.conftest import VILLAGE, Visitor
from tests.edges.web.scenes import full_scene

FIRST_LOAD = 64_000

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _static(page: str) -> set[str]:
    """What a browser fetches with the page, once each."""
    return {found.split("#")[0] for found in re.findall(r'(?:href|src)="(/static/[^"]+)"', page)}


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_the_first_load_of_the_heaviest_page_is_light(
    web: Flask, operator: Visitor, store: Database, coding: str
) -> None:
    with store.begin() as session:
        incident_id = full_scene(session, VILLAGE, read_clock(session) - timedelta(seconds=100))
    headers = {"Accept": "text/html", "Accept-Encoding": "gzip, br" if coding == "br" else coding}
    page = operator.client.get(f"/incidents/{incident_id}", headers=headers)
    assert page.headers["Content-Encoding"] == "gzip"
    files = _static(operator.get(f"/incidents/{incident_id}").text)
    answers = {path: web.test_client().get(path, headers=headers, buffered=True) for path in files}

    assert {answer.status_code for answer in answers.values()} == {200}
    coded = [answer.headers.get("Content-Encoding") for answer in answers.values()]
    assert coded.count(coding) >= 2
    # Small ones and drawings apart, what is ours comes compressed too.
    assert sum(len(answer.data) for answer in answers.values() if "Content-Encoding" not in answer.headers) < 2_000
    assert len(page.data) + sum(len(answer.data) for answer in answers.values()) <= FIRST_LOAD


def test_a_browser_keeps_static_files_for_ever_and_pages_not_at_all(web: Flask, visitor: Visitor) -> None:
    page = visitor.get("/sign-in")
    assert page.headers["Cache-Control"] == "no-store"
    for path in _static(page.text):
        cached = web.test_client().get(path, buffered=True).headers
        assert "immutable" in cached["Cache-Control"]
        assert cached["X-Content-Type-Options"] == "nosniff"
