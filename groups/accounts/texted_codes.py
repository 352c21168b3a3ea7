"""One-time sign-in by text: a village head who has forgotten the password is texted six digits, and signs in with them.

Asking says nothing about whether there is such an account: whoever asks for nobody is written down just the same. The
digits are made by whoever sends the text, so that they stand nowhere but on the phone; only their digest is kept. They
are good for ten minutes, once, in the browser that asked, and void after five wrong tries.

Who asks is counted apart: a browser that has signed in with the account before by itself, all others by their address,
so that a stranger who asks and asks keeps neither its owner nor anybody at another address from a code.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from groups.accounts.accounts import SignIn, admit, find_candidate, set_password
from groups.accounts.sessions import hash_text
from groups.models.accounts import Account, AccountRole, SignInCode
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source

VALID_FOR = timedelta(minutes=10)
MOST_AN_HOUR, MOST_A_DAY = 3, 8
"""Of one account, or of one name that no account has, for one browser that is known or for one address."""
MOST_OF_STRANGERS_AN_HOUR, MOST_OF_STRANGERS_A_DAY = 6, 16
"""The same for all addresses together: what a phone is sent at most because of people who may be anybody."""
MOST_TRIES = 5
IN_HAND = timedelta(minutes=2)
"""Whoever took one to send it and has not said what became of it since is gone: other digits are sent."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks: the name or phone as it was typed, and the secret of the browser that asks."""

    login: str
    browser: str


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose codes are counted together: where it is, and the name of a browser that the account has signed in with."""

    address: str
    known_as: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Place:
    """How people here write phone numbers."""

    region: str
    area_code: str


def ask_for_code(session: Session, asked: Asked, asker: Asker, now: datetime, place: Place, key: str) -> None:
    """Note that a code is wished; too many of them are not noted, and nobody is told so."""
    candidate = find_candidate(session, asked.login, now, place.region, place.area_code)
    session.execute(delete(SignInCode).where(SignInCode.asked_at < now - timedelta(days=1)))
    known = asker.known_as(candidate.account_id) if candidate.account_id is not None else ""
    subject = f"{candidate.subject}{_make_mark(known, asker.address, key)}"
    strangers = SignInCode.subject.startswith(f"{candidate.subject}{_STRANGER}", autoescape=True)
    if _is_too_often(session, SignInCode.subject == subject, now, MOST_AN_HOUR, MOST_A_DAY) or (
        not known and _is_too_often(session, strangers, now, MOST_OF_STRANGERS_AN_HOUR, MOST_OF_STRANGERS_A_DAY)
    ):
        return
    account = None if candidate.account_id is None else session.get(Account, candidate.account_id)
    may = account is not None and account.role is AccountRole.VILLAGE_HEAD and bool(account.phone)
    session.add(
        SignInCode(
            subject=subject,
            account_id=candidate.account_id if may else None,
            browser_digest=hash_text(asked.browser),
            asked_at=now,
            tries=0,
        )
    )
    session.flush()


def find_account(
    session: Session, asked: Asked, code: str, now: datetime, place: Place, key: str
) -> tuple[SignInCode, Account] | None:
    """Whose these digits are; None for wrong ones, which are counted, and for those that are void."""
    candidate = find_candidate(session, asked.login, now, place.region, place.area_code)
    found = session.scalar(
        select(SignInCode)
        .where(
            SignInCode.subject.startswith(f"{candidate.subject}{_MARK}", autoescape=True),
            SignInCode.browser_digest == hash_text(asked.browser),
        )
        .order_by(SignInCode.id.desc())
        .limit(1)
        .with_for_update()
    )
    if found is None or found.used_at is not None or found.tries >= MOST_TRIES:
        return None
    digits = "".join(sign for sign in code if sign.isdigit())
    right = found.code_digest is not None and hmac.compare_digest(
        found.code_digest, _make_digest(found.id, digits, key)
    )
    account = None if found.account_id is None else session.get(Account, found.account_id)
    if not right or found.expires_at is None or found.expires_at <= now or account is None or account.archived_at:
        found.tries += 1
        return None
    return found, account


def redeem_code(
    session: Session,
    found: tuple[SignInCode, Account],
    password_hash: str | None,
    browser: str,
    now: datetime,
    zone: ZoneInfo,
    *,
    known: bool,
) -> SignIn:
    """Use up what `find_account` has found in this transaction, and sign the browser in as far as that goes.

    With `password_hash` the account has that password from now on. It goes on record either way.
    """
    code, account = found
    batch = Batch(session, Author(account.name, Source.PAGE, account.id), Action.SIGN_IN_BY_TEXT, now, zone)
    batch.change(code, used_at=now)
    if password_hash is not None:
        set_password(session, account.id, password_hash, now)
        session.refresh(account)
    return admit(session, account.id, account.password_hash, browser, now, known=known)


@dataclass(frozen=True, slots=True)
class CodeToSend:
    """Six digits for the phone of an account, in the hand of whoever sends texts."""

    id: int
    account_id: int
    number: str
    code: str


def is_code_owed(session: Session, now: datetime) -> bool:
    """Whether a code waits that nobody has in hand."""
    return session.scalar(select(SignInCode.id).where(_is_owed(now)).limit(1)) is not None


def take_code(session: Session, now: datetime, key: str) -> CodeToSend | None:
    """The oldest that is owed, with new digits that are good from now on; None where there is none."""
    oldest = select(SignInCode.id).where(_is_owed(now)).order_by(SignInCode.id).limit(1)
    take = update(SignInCode).where(SignInCode.id == oldest.scalar_subquery(), _is_owed(now)).values(taken_at=now)
    taken = session.scalar(take.returning(SignInCode.id).execution_options(synchronize_session=False))
    if taken is None:
        return None
    row = session.get_one(SignInCode, taken)
    account = session.get_one(Account, row.account_id)
    digits = f"{secrets.randbelow(1_000_000):06}"
    row.code_digest, row.expires_at = _make_digest(row.id, digits, key), now + VALID_FOR
    return CodeToSend(row.id, account.id, account.phone or "", digits)


def put_code_back(session: Session, code_id: int) -> None:
    """It could not be sent now: somebody takes it again, with other digits."""
    session.execute(update(SignInCode).where(SignInCode.id == code_id).values(taken_at=None))


def end_code(session: Session, code_id: int, now: datetime) -> None:
    """It is sent, or given up: nobody sends it any more."""
    session.execute(update(SignInCode).where(SignInCode.id == code_id).values(sent_at=now))


_MARK = "|"
_STRANGER = f"{_MARK}a"


def _make_mark(known_as: str, address: str, key: str) -> str:
    """What tells askers apart behind the account; of an address a digest that nobody turns back without our key."""
    if known_as:
        return f"{_MARK}b{hash_text(known_as)[:8]}"
    return _STRANGER + hmac.digest(key.encode(), f"asks-for-code:{address}".encode(), "sha256").hex()[:8]


def _is_too_often(session: Session, whose: ColumnElement[bool], now: datetime, an_hour: int, a_day: int) -> bool:
    hour = func.count().filter(SignInCode.asked_at > now - timedelta(hours=1))
    lately, today = session.execute(select(hour, func.count()).select_from(SignInCode).where(whose)).one()
    return bool(lately >= an_hour or today >= a_day)


def _is_owed(now: datetime) -> ColumnElement[bool]:
    return and_(
        SignInCode.account_id.is_not(None),
        SignInCode.sent_at.is_(None),
        SignInCode.asked_at > now - VALID_FOR,
        or_(SignInCode.taken_at.is_(None), SignInCode.taken_at < now - IN_HAND),
    )


def _make_digest(code_id: int, digits: str, key: str) -> str:
    """A million digests are soon made: without the service's own key these tell nothing."""
    return hmac.digest(key.encode(), f"sign-in-code:{code_id}:{digits}".encode(), "sha256").hex()
