"""The second factor as its owner meets it: set up, asked for, used once, lost, required, taken away."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select, update

from config.database import Database, read_clock
from config.settings import ROLES
from groups.accounts.second_factor import RECOVERY_CODES
from groups.accounts.tries import GUESSES
from groups.models.accounts import AccountRole, WrongPasswords
from groups.models.second_factor import RecoveryCode, SecondFactor
from tests.conftest import MakeSettings, fresh_database
from tests.edges.web.conftest import PASSWORD, SignedIn, Visitor, open_app

PAGE = "/account/second-factor"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both: codes are taken under a lock."""
    return fresh_database(request)


def _code(store: Database, *, steps: int = 1) -> str:
    """What the app of the one account that has a secret shows, so many steps of 30 seconds from now.

    A step ahead is taken still, and is later than the one it was set up with: no boundary matters to these tests.
    """
    with store.begin() as session:
        secret = session.scalars(select(SecondFactor.secret)).one()
        return pyotp.TOTP(secret).at(read_clock(session) + timedelta(seconds=30 * steps))


def _set_up(visitor: Visitor, store: Database) -> list[str]:
    """Switch it on for whoever is signed in; the recovery codes."""
    visitor.post(PAGE)
    shown = visitor.post(f"{PAGE}/confirm", {"code": _code(store, steps=0)}, of=PAGE)
    return re.findall(r'<span class="code">([a-z0-9-]{19})</span>', shown.text)


def test_it_is_set_up_with_a_qr_code_or_a_typed_key_and_asked_for_from_then_on(
    web: Flask, signed_in: SignedIn, store: Database
) -> None:
    owner, elsewhere = signed_in(AccountRole.ADMIN), signed_in(AccountRole.ADMIN)
    owner.post(PAGE)
    page = owner.get(PAGE)
    with store.begin() as session:
        secret = session.scalars(select(SecondFactor.secret)).one()
    assert secret in re.sub(r"\s", "", page.text)
    assert "<svg" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert signed_in(AccountRole.ADMIN).get("/account").status_code == 200, "before it is confirmed it is not asked for"
    assert owner.post(f"{PAGE}/confirm", {"code": "000000"}, of=PAGE).status_code == 422

    codes = _set_up(owner, store)
    assert len(set(codes)) == RECOVERY_CODES
    assert codes[0] not in owner.get(PAGE).text, "they are shown once"
    assert secret not in re.sub(r"\s", "", owner.get(PAGE).text)
    assert elsewhere.get("/account").status_code == 303, "all other browsers are signed out"
    with store.begin() as session:
        kept = "".join(session.scalars(select(RecoveryCode.code_digest)))
    assert not any(code.replace("-", "") in kept for code in codes)

    visitor = Visitor(web.test_client())
    half_way = visitor.sign_in("admin", next="/accounts")
    assert half_way.location == "/sign-in/code?next=/accounts"
    assert visitor.get("/accounts").status_code == 303, "the password alone signs nobody in"
    code = _code(store)
    done = visitor.post("/sign-in/code", {"code": f"{code[:3]} {code[3:]}", "next": "/accounts"}, of="/sign-in/code")
    assert (done.status_code, done.location) == (303, "/accounts")
    assert visitor.get("/accounts").status_code == 200


def test_no_code_is_taken_twice_and_no_earlier_one_after_it(web: Flask, signed_in: SignedIn, store: Database) -> None:
    _set_up(signed_in(AccountRole.OPERATOR), store)
    code, earlier = _code(store), _code(store, steps=0)
    first, second = Visitor(web.test_client()), Visitor(web.test_client())
    for visitor in (first, second):
        visitor.sign_in("operator")
    assert first.post("/sign-in/code", {"code": code}, of="/sign-in/code").status_code == 303
    for used in (code, earlier):
        assert second.post("/sign-in/code", {"code": used}, of="/sign-in/code").status_code == 422
    assert second.get("/account").status_code == 303


def test_five_wrong_codes_lock_the_code_and_the_password_does_not_end_that(
    web: Flask, signed_in: SignedIn, store: Database
) -> None:
    _set_up(signed_in(AccountRole.LIAISON), store)
    visitor = Visitor(web.test_client())
    visitor.sign_in("liaison")
    answers = [visitor.post("/sign-in/code", {"code": "000000"}, of="/sign-in/code") for _ in range(GUESSES)]
    assert {answer.status_code for answer in answers} == {422}
    visitor.sign_in("liaison")
    assert visitor.post("/sign-in/code", {"code": _code(store)}, of="/sign-in/code").status_code == 422
    assert visitor.get("/account").status_code == 303
    with store.begin() as session:
        session.execute(update(WrongPasswords).values(locked_until=read_clock(session) - timedelta(seconds=1)))
    assert visitor.post("/sign-in/code", {"code": _code(store)}, of="/sign-in/code").status_code == 303


