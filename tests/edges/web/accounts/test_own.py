from __future__ import annotations

import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import update

from config.database import Database, read_clock
from groups.accounts.accounts import close_account, find_account
from groups.models.accounts import AccountRole, AccountSession
from tests.edges.web.conftest import PASSWORD, SignedIn, Visitor

NEW = "three stone bridges"


def test_signing_out_ends_the_session_for_a_copied_cookie_too(web: Flask, operator: Visitor) -> None:
    copied = operator.client.get_cookie("joint-defence")
    assert copied is not None
    thief = Visitor(web.test_client())
    thief.client.set_cookie("joint-defence", copied.value)
    assert thief.get("/account").status_code == 200

    with operator.client.session_transaction() as kept:
        secrets = {each for each in kept.values() if isinstance(each, str)}
    assert secrets

    assert operator.post("/sign-out").location == "/sign-in"
    with operator.client.session_transaction() as kept:
        assert secrets.isdisjoint(kept.values()), "nothing of it stays in the browser"

    assert thief.get("/account").status_code == 303
    assert operator.get("/account").status_code == 303


def test_one_other_browser_can_be_signed_out(operator: Visitor, signed_in: SignedIn) -> None:
    lost, kept = signed_in(AccountRole.OPERATOR), signed_in(AccountRole.OPERATOR)
    # The newest stands first after one's own; the lost phone is the older of the two.
    others = [int(each) for each in re.findall(r'name="session" value="(\d+)"', operator.get("/account").text)]

    operator.post("/account/sessions/revoke", {"session": min(others)})

    assert [visitor.get("/account").status_code for visitor in (operator, lost, kept)] == [200, 303, 200]


def test_all_other_browsers_can_be_signed_out_at_once(operator: Visitor, signed_in: SignedIn) -> None:
    others = [signed_in(AccountRole.OPERATOR) for _ in range(2)]

    page = operator.post("/account/sessions/revoke", follow_redirects=True)

    assert "已退出 2 个浏览器" in page.text
    assert [visitor.get("/account").status_code for visitor in (operator, *others)] == [200, 303, 303]


def test_nobody_signs_out_the_browsers_of_somebody_else(operator: Visitor, signed_in: SignedIn) -> None:
    admin = signed_in(AccountRole.ADMIN)
    for session_id in range(1, 5):
        operator.post("/account/sessions/revoke", {"session": session_id})

    assert admin.get("/account").status_code == 200


def test_changing_the_password_signs_out_all_others(operator: Visitor, signed_in: SignedIn, visitor: Visitor) -> None:
    other = signed_in(AccountRole.OPERATOR)

    page = operator.post("/account/password", {"old": PASSWORD, "new": NEW}, follow_redirects=True)

    assert "密码已修改" in page.text
    assert (operator.get("/account").status_code, other.get("/account").status_code) == (200, 303)
    assert visitor.sign_in("operator", PASSWORD).status_code == 422
    assert visitor.sign_in("operator", NEW).status_code == 303


def test_the_password_stays_where_the_present_one_is_wrong_or_the_new_one_weak(operator: Visitor) -> None:
    operator.speak_english()
    for old, new, words in (
        ("not it", NEW, "This is not your present password."),
        (PASSWORD, "short", "A password has at least 8 characters."),
        (PASSWORD, "12345678", "one of the first that anybody would try"),
        (PASSWORD, "operator1", "must not be your name"),
        (PASSWORD, "x" * 129, "A password has at most 128 characters."),
    ):
        answer = operator.post("/account/password", {"old": old, "new": new})
        assert answer.status_code == 422
        assert words in answer.text.replace("&#39;", "'")
    assert operator.post("/account/password", {"old": PASSWORD, "new": NEW}).status_code == 303


def test_a_session_ends_by_itself(operator: Visitor, store: Database) -> None:
    with store.begin() as session:
        session.execute(update(AccountSession).values(expires_at=read_clock(session) - timedelta(seconds=1)))

    assert operator.get("/account").status_code == 303


def test_a_closed_account_is_signed_out_and_stays_out(operator: Visitor, visitor: Visitor, store: Database) -> None:
    with store.begin() as session:
        close_account(session, find_account(session, "operator"), read_clock(session))

    assert operator.get("/account").status_code == 303
    assert visitor.sign_in("operator").status_code == 422


def test_last_seen_is_brought_up_to_date_now_and_then(operator: Visitor, store: Database) -> None:
    with store.begin() as session:
        long_ago = read_clock(session) - timedelta(hours=3)
        session.execute(update(AccountSession).values(last_seen_at=long_ago))

    operator.get("/account")

    with store.begin() as session:
        assert session.query(AccountSession).one().last_seen_at > long_ago + timedelta(hours=2)
