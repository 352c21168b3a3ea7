"""Accounts for whoever looks at the demo, one a role: made at the first run, their password printed once."""

from __future__ import annotations

import secrets

from sqlalchemy import text
from sqlalchemy.orm import Session

from joint_defense.demo.launch import Launch

OPERATOR = "operator"
OTHERS = {"head": "village_head", "liaison": "liaison", "admin": "admin"}
"""Their names, and the roles they have."""
_PASSWORD_BYTES = 9
_ACCOUNTS = ("flask", "--app", "app", "accounts")


def are_known(session: Session) -> bool:
    """Whether the accounts stand already."""
    return len(_standing(session)) == 1 + len(OTHERS)


def give_password(launch: Launch, session: Session, village_code: str) -> str:
    """Make the accounts, or give those that stand another password; the head's village is the shown one.

    The password, which is kept nowhere: the demo's people are invented, so one serves all four. Raises DemoTrouble.
    """
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    standing = _standing(session)
    session.rollback()  # SQLite has one writer, and the commands are to write
    for name, role in {OPERATOR: OPERATOR, **OTHERS}.items():
        of = ("--village", village_code) if role == "village_head" else ()
        doing = ("reset-password", name) if name in standing else ("create", name, "--role", role, *of)
        launch.run_with_input("accounts", (*_ACCOUNTS, *doing, "--password-stdin"), password)
    return password


def _standing(session: Session) -> set[str]:
    names = session.scalars(text("SELECT name FROM accounts WHERE archived_at IS NULL"))
    return {OPERATOR, *OTHERS} & set(names)
