"""What was seen of the parts that no process of ours is: the carrier's account."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base


class AccountCheck(Base):
    """What the carrier said when it was last asked for something that only a working account is answered."""

    __tablename__ = "account_checks"

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    word: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
