"""Accounts: who may sign in, and how a password is tried.

Hashing takes a tenth of a second, so it never happens inside a transaction: signing in is `find_candidate`, then
`password_hashing.matches`, then `settle_sign_in`. The settling counts under a lock, so that a hundred guesses at the
same instant are not more than a hundred one after the other.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from groups.accounts.passwords import NOBODYS
from groups.accounts.rules.passwords import LONGEST, SHORTEST, Weakness, find_weakness
from groups.accounts.second_factor import is_asked_for, settle_code, turn_off
from groups.accounts.sessions import hash_text, open_session, revoke
from groups.accounts.tries import count_wrong, find_lock, forget_tries, hold_tries
from groups.errors import AccountExists, InvalidAccount, InvalidNumber, UnknownAccount, WeakPassword, say
from groups.models.accounts import Account, AccountRole, WrongPasswords
from groups.models.batch import Batch
from groups.models.roster import Village
from groups.roster.villages import get_village
from groups.rules.phone import find_digits, normalise
from groups.rules.typed_text import judge_name, tidy

ACCOUNTS_A_PAGE = 60
CLOSED_SHOWN = 20
HALF_LIFE = 600
"""Seconds between the password and the code."""
UNMISTAKABLE = "abcdefghjkmnpqrstuvwxyz23456789"

_WHY_WEAK = {
    Weakness.TOO_SHORT: say("password_least_characters", shortest=SHORTEST),
    Weakness.TOO_LONG: say("password_most_characters", longest=LONGEST),
    Weakness.GUESSABLE: say("password_one_first_anybody_would_try"),
    Weakness.NAMES_ITS_OWNER: say("password_must_not_its_owners_name"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Whom a sign-in is for, before the password is looked at. `account_id` is None where there is no account."""

    subject: str
    account_id: int | None
    password_hash: str
    locked_until: datetime | None
    known: bool = False
    """Whether this browser has signed in with the account before."""


@dataclass(frozen=True, slots=True)
class HalfSignedIn:
    """Somebody who has shown the password and owes the code. It lies in the browser's signed cookie.

    `password_mark` is of the password that was shown, so that another one ends this; `at` is in seconds since 1970.
    """

    account_id: int
    password_mark: str
    at: float


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a sign-in ended: a token for the cookie, or None, then with the end of the lock-out if there is one."""

    token: str | None
    locked_until: datetime | None = None
    half: HalfSignedIn | None = None
    """The password was right; a code of the second factor is asked for."""
    recovery_codes_left: int | None = None
    """How many there are still, where one was used in place of a code."""


def generate_password() -> str:
    """A password to hand over: 79 bits, without signs that look alike, in four groups to read out."""
    return "-".join("".join(secrets.choice(UNMISTAKABLE) for _ in range(4)) for _ in range(4))


def check_password(password: str, *owner: str) -> None:
    """Raises WeakPassword with the reason; `owner` is its owner's name and phone."""
    found = find_weakness(password, owner)
    if found is not None:
        raise WeakPassword(_WHY_WEAK[found])


def create_account(
    session: Session,
    name: str,
    role: AccountRole,
    password_hash: str,
    now: datetime,
    *,
    village_code: str | None = None,
    phone: str | None = None,
    record: Batch | None = None,
) -> Account:
    """Add an account; `phone` is in E.164.

    Raises InvalidAccount for a name that cannot be kept or a village where none belongs, UnknownVillage,
    AccountExists where name or phone is taken.
    """
    name = check_name(name)
    if (role is AccountRole.VILLAGE_HEAD) != (village_code is not None):
        raise InvalidAccount(say("village_head_needs_village_and_nobody"))
    village = None if village_code is None else get_village(session, village_code)
    account = Account(name=name, phone=phone, role=role, village=village, password_hash=password_hash, created_at=now)
    try:
        if record is None:
            session.add(account)
            session.flush()
        else:
            record.add(account)
    except IntegrityError:
        raise AccountExists(say("account_with_name_or_phone")) from None
    return account


