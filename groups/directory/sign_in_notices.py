"""Texts that accounts' phones are owed about a sign-in, for whoever sends texts: taken one at a time, and done with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from groups.accounts import texted_codes
from groups.directory.phone_verdicts import OPTED_OUT
from groups.models.accounts import Account, SignInNotice
from groups.models.roster import Language, Phone
from groups.rules.phone import find_kind

IN_HAND = timedelta(minutes=2)
"""Whoever took one and has not said what became of it since is gone: it is sent again. A second text harms nobody."""


@dataclass(frozen=True, slots=True)
class NewSignIn:
    """Somebody has signed in from a browser that was not known. `takes_texts`: whether the phone can be told so."""

    id: int
    number: str
    language: str
    account_name: str
    browser: str
    signed_in_at: datetime
    takes_texts: bool


@dataclass(frozen=True, slots=True)
class TextedCode:
    """Six digits that somebody has asked for to sign in with. `takes_texts`: whether the phone can be texted at all.

    A phone whose household wishes no texts gets it all the same: its owner has asked for this one.
    """

    id: int
    number: str
    language: str
    code: str
    takes_texts: bool


def take_texted_code(session: Session, now: datetime, key: str) -> TextedCode | None:
    """The oldest code that is owed, in the hand of whoever asks from now on; None where there is none."""
    code = texted_codes.take_code(session, now, key)
    if code is None:
        return None
    account, phone = session.execute(
        select(Account, Phone)
        .outerjoin(Phone, and_(Phone.number == Account.phone, Phone.archived_at.is_(None)))
        .where(Account.id == code.account_id)
        .limit(1)
    ).one()
    refused = account.text_refused_code if phone is None else phone.text_refused_code
    return TextedCode(
        id=code.id,
        number=code.number,
        language=(phone.language if phone is not None else Language.CHINESE).value,
        code=code.code,
        takes_texts=find_kind(code.number) == "mobile" and refused != OPTED_OUT,
    )


def is_notice_owed(session: Session, now: datetime) -> bool:
    """Whether a text waits that nobody has in hand."""
    return session.scalar(select(SignInNotice.id).where(_is_free(now)).limit(1)) is not None


def take_notice(session: Session, now: datetime) -> NewSignIn | None:
    """The oldest text that is owed, in the hand of whoever asks from now on; None where there is none."""
    oldest = select(SignInNotice.id).where(_is_free(now)).order_by(SignInNotice.id).limit(1)
    take = update(SignInNotice).where(SignInNotice.id == oldest.scalar_subquery(), _is_free(now)).values(taken_at=now)
    taken = session.scalar(take.returning(SignInNotice.id).execution_options(synchronize_session=False))
    if taken is None:
        return None
    notice, account, phone = session.execute(
        select(SignInNotice, Account, Phone)
        .join(Account, SignInNotice.account_id == Account.id)
        .outerjoin(Phone, and_(Phone.number == SignInNotice.number, Phone.archived_at.is_(None)))
        .where(SignInNotice.id == taken)
        .limit(1)
    ).one()
    refused = account.text_refused_code if phone is None else phone.text_refused_code
    takes_texts = find_kind(notice.number) == "mobile" if phone is None else phone.may_text
    return NewSignIn(
        id=notice.id,
        number=notice.number,
        language=(phone.language if phone is not None else Language.CHINESE).value,
        account_name=account.name,
        browser=notice.browser,
        signed_in_at=notice.signed_in_at,
        takes_texts=takes_texts and refused != OPTED_OUT,
    )


def put_notice_back(session: Session, notice_id: int) -> None:
    """It could not be sent now: somebody takes it again."""
    session.execute(update(SignInNotice).where(SignInNotice.id == notice_id).values(taken_at=None))


def end_notice(session: Session, notice_id: int) -> None:
    """It is sent, or given up: nobody sends it any more."""
    session.execute(delete(SignInNotice).where(SignInNotice.id == notice_id))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(SignInNotice.taken_at.is_(None), SignInNotice.taken_at < now - IN_HAND)
