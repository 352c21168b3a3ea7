"""Sessions: which browsers are signed in, and how they are signed out from here."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from groups.accounts.rules.browsers import name_browser
from groups.models.accounts import Account, AccountRole, AccountSession, SignInNotice
from groups.models.roster import Village
from groups.models.second_factor import SecondFactor

SESSION_LIFE = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=10)
"""A board asks every two seconds; so often is too often to write it down."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is at the other end of a request."""

    account_id: int
    session_id: int
    name: str
    role: AccountRole
    village_id: int | None
    village_name: str | None
    second_factor: bool
    """Whether signing in with the account takes a code."""


def open_session(session: Session, account_id: int, browser: str, now: datetime, *, known: bool) -> str:
    """Sign a browser in; the token that its cookie carries. Only the token's digest is kept.

    Of one that is not `known` to the account, the account's phone is told by text.
    """
    token = secrets.token_urlsafe(32)
    if not known:
        _note_new_browser(session, account_id, browser, now)
    session.execute(delete(AccountSession).where(AccountSession.expires_at < now))
    session.add(
        AccountSession(
            token_digest=hash_text(token),
            account_id=account_id,
            browser=browser[:200],
            created_at=now,
            last_seen_at=now,
            expires_at=now + SESSION_LIFE,
        )
    )
    session.flush()
    return token


def _note_new_browser(session: Session, account_id: int, browser: str, now: datetime) -> None:
    number = session.scalar(select(Account.phone).where(Account.id == account_id))
    if number:
        notice = SignInNotice(account_id=account_id, number=number, browser=name_browser(browser), signed_in_at=now)
        session.add(notice)


def find_signed_in(session: Session, token: str, now: datetime) -> SignedIn | None:
    """Who holds this token; None where it was revoked, has expired, or its account is closed. One query."""
    found = session.execute(
        select(AccountSession.id, AccountSession.last_seen_at, Account, Village.name, SecondFactor.confirmed_at)
        .join(Account, AccountSession.account_id == Account.id)
        .outerjoin(Village, Account.village_id == Village.id)
        .outerjoin(SecondFactor, SecondFactor.account_id == Account.id)
        .where(
            AccountSession.token_digest == hash_text(token),
            AccountSession.revoked_at.is_(None),
            AccountSession.expires_at > now,
            Account.archived_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        return None
    session_id, last_seen_at, account, village_name, confirmed_at = found
    if now - last_seen_at > SEEN_EVERY:
        session.execute(update(AccountSession).where(AccountSession.id == session_id).values(last_seen_at=now))
    return SignedIn(
        account.id,
        session_id,
        account.name,
        account.role,
        account.village_id,
        village_name,
        second_factor=confirmed_at is not None,
    )


def list_sessions(session: Session, account_id: int, now: datetime) -> list[AccountSession]:
    """The browsers that are signed in, the latest seen first."""
    return list(
        session.scalars(
            select(AccountSession)
            .where(
                AccountSession.account_id == account_id,
                AccountSession.revoked_at.is_(None),
                AccountSession.expires_at > now,
            )
            .order_by(AccountSession.last_seen_at.desc(), AccountSession.id.desc())
        )
    )


def revoke(session: Session, account_id: int, now: datetime, *, only: int | None = None, but: int | None = None) -> int:
    """Sign browsers of an account out: all, `only` one of them, or all `but` one. Returns how many."""
    question = update(AccountSession).where(
        AccountSession.account_id == account_id, AccountSession.revoked_at.is_(None)
    )
    if only is not None:
        question = question.where(AccountSession.id == only)
    if but is not None:
        question = question.where(AccountSession.id != but)
    revoked = session.scalars(question.values(revoked_at=now).returning(AccountSession.id)).all()
    return len(revoked)


def hash_text(text: str) -> str:
    """What is kept in place of a secret."""
    return hashlib.sha256(text.encode()).hexdigest()
