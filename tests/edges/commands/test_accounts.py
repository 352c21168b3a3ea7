from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app import create_app
from config.database import Database, read_clock
from config.settings import Settings
from groups.accounts import accounts
from groups.accounts.passwords import matches
from groups.accounts.sessions import find_signed_in
from groups.models.accounts import Account
from groups.models.roster import Village
from tests.conftest import MakeSettings


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a hash costs in service is held by test_password_hashing."""
    monkeypatch.setattr("groups.accounts.passwords._hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def app(settings: MakeSettings) -> Iterator[Flask]:
    made = create_app(settings())
    with made.extensions["database"].begin() as session:
        session.add(Village(code="QX", name="墙下陶村"))
    yield made
    made.extensions["runtime"].close()


def run(app: Flask, *arguments: str, typed: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=["accounts", *arguments], input=typed)


def _account(app: Flask, name: str) -> Account:
    with app.extensions["database"].begin() as session:
        return accounts.find_account(session, name)


def _printed_password(result: Result) -> str:
    found = re.search(r"only this once: (\S+)$", result.output, re.MULTILINE)
    assert found is not None, result.output
    return found[1]


def test_a_new_accounts_password_is_printed_once_and_fits(app: Flask) -> None:
    result = run(app, "create", "林调度", "--role", "operator")
    password = _printed_password(result)

    assert result.exit_code == 0
    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", password)
    assert matches(_account(app, "林调度").password_hash, password)
    assert _account(app, "林调度").password_hash.startswith("$argon2id$")


def test_two_accounts_get_two_passwords(app: Flask) -> None:
    made = {_printed_password(run(app, "create", name, "--role", "operator")) for name in ("a1", "b2")}

    assert len(made) == 2


def test_a_village_head_gets_a_village_and_a_phone(app: Flask) -> None:
    result = run(app, "create", "陶主任", "--role", "village_head", "--village", "QX", "--phone", "139 0000 1111")

    assert result.exit_code == 0
    account = _account(app, "陶主任")
    assert (account.phone, account.village_id is not None) == ("+8613900001111", True)


def test_a_password_can_come_from_standard_input_and_is_not_printed(app: Flask) -> None:
    result = run(app, "create", "ops", "--role", "operator", "--password-stdin", typed="seven camphor trees\n")

    assert result.exit_code == 0
    assert "camphor" not in result.output
    assert "password" not in result.output
    assert matches(_account(app, "ops").password_hash, "seven camphor trees")


@pytest.mark.parametrize(
    ("arguments", "typed", "told"),
    [
        (("x1", "--role", "village_head"), None, "a village head needs a village"),
        (("x1", "--role", "operator", "--village", "QX"), None, "nobody else has one"),
        (("x1", "--role", "village_head", "--village", "NO"), None, "no village has this code"),
        (("", "--role", "operator"), None, "a name is 1 to 64 characters"),
        (("x" * 65, "--role", "operator"), None, "a name is 1 to 64 characters"),
        (("13800138000", "--role", "operator"), None, "a name has letters"),
        (("x1", "--role", "operator", "--phone", "12"), None, "no such number"),
        (("x1", "--role", "operator", "--password-stdin"), "12345678\n", "first that anybody would try"),
        (("x1", "--role", "operator", "--password-stdin"), "", "at least 8 characters"),
        (("liuxiaoming", "--role", "operator", "--password-stdin"), "liuxiaoming1\n", "its owner's name"),
        (
            ("x1", "--role", "operator", "--phone", "13900001111", "--password-stdin"),
            "139-0000-1111\n",
            "its owner's name",
        ),
        (("taken", "--role", "operator"), None, "there is an account with this name or phone"),
    ],
)
def test_what_cannot_be_is_one_line_and_changes_nothing(
    app: Flask, arguments: tuple[str, ...], typed: str | None, told: str
) -> None:
    run(app, "create", "taken", "--role", "operator")

    result = run(app, "create", *arguments, typed=typed)

    assert result.exit_code != 0
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
    with app.extensions["database"].begin() as session:
        assert session.scalars(select(Account.name)).all() == ["taken"]


def test_a_lost_password_is_replaced_and_all_browsers_signed_out(app: Flask) -> None:
    run(app, "create", "ops", "--role", "operator")
    database: Database = app.extensions["database"]
    with database.begin() as session:
        now = read_clock(session)
        candidate = accounts.find_candidate(session, "ops", now, "CN", "574")
        signed_in = accounts.settle_sign_in(session, candidate, matched=True, browser="", now=now)
    assert signed_in.token is not None

    password = _printed_password(run(app, "reset-password", "ops"))

    assert matches(_account(app, "ops").password_hash, password)
    with database.begin() as session:
        assert find_signed_in(session, signed_in.token, now) is None


def test_a_closed_account_is_off_the_list_and_its_name_free(app: Flask) -> None:
    run(app, "create", "ops", "--role", "operator")
    run(app, "create", "陶主任", "--role", "village_head", "--village", "QX")

    assert run(app, "list").output.splitlines() == ["ops\toperator\t-", "陶主任\tvillage_head\tQX"]
    assert run(app, "close", "ops").exit_code == 0
    assert run(app, "list").output.splitlines() == ["陶主任\tvillage_head\tQX"]
    assert run(app, "create", "ops", "--role", "liaison").exit_code == 0


@pytest.mark.parametrize("command", ["reset-password", "close"])
def test_an_unknown_account_is_said_in_one_line(app: Flask, command: str) -> None:
    result = run(app, command, "nobody")

    assert result.exit_code != 0
    assert "no account has this name" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_database_that_was_never_set_up_is_one_line(settings: MakeSettings) -> None:
    made: Settings = settings(database_url="sqlite:////nowhere/at/all.sqlite")
    app = create_app(made)
    result = run(app, "list")

    assert result.exit_code != 0
    assert "the database does not answer" in result.stderr
    assert result.stderr.count("\n") == 1
