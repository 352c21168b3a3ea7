"""The accounts' commands: `accounts create`, `list`, `reset-password`, `reset-second-factor`, `close`.

A password is printed once, when it is made, and stands nowhere else.
"""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from config.database import read_clock
from config.services import get_settings
from groups.accounts import accounts, second_factor, sessions
from groups.accounts.passwords import hash_password
from groups.commands.common import open_transaction, tell, tell_in_one_line
from groups.models.accounts import AccountRole
from groups.rules.phone import read_called_number

commands = AppGroup("accounts", help="Who may sign in.")
_password_stdin = click.option("--password-stdin", is_flag=True, help="Take the password from standard input.")


@commands.command("create")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in AccountRole]))
@click.option("--village", "code", help="The village's code; a village head needs one.")
@click.option("--phone", help="A phone number to sign in with instead of the name.")
@_password_stdin
def create(name: str, role: str, code: str | None, phone: str | None, password_stdin: bool) -> None:
    """Add an account for NAME, and print its password once."""
    with tell_in_one_line():
        name = accounts.check_name(name)
        number = None if phone is None else _read_number(phone)
        password = _read_password(password_stdin, name, number or "")
        password_hash = hash_password(password)
        with open_transaction() as session:
            accounts.create_account(
                session, name, AccountRole(role), password_hash, read_clock(session), village_code=code, phone=number
            )
    tell("account_created", name=name, role=role)
    _tell(password, password_stdin)


@commands.command("reset-password")
@click.argument("name")
@_password_stdin
def reset_password(name: str, password_stdin: bool) -> None:
    """Give NAME another password, end a lock-out, and sign all its browsers out."""
    with tell_in_one_line():
        with open_transaction() as session:
            account = accounts.find_account(session, name)
        password = _read_password(password_stdin, account.name, account.phone or "")
        password_hash = hash_password(password)
        with open_transaction() as session:
            accounts.set_password(session, account.id, password_hash, read_clock(session))
    tell("password_changed", name=account.name)
    _tell(password, password_stdin)


@commands.command("reset-second-factor")
@click.argument("name")
def reset_second_factor(name: str) -> None:
    """Take NAME's second factor away, for a phone that was lost, and sign all its browsers out."""
    with tell_in_one_line(), open_transaction() as session:
        account = accounts.find_account(session, name)
        was_on = second_factor.turn_off(session, account.id)
        sessions.revoke(session, account.id, read_clock(session))
    tell("second_factor_reset" if was_on else "no_second_factor", name=account.name)


@commands.command("close")
@click.argument("name")
def close(name: str) -> None:
    """Close NAME's account and sign all its browsers out."""
    with open_transaction() as session:
        accounts.close_account(session, accounts.find_account(session, name), read_clock(session))
    tell("account_closed", name=name)


@commands.command("list")
def show() -> None:
    """All accounts, a line each: name, role, village."""
    with open_transaction() as session:
        lines = [
            "\t".join((account.name, account.role, village.code if village else "-"))
            for account, village in accounts.list_accounts(session)
        ]
    for line in lines:
        click.echo(line)


def _read_password(from_stdin: bool, *owner: str) -> str:
    if not from_stdin:
        return accounts.generate_password()
    password = sys.stdin.readline().rstrip("\r\n")
    accounts.check_password(password, *owner)
    return password


def _tell(password: str, from_stdin: bool) -> None:
    if not from_stdin:
        tell("password_once", password=password)


def _read_number(phone: str) -> str:
    of = get_settings()
    return read_called_number(phone, of.default_region, of.default_area_code, of.countries).e164
