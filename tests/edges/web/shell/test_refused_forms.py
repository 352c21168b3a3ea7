"""Every form of every page is sent with what nobody means: a refusal is summed up, placed, and loses no word."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groups.models.accounts import Account, AccountRole
from groups.web.shell.limits import Limits
from tests.edges.web.conftest import VILLAGE, SignedIn
from tests.edges.web.scenes import settle_with_all
from tests.edges.web.test_hostile_values import PARTS

WRONG = {"date": "0001-01-01", "month": "x", "number": "x", "tel": "12?", "password": "x"}
"""What is sent in fields of these types; in all others it is a link, which is no name, place or number."""
LEFT_OUT = re.compile(r"/(voice|sms|status|static|readyz|metrics|api|i/|sign-|first-sign-in|language)")
SUMMARY = re.compile(r'class="notice notice-danger mistakes".*?</ul>', re.DOTALL)


class _Forms(HTMLParser):
    """The forms of a page that are posted: where to, and what stands in them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str], set[str]]] = []
        self._open = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = of.get("method") == "post" and "multipart" not in of.get("enctype", "")
            if self._open:
                self.forms.append((of.get("action", ""), {}, set()))
        elif self._open and tag in {"input", "textarea"} and "name" in of:
            sent, typed = self.forms[-1][1:]
            kind = of.get("type", "text")
            if kind == "hidden" or "hidden" in of:
                sent[of["name"]] = of.get("value", "")
            elif kind not in {"checkbox", "radio", "file"}:
                sent[of["name"]] = WRONG.get(kind, "www.x.cn")
                # A one-time code is typed anew.
                typed |= {of["name"]} if kind not in {"password", "date", "month"} and of["name"] != "code" else set()
            elif "checked" in of:
                sent[of["name"]] = of.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"


def _find_faults(text: str, sent: dict[str, str], typed: set[str], before: str) -> list[str]:
    """What a refusal lacks."""
    summary = SUMMARY.search(text)
    if summary is None:
        return ["no summary"]
    faults = [] if "<title>出错" in text else ["title"]
    leads = re.findall(r'href="#([^"]+)"', summary[0])
    faults += [f"leads nowhere: {each}" for each in leads if f'id="{each}"' not in text.replace(summary[0], "")]
    if "aria-invalid" in text and not leads:
        faults.append("a field is marked, and the summary does not lead to it")
    if text.index(summary[0]) > text.index("<form", text.index("<main")):
        faults.append("below a form")
    lost = [name for name in typed if f'name="{name}"' in text and sent[name] not in _read_values(text, name)]
    return faults + [f"lost: {name}" for name in lost if before]


def _read_values(text: str, name: str) -> list[str]:
    fields = re.findall(rf'<input[^>]*name="{name}"[^>]*>', text)
    written = [found[1] for each in fields if (found := re.search(r'value="([^"]*)"', each))]
    return written + re.findall(rf'<textarea[^>]*name="{name}"[^>]*>([^<]*)', text)


@pytest.mark.timeout(120)
def test_a_form_that_is_refused_says_so_on_top_beside_the_field_and_in_the_title_and_keeps_what_was_typed(
    web: Flask, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limits, "check", lambda *_given: None)
    with web.extensions["database"].begin() as session:
        known: dict[str, Any] = settle_with_all(session, VILLAGE, theirs=False) | {
            "code": VILLAGE, "kind": "responders", "form": "csv", "deed": "consent", "topic": "texts", "key": "x",
            "account_id": session.scalars(select(Account.id).order_by(Account.id)).first(),
        }  # fmt: skip
    faults: dict[str, list[str]] = {}
    refused: set[str] = set()
    sent_to: set[tuple[str, ...]] = set()
    for role in (AccountRole.ADMIN, AccountRole.LIAISON):
        visitor = signed_in(role)
        for rule in list(web.url_map.iter_rules()):
            if LEFT_OUT.match(str(rule)) or "GET" not in (rule.methods or set()):
                continue
            address = PARTS.sub(lambda part: str(known.get(part[2], "x")), str(rule))
            page = visitor.get(address)
            if page.status_code != 200 or "text/html" not in page.content_type:
                continue
            for action, sent, typed in _Forms(page.text).forms:
                kind = (re.sub(r"\d+", "N", action or address), *sorted(sent))
                if not typed or kind in sent_to or LEFT_OUT.match(action):
                    continue
                sent_to.add(kind)
                answer = visitor.client.post(action or address, data=sent, headers={"Accept": "text/html"})
                if answer.status_code in {400, 409, 422}:
                    refused.add(kind[0])
                    if found := _find_faults(answer.text, sent, typed, page.text):
                        faults[f"{kind[0]} {answer.status_code}"] = found
    assert faults == {}
    assert len(refused) > 28, refused
