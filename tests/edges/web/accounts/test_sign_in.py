from __future__ import annotations

import re
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import update

from config.database import Database, read_clock
from groups.accounts.accounts import find_candidate, settle_sign_in
from groups.accounts.passwords import NOBODYS
from groups.accounts.tries import GUESSES, LOCK_OUT
from groups.models.accounts import WrongPasswords
from tests.conftest import MakeSettings
from tests.edges.web.conftest import PASSWORD, Visitor, open_app


def _wrong_words(text: str) -> str:
    found = re.search(r'id="wrong".*?<span>(.*?)</span>', text, re.DOTALL)
    assert found is not None
    return " ".join(found[1].split())


def test_the_right_password_signs_in_and_leads_to_the_first_page(visitor: Visitor) -> None:
    answer = visitor.sign_in("operator")

    assert (answer.status_code, answer.location) == (303, "/")
    assert visitor.get("/", follow_redirects=True).request.path == "/incidents"


@pytest.mark.parametrize(
    "login", ["13900001111", "139 0000 1111", "+86 139-0000-1111", "１３９００００１１１１", "village_head"]
)
def test_a_phone_number_signs_in_however_it_is_written(visitor: Visitor, login: str) -> None:
    visitor.sign_in(login)

    assert "墙下陶村" in visitor.get("/account").text


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(visitor: Visitor) -> None:
    wrong = visitor.sign_in("operator", "not the password")
    unknown = visitor.sign_in("nobody by this name", "not the password")

    assert wrong.status_code == unknown.status_code == 422
    assert _wrong_words(wrong.text) == _wrong_words(unknown.text)
    assert "operator" in wrong.text, "the name need not be typed again"
    assert visitor.get("/account").status_code == 303


def test_where_there_is_no_account_a_hash_as_slow_as_any_is_compared(store: Database) -> None:
    with store.begin() as session:
        candidate = find_candidate(session, "nobody by this name", read_clock(session), "CN", "574")

    assert candidate.password_hash == NOBODYS
    assert not PasswordHasher().check_needs_rehash(NOBODYS)


@pytest.mark.parametrize("login", ["operator", "nobody by this name"])
def test_five_wrong_passwords_lock_the_name_and_say_until_when(visitor: Visitor, store: Database, login: str) -> None:
    for _ in range(GUESSES):
        answer = visitor.sign_in(login, "not the password")
    with store.begin() as session:
        until = read_clock(session) + LOCK_OUT

    assert re.search(r"\d\d:\d\d:\d\d", _wrong_words(answer.text))
    refused = visitor.sign_in(login, PASSWORD)
    assert refused.status_code == 422
    shown = re.search(r'datetime="([^"]+)"', _wrong_words(refused.text))
    assert shown is not None
    assert abs((until - until.fromisoformat(shown[1])).total_seconds()) < 30


def test_after_the_lock_out_the_right_password_signs_in_again(visitor: Visitor, store: Database) -> None:
    for _ in range(GUESSES):
        visitor.sign_in("operator", "not the password")
    with store.begin() as session:
        session.execute(update(WrongPasswords).values(locked_until=read_clock(session) - timedelta(seconds=1)))

    assert visitor.sign_in("operator").status_code == 303


def test_the_right_password_forgets_the_wrong_ones(visitor: Visitor) -> None:
    for _ in range(2):
        for _ in range(GUESSES - 1):
            visitor.sign_in("operator", "not the password")
        assert visitor.sign_in("operator").status_code == 303
        visitor.post("/sign-out")


def test_guesses_made_at_the_same_instant_count_one_by_one(store: Database) -> None:
    with store.begin() as session:
        now = read_clock(session)
        guesses = [find_candidate(session, "operator", now, "CN", "574") for _ in range(GUESSES + 1)]
    for guess in guesses[:GUESSES]:
        with store.begin() as session:
            settle_sign_in(session, guess, matched=False, browser="", now=now)
    with store.begin() as session:
        lucky = settle_sign_in(session, guesses[-1], matched=True, browser="", now=now)

    assert (lucky.token, lucky.locked_until) == (None, now + LOCK_OUT)


def test_too_many_tries_from_one_address_are_refused_in_words(visitor: Visitor) -> None:
    answers = [visitor.post("/sign-in", {"login": "x"}, of="/sign-in") for _ in range(21)]

    assert {answer.status_code for answer in answers[:20]} == {422}
    assert answers[20].status_code == 429
    assert "尝试次数太多" in answers[20].text


def test_tries_are_counted_and_people_sign_in_while_redis_is_down(settings: MakeSettings) -> None:
    app = open_app(settings(redis_url="redis://127.0.0.1:9"))
    visitor = Visitor(app.test_client())

    assert visitor.sign_in("operator").status_code == 303
    visitor.post("/sign-out")
    # A browser that has signed in is counted by itself from then on.
    answers = [visitor.post("/sign-in", {"login": "x"}, of="/sign-in") for _ in range(21)]
    assert answers[-1].status_code == 429
    app.extensions["runtime"].close()


def test_after_sign_in_one_goes_on_where_one_wanted_to(visitor: Visitor) -> None:
    asked = visitor.get("/incidents?month=2026-01")

    assert asked.status_code == 303
    assert asked.location == "/sign-in?next=/incidents?month%3D2026-01"
    assert visitor.sign_in("operator", next="/incidents?month=2026-01").location == "/incidents?month=2026-01"


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"])
def test_sign_in_never_leads_to_another_site(visitor: Visitor, elsewhere: str) -> None:
    assert visitor.sign_in("operator", next=elsewhere).location == "/"


def test_a_form_that_is_not_of_our_page_signs_nobody_in(visitor: Visitor) -> None:
    answer = visitor.client.post("/sign-in", data={"login": "operator", "password": PASSWORD})

    assert answer.status_code == 400
    assert visitor.get("/account").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(visitor: Visitor) -> None:
    cookies = visitor.sign_in("operator").headers.getlist("Set-Cookie")

    assert {cookie.partition("=")[0] for cookie in cookies} == {"joint-defence", "known-browser"}
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


def test_over_tls_the_cookie_is_bound_to_it_and_to_this_host(settings: MakeSettings) -> None:
    app = open_app(settings(public_base_url="https://lianfang.example"))
    visitor = Visitor(app.test_client())
    page = visitor.get("/sign-in", base_url="https://lianfang.example")

    assert page.headers["Set-Cookie"].startswith("__Host-joint-defence=")
    assert "Secure" in page.headers["Set-Cookie"]
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    app.extensions["runtime"].close()


def test_whoever_is_signed_in_already_is_not_asked_again(operator: Visitor) -> None:
    assert operator.get("/sign-in").location == "/"


def test_a_broken_database_is_answered_with_a_page_that_needs_none(web: Flask, operator: Visitor) -> None:
    web.extensions["database"].engine.dispose()
    web.config["PROPAGATE_EXCEPTIONS"] = False

    class Gone:
        def begin(self) -> None:
            raise OSError("the disk is gone")

    web.extensions["database"] = Gone()
    answer = operator.get("/account")

    assert answer.status_code == 500
    assert "系统出了故障" in answer.text
