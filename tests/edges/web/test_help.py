"""Help and its leaflets: what they quote is what the service says, and what they tell to press is there."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from flask_babel import LazyString
from pypdf import PdfReader

from groups.models.accounts import AccountRole
from joint_defense.rules.understanding.meanings import Meaning, Writer
from joint_defense.rules.understanding.understand import understand
from joint_defense.rules.wording import calls
from joint_defense.web.help.topics import TOPICS, Readers, find_topic_of
from tests.contracts.sources import ROOT
from tests.edges.web.conftest import SignedIn, Visitor

TOPICS_FILE = "joint_defense/web/help/topics.py"


def test_whoever_is_not_signed_in_reads_how_to_call_for_help_in_both_languages(visitor: Visitor) -> None:
    shown = visitor.get("/help/call").text
    assert calls.MENU["zh"] in shown
    assert "遇到危险：按#9" in shown
    visitor.speak_english()
    shown = visitor.get("/help/call").text
    assert calls.MENU["en"] in shown
    own = re.sub(r'<form class="languages".*?</form>|font-family="[^"]*"', "", shown, flags=re.DOTALL)
    assert not re.search("[\u4e00-\u9fff]", own)
    assert visitor.get("/help/nothing").status_code == 404
    assert visitor.get("/help/call.pdf").status_code == 303, "leaflets are for those who hand them out"


_CALLS_FOR_HELP = ("9", "救命", "着火了", "家里进贼了", "我摔倒了起不来", "help!", "fire!", "a burglar in my house")
_ANSWERS = {
    Meaning.COMING: ("1", "马上来", "coming"),
    Meaning.CANNOT: ("2", "来不了", "cannot come"),
    Meaning.ON_SCENE: ("3", "到了", "I am there"),
}


def test_words_that_help_says_work_do_work() -> None:
    meant = {(Writer.AT_REST, words): Meaning.ALARM for words in _CALLS_FOR_HELP}
    meant |= {(Writer.RUNG, words): meaning for meaning, several in _ANSWERS.items() for words in several}
    meant[Writer.CALLER, "0"] = Meaning.TAKEN_BACK
    assert {words for _, words in meant} == {each for texts in TOPICS["texts"].texts.values() for each in texts}
    assert {key: understand(key[1], key[0]).meaning for key in meant} == meant


def test_every_button_that_a_step_names_stands_on_a_page_under_that_name() -> None:
    pages = "".join(
        path.read_text()
        for package in ("groups", "joint_defense")
        for path in (ROOT / package).rglob("*")
        if path.suffix in {".html", ".py"} and "help" not in path.parts
    )
    named = {
        label._args[0]
        for topic in TOPICS.values()
        for step in topic.steps
        for label in step._kwargs.values()
        if isinstance(label, LazyString)
    }
    assert len(named) > 12
    assert {label for label in named if f'_("{label}")' not in pages and f'_l("{label}")' not in pages} == set()


def test_a_page_leads_to_its_own_topic(signed_in: SignedIn) -> None:
    head = signed_in(AccountRole.VILLAGE_HEAD)
    for page, topic in (
        ("/villages/QX/households/new", "/help/household"),
        ("/villages/QX/drills", "/help/drill"),
        ("/villages/QX/directory", "/help/directory"),
        ("/incidents", "/help/incident"),
        ("/account", "/help"),
    ):
        assert f'class="page-help" href="{topic}"' in head.get(page).text, page


def test_every_place_of_a_topic_is_a_page(web: Flask) -> None:
    known = {*web.view_functions, *web.blueprints}
    assert {place for topic in TOPICS.values() for place in topic.places} <= known
    assert find_topic_of("static") is None


@pytest.mark.parametrize("paper", ["a4", "a5"])
def test_a_leaflet_has_a_sheet_a_topic_with_our_own_number(signed_in: SignedIn, paper: str) -> None:
    head = signed_in(AccountRole.VILLAGE_HEAD)
    answer = head.get(f"/help/villagers.pdf?paper={paper}")
    assert answer.mimetype == "application/pdf"
    sheets = [page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages]
    villagers = [topic for topic in TOPICS.values() if topic.readers is Readers.VILLAGERS]
    assert len(sheets) == len(villagers)
    number = head.client.application.extensions["settings"].twilio_from_number[0]
    own = number.removeprefix("+86") if number.startswith("+861") else number.replace("+86", "0")
    for sheet in sheets:
        assert own in sheet.replace("\n", "")
    assert len(PdfReader(io.BytesIO(head.get(f"/help/incident.pdf?paper={paper}").data)).pages) == 1
    assert head.get("/help/call.pdf?paper=a0").status_code == 400
