"""The application as a browser meets it, with an account of every role."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from http.cookies import SimpleCookie
from typing import Any

import flask
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import create_app
from config.database import Database, read_clock
from config.services import DATABASE
from config.settings import Settings
from groups.accounts.accounts import admit, create_account
from groups.models.accounts import Account, AccountRole
from groups.models.roster import Village
from groups.web.accounts.sign_in import admit_browser
from tests.conftest import MakeSettings, fresh_database

PASSWORD = "seven camphor trees"
VILLAGE = "QX"
OTHER_VILLAGE = "SJ"
PHONE = "+8613900001111"


@pytest.fixture(params=["postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """As a town has it; that SQLite serves every page too, test_everything_on_sqlite holds."""
    return fresh_database(request)


@cache
def password_hash() -> str:
    """The hash says itself how dear it is to verify: this one costs nothing, and a page does not notice."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def open_app(settings: Settings) -> Flask:
    """The app over a database with two villages and an account of each role, named as the role."""
    app = create_app(settings)
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

    def admit(self, login: str) -> None:
        """Sign in without the page, for whoever is about other pages: the session and the cookies are the same."""
        app = self.client.application
        with app.test_request_context():
            with DATABASE.of(app).begin() as session:
                account = session.scalars(select(Account).where(Account.name == login)).one()
                outcome = admit(session, account.id, account.password_hash, "", read_clock(session), known=False)
            answer = app.make_response(admit_browser(outcome, None))
            app.session_interface.save_session(app, flask.session, answer)
        for line in answer.headers.getlist("Set-Cookie"):
            for name, kept in SimpleCookie(line).items():
                self.client.set_cookie(name, kept.value, path=kept["path"])

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
        visitor.admit(role.value)
        return visitor

    return sign_in


@pytest.fixture
def operator(signed_in: SignedIn) -> Visitor:
    """An operator's browser, signed in."""
    return signed_in(AccountRole.OPERATOR)
