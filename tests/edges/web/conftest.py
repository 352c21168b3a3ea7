"""The application as a browser meets it, with an account of every role."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from app import create_app
from config.database import Database, read_clock
from config.settings import Settings
from groups.accounts.accounts import create_account
from groups.models.accounts import AccountRole
from groups.models.roster import Village
from tests.conftest import MakeSettings, fresh_database

PASSWORD = "seven camphor trees"
VILLAGE = "QX"
OTHER_VILLAGE = "SJ"
PHONE = "+8613900001111"


@pytest.fixture(params=["postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """As a town has it; that SQLite serves every page too, test_everything_on_sqlite holds."""
    return fresh_database(request)


class _Compiled(BytecodeCache):
    """Templates are compiled once a worker, not once for every test's app."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


_TEMPLATES = _Compiled()


@cache
def password_hash() -> str:
    """The hash says itself how dear it is to verify: this one costs nothing, and a page does not notice."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def open_app(settings: Settings) -> Flask:
    """The app over a database with two villages and an account of each role, named as the role."""
    app = create_app(settings)
    app.jinja_env.bytecode_cache = _TEMPLATES
    database: Database = app.extensions["database"]
    with database.begin() as session:
        session.add_all(
            [
                Village(code=VILLAGE, name="墙下陶村", name_en="Qiangxiatao"),
                Village(code=OTHER_VILLAGE, name="四甲村", name_en="Sijia"),
            ]
        )
        session.flush()
        for role in AccountRole:
            code, phone = (VILLAGE, PHONE) if role is AccountRole.VILLAGE_HEAD else (None, None)
            create_account(
                session, role.value, role, password_hash(), read_clock(session), village_code=code, phone=phone
            )
    return app


@dataclass
class Visitor:
    """A browser without eyes. It sends a page's forms with the page's CSRF token."""

    client: FlaskClient

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.get(path, headers={"Accept": "text/html"} | kwargs.pop("headers", {}), **kwargs)

    def post(
        self, path: str, data: dict[str, Any] | None = None, *, of: str = "/account", **kwargs: Any
    ) -> TestResponse:
        """Send a form that stands on the page `of`."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(of, follow_redirects=True).text)
        assert token is not None, f"{of} has no form"
        form = {"csrf_token": token[1]} | (data or {})
        return self.client.post(path, data=form, headers={"Accept": "text/html"}, **kwargs)

    def sign_in(self, login: str, password: str = PASSWORD, **extra: str) -> TestResponse:
        return self.post("/sign-in", {"login": login, "password": password} | extra, of="/sign-in")

    def speak_english(self) -> None:
        self.client.set_cookie("language", "en")


@pytest.fixture
def web(settings: MakeSettings) -> Iterator[Flask]:
    app = open_app(settings())
    yield app
    app.extensions["runtime"].close()


@pytest.fixture
def store(web: Flask) -> Database:
    """The app's own database."""
    found: Database = web.extensions["database"]
    return found


@pytest.fixture
def visitor(web: Flask) -> Visitor:
    """A browser that nobody has signed in with."""
    return Visitor(web.test_client())


SignedIn = Callable[[AccountRole], Visitor]


@pytest.fixture
def signed_in(web: Flask) -> SignedIn:
    """A browser of somebody of this role."""

    def sign_in(role: AccountRole) -> Visitor:
        visitor = Visitor(web.test_client())
        assert visitor.sign_in(role.value).status_code == 303
        return visitor

    return sign_in


@pytest.fixture
def operator(signed_in: SignedIn) -> Visitor:
    """An operator's browser, signed in."""
    return signed_in(AccountRole.OPERATOR)
