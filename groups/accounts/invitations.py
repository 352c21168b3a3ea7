"""First passwords: a code that an administrator hands over, with which the account's owner sets a password.

Once, within three days, and the newest code alone. Of the code only its digest is kept.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from groups.accounts.accounts import UNMISTAKABLE, SignIn, admit, set_password
from groups.accounts.sessions import hash_text
from groups.errors import InvalidInvitation, say
from groups.models.accounts import Account, Invitation
from groups.models.batch import Batch

VALID_FOR = timedelta(days=3)
UNSET = "!"
"""The password hash of an account whose owner has not set one: no password matches it."""


def invite(batch: Batch, account: Account) -> str:
    """A new code for the account: twelve signs that are not mistaken for each other. Earlier ones are void."""
    session = batch.session
    session.execute(
        update(Invitation)
        .where(Invitation.account_id == account.id, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
        .values(revoked_at=batch.now)
    )
    code = "".join(secrets.choice(UNMISTAKABLE) for _ in range(12))
    batch.add(
        Invitation(
            account_id=account.id,
            code_digest=hash_text(code),
            created_at=batch.now,
            created_by=batch.by.name[:64],
            expires_at=batch.now + VALID_FOR,
        )
    )
    return "-".join(code[start : start + 4] for start in (0, 4, 8))


def find_invited(session: Session, code: str, now: datetime, *, hold: bool = False) -> tuple[Invitation, Account]:
    """The invitation of this code, as somebody types it, and its account. Raises InvalidInvitation."""
    plain = "".join(sign for sign in code.casefold() if sign.isalnum())
    question = select(Invitation).where(
        Invitation.code_digest == hash_text(plain),
        Invitation.used_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > now,
    )
    found = session.scalar(question.with_for_update() if hold else question)
    account = None if found is None else session.get(Account, found.account_id)
    if found is None or account is None or account.archived_at is not None:
        raise InvalidInvitation(say("code_wrong_used_or_too_old"))
    return found, account


def redeem(session: Session, code: str, password_hash: str, browser: str, now: datetime) -> SignIn:
    """Set the password with the code, once, and sign the browser in, as far as that goes. Raises InvalidInvitation."""
    invitation, account = find_invited(session, code, now, hold=True)
    invitation.used_at = now
    set_password(session, account.id, password_hash, now)
    return admit(session, account.id, password_hash, browser, now, known=False)
