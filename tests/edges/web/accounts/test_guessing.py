"""Guessing passwords: strangers' errors lock nobody out of their own browser, and every answer takes as long."""

from __future__ import annotations

import time

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from config.database import Database, read_clock
from groups.accounts.accounts import SignIn, find_candidate, settle_sign_in
from groups.accounts.invitations import UNSET
from groups.accounts.passwords import NOBODYS, matches
from groups.accounts.rules.passwords import Weakness, find_weakness
from groups.accounts.texted_codes import MOST_AN_HOUR
from groups.accounts.tries import GUESSES
from groups.models.accounts import Account, AccountRole, SignInCode
from tests.conftest import MakeSettings
from tests.edges.web.conftest import PASSWORD, SignedIn, Visitor, open_app


def test_who_has_signed_in_here_before_is_not_locked_out_by_others(web: Flask, visitor: Visitor) -> None:
    assert visitor.sign_in("operator").status_code == 303
    visitor.post("/sign-out")
    stranger = Visitor(web.test_client())
    for _ in range(GUESSES):
        refused = stranger.sign_in("operator", "not the password")
    assert "datetime=" in refused.text, "strangers are locked out"
    assert Visitor(web.test_client()).sign_in("operator").status_code == 422
    assert visitor.sign_in("operator").status_code == 303


def test_a_password_that_is_changed_while_the_old_one_is_compared_lets_nobody_in(web: Flask, store: Database) -> None:
    def settle(*, matched: bool) -> SignIn:
        with store.begin() as session:
            return settle_sign_in(session, candidate, matched=matched, browser="", now=read_clock(session))

    with store.begin() as session:
        candidate = find_candidate(session, "operator", read_clock(session), "CN", "574")
    assert settle(matched=False).token is None
    assert settle(matched=True).token is not None
    with store.begin() as session:
        session.execute(update(Account).where(Account.id == candidate.account_id).values(password_hash=UNSET))
    assert settle(matched=True).token is None


def test_a_known_browser_has_its_own_five_tries_and_no_others_account(web: Flask, visitor: Visitor) -> None:
    visitor.sign_in("operator")
    visitor.post("/sign-out")
    for _ in range(GUESSES):
        visitor.sign_in("operator", "not the password")
    assert visitor.sign_in("operator").status_code == 422
    assert Visitor(web.test_client()).sign_in("operator").status_code == 303
    stranger = Visitor(web.test_client())
    for _ in range(GUESSES):
        stranger.sign_in("liaison", "not the password")
    assert visitor.sign_in("liaison").status_code == 422, "it is known to the operator's account alone"


def test_a_known_browser_is_not_stopped_by_the_guesses_of_its_address(web: Flask, visitor: Visitor) -> None:
    visitor.sign_in("operator")
    visitor.post("/sign-out")
    stranger = Visitor(web.test_client())
    answers = [stranger.post("/sign-in", {"login": "x"}, of="/sign-in") for _ in range(21)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 60
    assert visitor.sign_in("operator").status_code == 303


@pytest.mark.parametrize(("proxies", "apart"), [(0, False), (1, True)])
def test_addresses_behind_our_proxy_are_told_apart_where_it_is_trusted(
    settings: MakeSettings, proxies: int, apart: bool
) -> None:
    app = open_app(settings(trusted_proxies=proxies))
    visitor = Visitor(app.test_client())
    for number in range(21):
        # What a stranger claims stands before what the proxy has written.
        visitor.client.environ_base["HTTP_X_FORWARDED_FOR"] = f"203.0.113.{number}, 198.51.100.7"
        answer = visitor.post("/sign-in", {"login": "x"}, of="/sign-in")
    assert answer.status_code == 429
    visitor.client.environ_base["HTTP_X_FORWARDED_FOR"] = "198.51.100.8"
    assert (visitor.post("/sign-in", {"login": "x"}, of="/sign-in").status_code != 429) is apart
    app.extensions["runtime"].close()


def test_an_account_without_a_password_takes_as_long_as_any(store: Database) -> None:
    def seconds(password_hash: str) -> float:
        begun = time.thread_time()
        assert not matches(password_hash, PASSWORD)
        return time.thread_time() - begun

    with store.begin() as session:
        session.execute(update(Account).values(password_hash=UNSET).where(Account.name == "operator"))
        unset = session.scalars(select(Account.password_hash).where(Account.name == "operator")).one()
    assert seconds(unset) > 0.5 * min(seconds(NOBODYS), seconds(NOBODYS))


@pytest.mark.parametrize(
    "password",
    [
        "13900001111",
        "139 0000 1111",
        "+86-139-0000-1111",
        "0086 13900001111",
        "１３９００００１１１１",
        "139.0000.1111!",
        "3900001111",
    ],
)
def test_ones_own_number_is_no_password_however_it_is_written(password: str) -> None:
    assert find_weakness(password, ("王村长", "+8613900001111")) is Weakness.NAMES_ITS_OWNER


def test_a_long_sentence_with_a_number_in_it_may_be_a_password() -> None:
    assert find_weakness("camphor 13900001111 trees", ("王村长", "+8613900001111")) is None


def _ask_for_codes(visitor: Visitor, store: Database, times: int, address: str = "127.0.0.1") -> int:
    """How many of them are going to be sent."""
    count = select(func.count(SignInCode.id)).where(SignInCode.account_id.is_not(None))
    with store.begin(reads=True) as session:
        before = session.scalar(count) or 0
    visitor.client.environ_base["REMOTE_ADDR"] = address
    for _ in range(times):
        asked = visitor.post("/sign-in/text", {"login": "village_head"}, of="/sign-in/text")
        assert (asked.status_code, asked.location) == (303, "/sign-in/text/code")
    with store.begin(reads=True) as session:
        return (session.scalar(count) or 0) - before


def test_a_stranger_who_asks_for_codes_keeps_nobody_else_from_one(
    web: Flask, store: Database, signed_in: SignedIn
) -> None:
    own, stranger, third = signed_in(AccountRole.VILLAGE_HEAD), Visitor(web.test_client()), Visitor(web.test_client())
    own.post("/sign-out")
    assert _ask_for_codes(stranger, store, 5, "203.0.113.7") == MOST_AN_HOUR
    assert _ask_for_codes(third, store, 1, "198.51.100.1") == 1, "a new phone of the head, at another address"
    # Whoever has an IPv6 address has as many of them as there are; their network is one.
    assert [_ask_for_codes(Visitor(web.test_client()), store, 2, f"2001:db8::{at}") for at in (1, 2, 3)] == [2, 0, 0]
    assert _ask_for_codes(third, store, 1, "198.51.100.1") == 0, "all strangers together have had enough"
    assert _ask_for_codes(own, store, 4, "203.0.113.7") == MOST_AN_HOUR, "the browser that is known has its own"
