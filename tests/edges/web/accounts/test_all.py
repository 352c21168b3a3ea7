"""The accounts' pages and the first sign-in, on both databases."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select, update

from config.database import Database, read_clock
from groups.accounts.invitations import VALID_FOR
from groups.models.accounts import Account, AccountRole, Invitation
from groups.models.roster import Village
from groups.web.accounts.qr_code import draw_qr_code
from tests.edges.web.conftest import VILLAGE, SignedIn, Visitor

HEAD = {"name": "陈村长", "phone": "13905740077", "role": "village_head", "village": VILLAGE}
PASSWORD = "three old camphor trees"


@pytest.fixture
def admin(signed_in: SignedIn) -> Visitor:
    return signed_in(AccountRole.ADMIN)


def _code(page: str) -> str:
    found = re.search(r'class="code">([^<]+)<', page)
    assert found is not None
    return found[1]


def _first_sign_in(visitor: Visitor, code: str, password: str = PASSWORD) -> int:
    return visitor.post("/first-sign-in", {"code": code, "new": password}, of="/first-sign-in").status_code


def test_a_new_head_signs_in_with_the_code_once_and_by_phone_from_then_on(
    web: Flask, admin: Visitor, visitor: Visitor
) -> None:
    shown = admin.post("/accounts", HEAD, of="/accounts").text
    code = _code(shown)
    base = web.extensions["settings"].public_base_url
    assert draw_qr_code(f"{base}/first-sign-in#{code}") in shown, "behind the #: no address that a server sees has it"
    assert Visitor(web.test_client()).sign_in("13905740077", "!").status_code == 422, "no password yet"

    assert _first_sign_in(visitor, code, "12345678") == 422
    assert _first_sign_in(visitor, code.upper().replace("-", " ")) == 303
    assert visitor.get("/", follow_redirects=True).request.path == f"/villages/{VILLAGE}"
    other = Visitor(web.test_client())
    assert _first_sign_in(other, code) == 422, "used"
    assert other.sign_in("139 0574 0077", PASSWORD).status_code == 303


def test_a_code_is_void_after_three_days_and_after_a_newer_one(
    web: Flask, store: Database, admin: Visitor, visitor: Visitor
) -> None:
    first = _code(admin.post("/accounts", HEAD, of="/accounts").text)
    address = re.search(
        r'href="(/accounts/\d+)">打开<span class="visually-hidden"> 陈村长', admin.get("/accounts").text
    )
    assert address is not None
    second = _code(admin.post(f"{address[1]}/invite", of=address[1]).text)
    assert _first_sign_in(visitor, first) == 422
    with store.begin() as session:
        session.execute(update(Invitation).values(expires_at=read_clock(session)))
    assert _first_sign_in(visitor, second) == 422
    with store.begin() as session:
        kept = session.scalars(select(Invitation)).all()
        assert all(code.replace("-", "") not in str(vars(one)) for one in kept for code in (first, second))
        assert VALID_FOR.days == 3


def test_an_administrator_changes_signs_out_and_closes_an_account_and_the_audit_tells(
    admin: Visitor, visitor: Visitor
) -> None:
    code = _code(admin.post("/accounts", HEAD, of="/accounts").text)
    _first_sign_in(visitor, code)
    pages = re.findall(r'href="(/accounts/\d+)"', admin.get("/accounts").text)
    own = next(page for page in pages if "陈村长" in admin.get(page).text)
    admin.post(f"{own}/sign-out", of=own)
    assert visitor.get("/roster").status_code == 303
    assert visitor.sign_in("13905740077", PASSWORD).status_code == 303

    admin.post(own, HEAD | {"role": "liaison", "village": ""}, of=own)
    assert visitor.get("/villages").status_code == 303, "other rights: signed out"
    visitor.sign_in("13905740077", PASSWORD)
    assert visitor.get("/villages").status_code == 200

    asks = admin.get(f"{own}/close").text
    assert "停用陈村长的账号？" in asks
    admin.post(f"{own}/close", of=f"{own}/close")
    assert visitor.sign_in("13905740077", PASSWORD).status_code == 422
    # Closed by mistake: open again, with the password it had, unless somebody else is called so by now.
    admin.post("/accounts", HEAD, of="/accounts")
    taken = admin.post(f"{own}/reopen", of="/accounts")
    assert (taken.status_code, "已有账号" in taken.text) == (422, True)
    other = next(
        page
        for page in re.findall(r'href="(/accounts/\d+)"', admin.get("/accounts").text)
        if "陈村长" in admin.get(page).text
    )
    admin.post(f"{other}/close", of=f"{other}/close")
    assert admin.post(f"{own}/reopen", of="/accounts").status_code == 303
    assert visitor.sign_in("13905740077", PASSWORD).status_code == 303
    audit = admin.get("/audit").text
    for words in ("新建账号", "修改账号", "停用账号", "重新启用账号"):
        assert words in audit
    assert "argon2" not in audit
    assert "撤销" not in audit


def test_what_an_account_cannot_be_is_refused_in_words(admin: Visitor) -> None:
    for wrong, words in (
        (HEAD | {"village": ""}, "村干部须指定村"),
        (HEAD | {"village": "NOWHERE"}, "没有这个村，"),
        (HEAD | {"phone": "110"}, 'role="alert"'),
        (HEAD | {"name": "admin"}, "已有账号"),
    ):
        answer = admin.post("/accounts", wrong, of="/accounts")
        assert answer.status_code == 422
        assert words in answer.text
    pages = re.findall(r'href="(/accounts/\d+)"', admin.get("/accounts").text)
    own = next(
        page for page in pages if 'value="admin"' in admin.get(page).text.replace('name="role" value="admin"', "")
    )
    assert admin.post(f"{own}/close", of=own).status_code == 422
    assert admin.post(own, {"name": "admin", "role": "operator"}, of=own).status_code == 422


def test_a_heads_village_is_chosen_by_its_name_or_its_code(admin: Visitor, store: Database) -> None:
    page = admin.get("/accounts").text
    assert re.search(r'<input[^>]*name="village"[^>]*list="villages"', page)
    assert '<option value="墙下陶村">QX</option>' in page
    for nth, village in enumerate(("墙下陶村", "QX")):
        given = HEAD | {"name": f"会计{nth}", "phone": f"1390574020{nth}", "village": village}
        assert "登录码" in admin.post("/accounts", given, of="/accounts").text
    with store.begin() as session:
        made = [account for account in session.query(Account) if account.name.startswith("会计")]
        codes = [account.village and account.village.code for account in made]
        session.query(Village).where(Village.code == "SJ").update({"name": "墙下陶村"})
    assert codes == ["QX", "QX"]
    # Two are called so: which is meant is asked, and its form has the code.
    unclear = admin.post("/accounts", HEAD | {"village": "墙下陶村"}, of="/accounts")
    assert (unclear.status_code, "QX" in unclear.text, "SJ" in unclear.text) == (422, True, True)
    own = next(
        page
        for page in re.findall(r'href="(/accounts/\d+)"', admin.get("/accounts").text)
        if "会计0" in admin.get(page).text
    )
    assert re.search(r'<input[^>]*name="village"[^>]*value="QX"', admin.get(own).text)


def test_two_heads_keep_one_village(admin: Visitor) -> None:
    assert "登录码" in admin.post("/accounts", HEAD, of="/accounts").text
    assert "登录码" in admin.post("/accounts", HEAD | {"name": "李会计", "phone": "13905740078"}, of="/accounts").text


def test_whoever_is_locked_out_reads_whom_to_call(settings: object, web: Flask) -> None:
    web.extensions["settings"] = web.extensions["settings"].model_copy(update={"town_office_phone": "0574-12345"})
    visitor = Visitor(web.test_client())
    for _ in range(5):
        answer = visitor.sign_in("admin", "wrong password")
    assert "0574-12345" in answer.text


def test_many_accounts_are_shown_a_page_at_a_time_and_found_by_name_phone_or_village(
    admin: Visitor, store: Database
) -> None:
    with store.begin() as session:
        village = session.scalars(select(Village).where(Village.code == VILLAGE)).one()
        session.add_all(
            Account(
                name=f"值守{number:03}",
                phone=f"+8613700000{number:03}",
                role=AccountRole.OPERATOR if number else AccountRole.VILLAGE_HEAD,
                village_id=None if number else village.id,
                password_hash="",
                created_at=read_clock(session),
            )
            for number in range(100)
        )
    assert admin.get("/accounts").text.count('href="/accounts/') == 60
    last = admin.get("/accounts?page=99").text
    assert 'rel="next"' not in last
    assert 'rel="prev" href="/accounts?page=1"' in last
    for text in ("值守000", "13700000000", "墙下陶"):
        assert "值守000" in admin.get(f"/accounts?q={text}").text, text
    assert "值守" not in admin.get("/accounts?q=nobody").text
