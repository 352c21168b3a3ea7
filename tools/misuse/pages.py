"""Every page and form of ours, described as an API and handed to schemathesis, by a role.

Schemathesis is no part of the lock: it is brought in an environment of its own (`python -m venv V && V/bin/pip install
schemathesis`). The demo town stands on PostgreSQL; web, worker, bulk, clock and Redis are real, the carrier takes all.
What a page's forms and links send is read from the pages themselves, as that role sees them; the platform's API by its
own description. Told is what failed, what took longer than a second, and what answered otherwise than a page may.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from app import create_app
from config.database import Database, read_clock
from groups.accounts.accounts import create_account
from groups.accounts.api_clients import Scope, create_client
from groups.accounts.passwords import hash_password
from groups.commands.demo.load import load_demo
from groups.models.accounts import AccountRole
from groups.models.roster import Village
from tests.edges.web.scenes import full_scene
from tools.bench.service import Service
from tools.misuse.uploads import PASSWORD, Head

API = "api"
PLATFORM = "platform's API"
VILLAGE = "MISUSE"
MOST_PAGES = 150
LEFT_OUT = re.compile(
    r"/(voice|sms|status|static|readyz|metrics|api/|sign-out|account/|accounts/<int:account_id>/(sign-out|close))"
)
"""The carrier's, the platform's, files of ours, what says 503 while no worker runs, what ends the sign-in used here."""
ANSWERS = ("200", "302", "303", "308", "400", "403", "404", "405", "409", "413", "415", "422", "429", "431")
"""What a page may answer."""
_DEAF = ("submit", "button", "reset", "image")


@dataclass
class Form:
    """A form or the query of links: its method, its action, and each field's values as they stood on pages."""

    method: str
    action: str
    fields: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    files: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    """The forms and links of a page."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address, self._select = address, ""
        self._form: Form | None = None
        self.forms: list[Form] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"])
        if tag == "form":
            self._form = Form(given.get("method", "get").upper(), given.get("action") or self._address)
            self.forms.append(self._form)
        elif self._form is not None and tag in {"input", "select", "textarea", "button"} and given.get("name"):
            self._select = given["name"]
            if given.get("type") == "file":
                self._form.files.add(self._select)
            elif given.get("type") not in _DEAF or given.get("value"):
                self._form.fields[self._select].add(given.get("value", ""))
        elif self._form is not None and tag == "option":
            self._form.fields[self._select].add(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


class Described:
    """The pages that a role has walked through, as a description that schemathesis reads."""

    def __init__(self, app: Flask) -> None:
        self._bound = app.url_map.bind("127.0.0.1")
        self._rules = [rule for rule in app.url_map.iter_rules() if not LEFT_OUT.match(str(rule))]
        self.parts: dict[str, set[str]] = defaultdict(set)
        """What stood at a place of an address, by its name there."""
        self._queries: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._forms: dict[str, Form] = {}

    def find(self, address: str, method: str) -> Rule | None:
        """The rule of an address; what its places held is kept. None: none, or one that is left out."""
        try:
            rule, given = self._bound.match(urlsplit(address).path, method=method, return_rule=True)
        except HTTPException:
            return None
        if rule not in self._rules:
            return None
        for name, value in given.items():
            self.parts[name].add(str(value))
        return rule

    def add_link(self, address: str) -> Rule | None:
        """Keep what a link asks for."""
        if rule := self.find(address, "GET"):
            for name, value in parse_qsl(urlsplit(address).query, keep_blank_values=True):
                self._queries[str(rule)][name].add(value)
        return rule

    def add_form(self, form: Form) -> None:
        """Keep what a form sends."""
        if (rule := self.find(form.action, form.method)) is None:
            return
        if form.method == "GET":
            for name, values in form.fields.items():
                self._queries[str(rule)][name] |= values
            return
        kept = self._forms.setdefault(str(rule), Form("POST", str(rule)))
        kept.files |= form.files
        for name, values in form.fields.items():
            if name != "csrf_token":
                kept.fields[name] |= values

    def as_document(self, server: str) -> dict[str, Any]:
        """The description in OpenAPI: every rule, whether the walk came by or not."""
        paths: dict[str, Any] = {}
        for rule in self._rules:
            parts = re.findall(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>", str(rule))
            path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", str(rule))
            places = [self._describe_place(kind, name) for kind, name in parts]
            for method in (rule.methods or set()) & {"GET", "POST"}:
                paths.setdefault(path, {})[method.lower()] = self._describe(str(rule), method, places)
        return {
            "openapi": "3.1.0",
            "info": {"title": "pages", "version": "1"},
            "servers": [{"url": server}],
            "paths": paths,
        }

    def _describe_place(self, kind: str, name: str) -> dict[str, Any]:
        known = sorted(self.parts[name])[:40]
        free: dict[str, Any] = {"type": "integer"} if kind == "int" else {"type": "string", "minLength": 1}
        seen = [int(value) for value in known] if kind == "int" else known
        # Twice: most of what is asked is to reach the page, and not to be sent away at its door.
        kinds = [{"enum": seen}, {"enum": seen}, free] if seen else [free]
        return {"name": name, "in": "path", "required": True, "schema": {"anyOf": kinds}}

    def _describe(self, rule: str, method: str, places: list[dict[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {
            "parameters": list(places),
            "responses": {each: {"description": ""} for each in ANSWERS},
        }
        if method == "GET":
            found["parameters"] += [
                {"name": name, "in": "query", "required": False, "schema": _describe_values(values)}
                for name, values in sorted(self._queries[rule].items())
            ]
        elif form := self._forms.get(rule):
            fields: dict[str, Any] = {name: _describe_values(values) for name, values in sorted(form.fields.items())}
            fields |= {name: {"type": "string", "format": "binary"} for name in form.files}
            kind = "multipart/form-data" if form.files else "application/x-www-form-urlencoded"
            schema = {"type": "object", "properties": fields, "required": sorted(fields), "additionalProperties": False}
            found["requestBody"] = {"required": True, "content": {kind: {"schema": schema}}}
        return found


def _describe_values(values: set[str]) -> dict[str, Any]:
    seen = sorted(values)[:40]
    return {"anyOf": [{"enum": seen}, {"enum": seen}, {"type": "string", "maxLength": 3000}]}


def play(role: str, seconds: int, program: Path, report: Path | None) -> int:
    """Have schemathesis ask everything as this role for so long; what it ends with, 1 where the sign-in was lost."""
    with Service() as service, tempfile.TemporaryDirectory(prefix="jd-pages-") as home:
        database = Database(service.settings.database_url).patient()
        token = _settle(database)
        given = [f"Authorization: Bearer {token}"]
        address = service.settings.public_base_url
        where, checks = f"{address}/api/v1/openapi.json", "all"
        if role != API:
            head = Head(address, role)
            description = _walk(head, create_app(service.settings), address, database)
            kept = Path(home, "pages.json")
            kept.write_text(json.dumps(description, ensure_ascii=False))
            where, checks = str(kept), "not_a_server_error,status_code_conformance"
            head.ask("/account")
            found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', head.page)
            assert found is not None
            given = [f"Cookie: {head.cookies}", f"X-CSRFToken: {found[1]}", "Accept: text/html"]
        command = [str(program), "run", where, "--url", address, "--checks", checks, "--max-response-time", "1"]
        command += ["--max-time", str(seconds), "--continue-on-failure", "--phases", "coverage,fuzzing"]
        command += ["--suppress-health-check", "all", "--request-timeout", "60", "--warnings", "off"]
        command += [word for each in given for word in ("--header", each)]
        if report is not None:
            command += ["--report", "ndjson", "--report-ndjson-path", str(report)]
        came_to = subprocess.run(command, cwd=home, check=False).returncode
        if role != API:
            head.ask("/account")
            if 'name="csrf_token"' not in head.page or "/sign-out" not in head.page:
                print("the sign-in was lost on the way: what came after reached no page")
                return 1
        database.close()
    return came_to


def _settle(database: Database) -> str:
    """The demo town, one more village with an alarm that is open, an account of each role; the platform's token."""
    with database.begin() as session:
        load_demo(session, carrier_is_simulator=True)
        session.add(Village(code=VILLAGE, name="试验村", name_en="Trial"))
        session.flush()
        full_scene(session, VILLAGE, read_clock(session) - timedelta(seconds=100))
        for role in AccountRole:
            code = VILLAGE if role is AccountRole.VILLAGE_HEAD else None
            create_account(session, role.value, role, hash_password(PASSWORD), read_clock(session), village_code=code)
        return create_client(session, PLATFORM, [*Scope], 6000, "misuse", read_clock(session))[1]


def _walk(head: Head, app: Flask, address: str, database: Database) -> dict[str, Any]:
    """Go through the pages from where the role begins, one of each kind first."""
    with app.app_context():
        described = Described(app)
    waiting, walked = ["/", f"/villages/{VILLAGE}"], set[str]()
    kinds = set[tuple[str, tuple[str, ...]]]()
    with database.begin(reads=True) as session:
        described.parts["code"] |= {VILLAGE, *session.scalars(select(Village.code).limit(2))}
    while waiting and len(walked) < MOST_PAGES:
        page = waiting.pop(0)
        rule = described.add_link(page)
        kind = (str(rule), tuple(sorted(name for name, _ in parse_qsl(urlsplit(page).query))))
        if page in walked or rule is None or (kind in kinds and VILLAGE not in page):
            continue
        walked.add(page)
        kinds.add(kind)
        reader = _Reader(head.ask(page).removeprefix(address))
        reader.feed(head.page)
        for form in reader.forms:
            described.add_form(form)
        for link in reader.links:
            described.add_link(link)
        waiting += reader.links
    print(f"{len(walked)} pages walked through", flush=True)
    return described.as_document(address)
