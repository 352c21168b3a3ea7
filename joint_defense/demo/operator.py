"""The operator's account for whoever looks at the demo's board: made at the first run, its password printed once."""

from __future__ import annotations

import secrets

from sqlalchemy import text
from sqlalchemy.orm import Session

from joint_defense.demo.launch import Launch

NAME = "operator"
_PASSWORD_BYTES = 9
_ACCOUNTS = ("flask", "--app", "app", "accounts")


def is_known(session: Session) -> bool:
    """Whether the account stands already."""
    return session.execute(text("SELECT 1 FROM accounts WHERE name = :name"), {"name": NAME}).first() is not None


def give_password(launch: Launch, *, known: bool) -> str:
    """Make the account, or give it another password. The password, which is kept nowhere. Raises DemoTrouble."""
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    doing = ("reset-password", NAME) if known else ("create", NAME, "--role", NAME)
    launch.run_with_input("accounts", (*_ACCOUNTS, *doing, "--password-stdin"), password)
    return password
