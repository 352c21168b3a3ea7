"""The second factor: a one-time code (TOTP, RFC 6238) of the owner's phone, asked for after the password.

    secret = begin(session, account_id, now)        the owner's app takes it by its QR code or typed
    codes = confirm(session, account_id, code, now)   a code of that app proves it: from now on it is asked for
    settle_code(session, account_id, text, …, now)    at sign-in: a code of the app, or one of the recovery codes

A code is good for its 30 seconds and for those before and after, and once: neither it nor an earlier one is taken
again. A recovery code stands in for a phone that was lost, once. Whoever calls commits.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from config.sealing import WrongKey, get_seal
from groups.accounts.sessions import hash_text, revoke
from groups.accounts.tries import count_wrong, find_lock, forget_tries, hold_tries
from groups.errors import InvalidCode, say
from groups.models.accounts import Account
from groups.models.second_factor import RecoveryCode, SecondFactor

ISSUER = "十户联防"
RECOVERY_CODES = 8
LONGEST_CODE = 40
_log = logging.getLogger(__name__)
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
_STEP = 30
"""Seconds; every app takes it for granted, as it does six digits and SHA-1."""
_LEEWAY = (0, -1, 1)
"""Steps by which a phone's clock may be wrong."""


@dataclass(frozen=True, slots=True)
class CodeTried:
    """How a code was taken. `left`: of the recovery codes, where it was one of them."""

    taken: bool
    locked_until: datetime | None = None
    left: int | None = None


def read_secret(session: Session, factor: SecondFactor) -> str:
    """Its secret (Base32); "" where it was closed with a key that is not there: the log says so, no code is taken."""
    try:
        return get_seal(session).open_text(factor.secret)
    except WrongKey as error:
        _log.error("second factor of account %s: %s", factor.account_id, error)
        return ""


def find_factor(session: Session, account_id: int) -> SecondFactor | None:
    """What the account has: one that is not confirmed yet is not asked for."""
    return session.get(SecondFactor, account_id)


def is_asked_for(session: Session, account_id: int) -> bool:
    """Whether signing in with this account takes a code."""
    found = select(SecondFactor.account_id).where(
        SecondFactor.account_id == account_id, SecondFactor.confirmed_at.is_not(None)
    )
    return session.scalar(found) is not None


def begin(session: Session, account_id: int, now: datetime) -> str:
    """A new secret for the owner's app (Base32). Raises InvalidCode where a second factor is on already."""
    # The account's row is held: two that begin at the same time begin one after the other.
    session.get_one(Account, account_id, with_for_update=True)
    kept = session.get(SecondFactor, account_id, populate_existing=True)
    if kept is not None and kept.confirmed_at is not None:
        raise InvalidCode(say("second_factor_is_on"))
    secret = pyotp.random_base32()
    closed = get_seal(session).close_text(secret)
    if kept is None:
        session.add(SecondFactor(account_id=account_id, secret=closed, created_at=now, last_step=0))
    else:
        kept.secret, kept.created_at = closed, now
    session.flush()
    return secret


def make_address(secret: str, name: str) -> str:
    """What the QR code says, as apps for one-time codes read it."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def confirm(session: Session, account_id: int, text: str, now: datetime, *, keep_session: int) -> list[str]:
    """Switch it on with a first code of the app; all browsers but `keep_session` are signed out.

    Returns the recovery codes, which are kept nowhere. Raises InvalidCode where the code is wrong or nothing was begun.
    """
    factor = _hold_factor(session, account_id)
    if factor is None or factor.confirmed_at is not None:
        raise InvalidCode(say("second_factor_not_begun"))
    if not _take_step(session, factor, _tidy(text), now):
        raise InvalidCode(say("one_time_code_wrong"))
    factor.confirmed_at = now
    revoke(session, account_id, now, but=keep_session)
    return replace_recovery_codes(session, account_id, now)


def replace_recovery_codes(session: Session, account_id: int, now: datetime) -> list[str]:
    """New recovery codes in place of all earlier ones: 79 bits each, so that a digest is as good as a slow hash."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = ["".join(secrets.choice(_SIGNS) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(account_id=account_id, code_digest=hash_text(code), created_at=now) for code in codes)
    session.flush()
    return ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in codes]


def count_recovery_codes(session: Session, account_id: int) -> int:
    """How many have not been used."""
    unused = select(func.count(RecoveryCode.id)).where(
        RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(unused) or 0


def settle_code(session: Session, account_id: int, text: str, browser: str, now: datetime) -> CodeTried:
    """Take a code of the app or a recovery code, or count it as wrong: five in a row lock the account's codes.

    `browser` names one that has signed in before: it has tries of its own.
    """
    tries = hold_tries(session, f"code:{account_id}" + (f":{browser[:32]}" if browser else ""), now)
    if locked_until := find_lock(tries, now):
        return CodeTried(taken=False, locked_until=locked_until)
    code = _tidy(text)
    factor = _hold_factor(session, account_id)
    if factor is not None and factor.confirmed_at is not None:
        if _take_step(session, factor, code, now):
            session.delete(tries)
            return CodeTried(taken=True)
        if _use_recovery_code(session, account_id, code, now):
            session.delete(tries)
            return CodeTried(taken=True, left=count_recovery_codes(session, account_id))
    return CodeTried(taken=False, locked_until=count_wrong(session, tries, now))


def turn_off(session: Session, account_id: int) -> bool:
    """Ask for no code any more; its secret and recovery codes go. False where there was nothing."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    gone = session.execute(
        delete(SecondFactor).where(SecondFactor.account_id == account_id).returning(SecondFactor.confirmed_at)
    ).one_or_none()
    forget_tries(session, account_id)
    return gone is not None and gone[0] is not None


def _hold_factor(session: Session, account_id: int) -> SecondFactor | None:
    return session.get(SecondFactor, account_id, with_for_update=True, populate_existing=True)


def _take_step(session: Session, factor: SecondFactor, code: str, now: datetime) -> bool:
    """Whether this is the code of a step that has not been used; it is then."""
    secret = read_secret(session, factor)
    if not secret:
        return False
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // _STEP
    for step in (current + off for off in _LEEWAY):
        if step > factor.last_step and pyotp.utils.strings_equal(code, totp.at(step * _STEP)):
            factor.last_step = step
            return True
    return False


def _use_recovery_code(session: Session, account_id: int, code: str, now: datetime) -> bool:
    used = (
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.code_digest == hash_text(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return session.scalar(used.returning(RecoveryCode.id)) is not None


def _tidy(text: str) -> str:
    """A code as it is compared, however it was typed: full-width digits, blanks and dashes between."""
    plain = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text[:LONGEST_CODE].casefold())
    return "".join(sign for sign in plain if sign.isascii() and sign.isalnum())
