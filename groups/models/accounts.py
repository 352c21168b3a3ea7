"""The accounts' tables: accounts, their sessions, and how often somebody guessed wrong.

A session's row is what makes a signed cookie revocable: the cookie carries a random token, the row its digest.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, BigId, store_as_value
from groups.models.roster import Village


class AccountRole(StrEnum):
    """What somebody who signs in is there for."""

    VILLAGE_HEAD = "village_head"
    """Keeps the rosters of one village, and watches its incidents."""
    OPERATOR = "operator"
    """Watches the incidents of all villages."""
    LIAISON = "liaison"
    """Enrols households, and reports the figures."""
    ADMIN = "admin"
    """Everything."""


class Account(Base):
    """Somebody who may sign in, by name or by phone (E.164). A village head belongs to a village, nobody else does."""

    __tablename__ = "accounts"
    __table_args__ = (
        Index(
            "uq_accounts_name_active",
            "name",
            unique=True,
            sqlite_where=text("archived_at IS NULL"),
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index(
            "uq_accounts_phone_active",
            "phone",
            unique=True,
            sqlite_where=text("archived_at IS NULL"),
            postgresql_where=text("archived_at IS NULL"),
        ),
        CheckConstraint("(role = 'village_head') = (village_id IS NOT NULL)", name="village_of_its_head"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    phone: Mapped[str | None] = mapped_column(String(16))
    role: Mapped[AccountRole] = mapped_column(store_as_value(AccountRole))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("villages.id"))
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    # Set when its phone wants no more texts, or the carrier refused them for good: the code, and when.
    text_refused_code: Mapped[str | None] = mapped_column(String(16))
    text_refused_at: Mapped[datetime | None]

    village: Mapped[Village | None] = relationship()


class Invitation(Base):
    """A code that somebody hands over, with which an account's owner sets a password: once, and not for long.

    Of the code only its digest is kept.
    """

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    code_digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


class AccountSession(Base):
    """One browser that is signed in, until it expires or is revoked."""

    __tablename__ = "account_sessions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    browser: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


class SignInNotice(Base):
    """A text that an account's phone is owed: somebody has signed in with it from a browser that was not known.

    The row goes once it is sent, or once that is given up. `number` is as it was then (E.164).
    """

    __tablename__ = "sign_in_notices"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    number: Mapped[str] = mapped_column(String(16))
    browser: Mapped[str] = mapped_column(String(64), default="")
    signed_in_at: Mapped[datetime]
    # Since when a process has it in hand.
    taken_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


class SignInCode(Base):
    """Six digits that somebody has asked for by a name or phone, to sign in once: only their digest is kept.

    `subject` is what asking too often is counted by. Without an account nothing is sent: nobody is told whether there
    is one. The row goes after a day.
    """

    __tablename__ = "sign_in_codes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject: Mapped[str] = mapped_column(String(80), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    browser_digest: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime]
    # Since when a process has it in hand; when it was sent, or given up.
    taken_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    code_digest: Mapped[str | None] = mapped_column(String(64))
    expires_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(SmallInteger)
    used_at: Mapped[datetime | None]


class WrongPasswords(Base):
    """Wrong passwords in a row for an account, or for a name that no account has: both are locked out alike."""

    __tablename__ = "wrong_passwords"

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int] = mapped_column(SmallInteger)
    last_at: Mapped[datetime] = mapped_column(index=True)
    locked_until: Mapped[datetime | None]


class ApiClient(Base):
    """A program that may read the figures. Of its token only the digest is kept."""

    __tablename__ = "api_clients"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(Text)
    """Words with blanks between."""
    requests_per_minute: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))
    revoked_at: Mapped[datetime | None]