def test_a_recovery_code_signs_in_once(web: Flask, signed_in: SignedIn, store: Database) -> None:
    codes = _set_up(signed_in(AccountRole.ADMIN), store)
    visitor = Visitor(web.test_client())
    visitor.speak_english()
    visitor.sign_in("admin")
    typed = codes[0].replace("-", " ").upper()
    assert visitor.post("/sign-in/code", {"code": typed}, of="/sign-in/code").status_code == 303
    assert f"{RECOVERY_CODES - 1} are left" in visitor.get(PAGE).text
    again = Visitor(web.test_client())
    again.sign_in("admin")
    assert again.post("/sign-in/code", {"code": codes[0]}, of="/sign-in/code").status_code == 422
    renewed = visitor.post(f"{PAGE}/recovery-codes", {"password": PASSWORD}, of=PAGE)
    assert codes[1] not in renewed.text
    assert again.post("/sign-in/code", {"code": codes[1]}, of="/sign-in/code").status_code == 422


def test_a_half_sign_in_ends_with_the_password_it_was_made_with_and_with_time(
    web: Flask, signed_in: SignedIn, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = signed_in(AccountRole.ADMIN)
    _set_up(owner, store)
    visitor, slow = Visitor(web.test_client()), Visitor(web.test_client())
    visitor.sign_in("admin")
    slow.sign_in("admin")
    monkeypatch.setattr("groups.accounts.accounts.HALF_LIFE", 0)
    late = slow.post("/sign-in/code", {"code": _code(store)}, of="/sign-in/code")
    assert (late.status_code, late.location) == (303, "/sign-in")
    monkeypatch.undo()
    owner.post("/account/password", {"old": PASSWORD, "new": "another seven camphor trees"})
    assert visitor.post("/sign-in/code", {"code": _code(store)}, of="/sign-in/code").location == "/sign-in"
    assert visitor.get("/account").status_code == 303


def test_its_owner_switches_it_off_with_the_password(web: Flask, signed_in: SignedIn, store: Database) -> None:
    owner = signed_in(AccountRole.ADMIN)
    _set_up(owner, store)
    assert owner.post(f"{PAGE}/off", {"password": "not the password"}, of=PAGE).status_code == 422
    assert Visitor(web.test_client()).sign_in("admin").location == "/sign-in/code"
    assert owner.post(f"{PAGE}/off", {"password": PASSWORD}, of=PAGE).status_code == 303
    assert Visitor(web.test_client()).sign_in("admin").location == "/"
    with store.begin() as session:
        assert session.scalars(select(RecoveryCode.id)).all() == []


def test_a_role_that_has_to_have_it_sees_nothing_before(settings: MakeSettings) -> None:
    web = open_app(settings(second_factor_roles="admin,operator"))
    store: Database = web.extensions["database"]
    admin, liaison = Visitor(web.test_client()), Visitor(web.test_client())
    admin.sign_in("admin")
    liaison.sign_in("liaison")
    assert liaison.get("/account").status_code == 200
    for path in ("/", "/accounts", "/account", "/incidents"):
        assert admin.get(path).location == PAGE, path
    asked = admin.get("/incidents", headers={"HX-Request": "true"})
    assert (asked.status_code, asked.headers["HX-Redirect"]) == (401, PAGE)
    assert admin.get(PAGE).status_code == 200
    assert _set_up(admin, store)
    assert admin.get("/accounts").status_code == 200
    web.extensions["runtime"].close()


def test_a_code_from_the_administrator_sets_the_password_and_does_not_stand_in_for_the_second_factor(
    web: Flask, signed_in: SignedIn, store: Database
) -> None:
    admin = signed_in(AccountRole.ADMIN)
    _set_up(signed_in(AccountRole.OPERATOR), store)
    with store.begin() as session:
        account_id = session.scalars(select(SecondFactor.account_id)).one()
    page = admin.post(f"/accounts/{account_id}/invite", of="/accounts")
    handed = re.search(r'class="code">([a-z0-9-]+)<', page.text)
    assert handed is not None
    visitor = Visitor(web.test_client())
    form = {"code": handed[1], "new": "nine camphor trees"}
    assert visitor.post("/first-sign-in", form, of="/first-sign-in").location == "/sign-in/code?next=/"
    assert visitor.get("/account").status_code == 303
    assert visitor.post("/sign-in/code", {"code": _code(store)}, of="/sign-in/code").status_code == 303


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_takes_it_away(web: Flask, signed_in: SignedIn, store: Database) -> None:
    owner = signed_in(AccountRole.OPERATOR)
    _set_up(owner, store)
    command = ["accounts", "reset-second-factor", "operator"]
    assert web.test_cli_runner().invoke(args=command).exit_code == 0
    assert owner.get("/account").status_code == 303
    assert Visitor(web.test_client()).sign_in("operator").location == "/"
    assert "operator" in web.test_cli_runner().invoke(args=command).output


def test_the_setting_knows_every_role() -> None:
    assert {role.value for role in AccountRole} == ROLES