def check_name(name: str) -> str:
    """The name as it is kept. Raises InvalidAccount; a name that looks like a phone number would be taken for one."""
    name = tidy(name)
    if wrong := judge_name(name, say("name_1_64_characters")):
        raise InvalidAccount(wrong)
    if not any(sign.isalpha() for sign in name):
        raise InvalidAccount(say("name_letters_phone_matter_its_own"))
    return name


def find_account(session: Session, name: str) -> Account:
    """The account of this name. Raises UnknownAccount."""
    account = session.scalar(select(Account).where(Account.name == tidy(name), Account.archived_at.is_(None)))
    if account is None:
        raise UnknownAccount(say("no_account_name", name=f"{tidy(name)[:64]!r}"))
    return account


def list_accounts(session: Session) -> list[tuple[Account, Village | None]]:
    """All accounts that may sign in, by role and name."""
    return _list(session, _select_accounts())


def list_page(session: Session, text: str, page: int) -> tuple[list[tuple[Account, Village | None]], int]:
    """A page (from 1) of those whose name, phone or village has `text`; the number of the last page."""
    question = _select_accounts()
    if text := tidy(text)[:64]:
        ways = [Account.name.contains(text, autoescape=True), Village.name.contains(text, autoescape=True)]
        if digits := find_digits(text).lstrip("0"):
            ways.append(Account.phone.contains(digits, autoescape=True))
        question = question.where(or_(*ways))
    counted = question.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    count = session.scalar(counted) or 0
    last = max(-(-count // ACCOUNTS_A_PAGE), 1)
    first = (min(max(page, 1), last) - 1) * ACCOUNTS_A_PAGE
    return _list(session, question.limit(ACCOUNTS_A_PAGE).offset(first)), last


def _select_accounts() -> Select[Account, Village]:
    return (
        select(Account, Village)
        .outerjoin(Village, Account.village_id == Village.id)
        .where(Account.archived_at.is_(None))
        .order_by(Account.role, Account.name)
    )


def _list(session: Session, question: Select[Account, Village]) -> list[tuple[Account, Village | None]]:
    return [(account, village) for account, village in session.execute(question)]


def find_candidate(
    session: Session,
    login: str,
    now: datetime,
    region: str,
    area_code: str,
    known_as: Callable[[int], str] = lambda account_id: "",
) -> Candidate:
    """Whose password is to be compared: `login` is a name or a phone, as people type them.

    `known_as` names the browser where it has signed in with that account before: its errors are counted apart.
    """
    login = tidy(login)[:64]
    phone = _as_phone(login, region, area_code)
    account = session.scalar(
        select(Account)
        .where((Account.name == login) if phone is None else (Account.phone == phone), Account.archived_at.is_(None))
        .limit(1)
    )
    subject = f"login:{hash_text(phone or login)}" if account is None else f"account:{account.id}"
    browser = known_as(account.id) if account is not None else ""
    if browser:
        subject = f"{subject}:{browser[:32]}"
    wrong = session.get(WrongPasswords, subject)
    return Candidate(
        subject,
        None if account is None else account.id,
        NOBODYS if account is None else account.password_hash,
        find_lock(wrong, now),
        known=bool(browser),
    )


def settle_sign_in(session: Session, candidate: Candidate, *, matched: bool, browser: str, now: datetime) -> SignIn:
    """Count a wrong password, or open a session for the right one. A lock-out that began meanwhile stands."""
    tries = hold_tries(session, candidate.subject, now)
    if locked_until := find_lock(tries, now):
        return SignIn(None, locked_until)
    if candidate.account_id is not None and matched and _is_unchanged(session, candidate):
        session.delete(tries)
        return admit(session, candidate.account_id, candidate.password_hash, browser, now, known=candidate.known)
    return SignIn(None, count_wrong(session, tries, now))


def admit(session: Session, account_id: int, password_hash: str, browser: str, now: datetime, *, known: bool) -> SignIn:
    """A session for whoever knows the password; where the account has a second factor, its code is asked for first."""
    if is_asked_for(session, account_id):
        return SignIn(None, half=HalfSignedIn(account_id, _mark_password(password_hash), now.timestamp()))
    return SignIn(open_session(session, account_id, browser, now, known=known))


def settle_half(session: Session, half: HalfSignedIn, text: str, known_as: str, browser: str, now: datetime) -> SignIn:
    """Open a session for the right code. `half` is given back where another may be tried; None: the password again.

    `known_as` names a browser that has signed in with the account before, `browser` is what it calls itself.
    """
    if find_half(session, half, now) is None:
        return SignIn(None)
    tried = settle_code(session, half.account_id, text, known_as, now)
    if not tried.taken:
        return SignIn(None, tried.locked_until, half)
    token = open_session(session, half.account_id, browser, now, known=bool(known_as))
    return SignIn(token, recovery_codes_left=tried.left)


def find_half(session: Session, half: HalfSignedIn, now: datetime) -> Account | None:
    """Whose code is asked for; None where that was too long ago, or the password or the account is not what it was."""
    account = session.get(Account, half.account_id)
    if account is None or account.archived_at is not None or not 0 <= now.timestamp() - half.at < HALF_LIFE:
        return None
    return account if _mark_password(account.password_hash) == half.password_mark else None


def change_account(
    batch: Batch, account: Account, *, name: str, phone: str | None, role: AccountRole, village_code: str | None
) -> None:
    """Another name, phone, role or village; whoever loses a role is signed out. Raises as `create_account` does."""
    if (role is AccountRole.VILLAGE_HEAD) != (village_code is not None):
        raise InvalidAccount(say("village_head_needs_village_and_nobody"))
    village_id = None if village_code is None else get_village(batch.session, village_code).id
    other_rights = (account.role, account.village_id) != (role, village_id)
    try:
        batch.change(account, name=check_name(name), phone=phone, role=role, village_id=village_id)
    except IntegrityError:
        raise AccountExists(say("account_with_name_or_phone")) from None
    if other_rights:
        revoke(batch.session, account.id, batch.now)


def set_password(
    session: Session, account_id: int, password_hash: str, now: datetime, *, keep_session: int | None = None
) -> None:
    """Give an account another password, end its lock-out, and sign out all its browsers but `keep_session`."""
    session.execute(update(Account).where(Account.id == account_id).values(password_hash=password_hash))
    forget_tries(session, account_id)
    revoke(session, account_id, now, but=keep_session)


def close_account(session: Session, account: Account, now: datetime, *, record: Batch | None = None) -> None:
    """Nobody signs in with it any more; its name and phone are free for others."""
    if record is None:
        account.archived_at = now
    else:
        record.change(account, archived_at=now)
    turn_off(session, account.id)
    revoke(session, account.id, now)


def list_closed(session: Session) -> list[tuple[Account, Village | None]]:
    """The accounts closed last, the newest first: one closed by mistake is opened again from here."""
    question = select(Account, Village).outerjoin(Village, Account.village_id == Village.id)
    closed = question.where(Account.archived_at.is_not(None)).order_by(Account.archived_at.desc(), Account.id.desc())
    return _list(session, closed.limit(CLOSED_SHOWN))


def open_account_again(batch: Batch, account: Account) -> None:
    """It is open again with the password it had; nobody is signed in with it, and its second factor is off.

    Raises AccountExists where another has its name or phone by now.
    """
    try:
        batch.change(account, archived_at=None)
    except IntegrityError:
        raise AccountExists(say("account_with_name_or_phone")) from None


def _is_unchanged(session: Session, candidate: Candidate) -> bool:
    """Whether the password that was compared is still the account's, and the account still open."""
    kept = session.scalar(
        select(Account.password_hash).where(Account.id == candidate.account_id, Account.archived_at.is_(None))
    )
    return kept == candidate.password_hash


def _mark_password(password_hash: str) -> str:
    return hash_text(password_hash)[:16]


def _as_phone(login: str, region: str, area_code: str) -> str | None:
    try:
        return normalise(login, region, area_code).e164
    except InvalidNumber:
        return None
