"""The tables of the second factor: a secret that an account's phone has too, and codes for when that phone is lost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, BigId
from groups.models.accounts import Account


class SecondFactor(Base):
    """An account's secret for one-time codes (TOTP, RFC 6238). It is asked for once it has been confirmed."""

    __tablename__ = "second_factors"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    secret: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    # The last step of 30 seconds of which a code was taken: none is taken twice, and none before it.
    last_step: Mapped[int] = mapped_column(BigInteger)

    account: Mapped[Account] = relationship()


class RecoveryCode(Base):
    """A code that stands in for the phone, once. Only its digest is kept."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    code_digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()
