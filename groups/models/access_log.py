"""The record of who looked: each view and each file that showed people's numbers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, BigId
from groups.models.accounts import Account


class Look(Base):
    """Somebody was shown people's numbers: who, on which page or in which file, whose, how many, when.

    `village_id`, `group_id`, `household_id` and `incident_id` say whose they were, as narrowly as it is known; a list
    of the whole town has none of them. Rows are only added, and deleted when their time is over.
    """

    __tablename__ = "looks"
    __table_args__ = (
        Index("ix_looks_account_id_id", "account_id", "id"),
        Index("ix_looks_household_id_id", "household_id", "id"),
        Index("ix_looks_village_id_id", "village_id", "id"),
        Index("ix_looks_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    # None: somebody without an account (a signed link, a command, a client of the API).
    account_id: Mapped[int | None] = mapped_column(ForeignKey(Account.id))
    who: Mapped[str] = mapped_column(String(80))
    """The account's name as it was then; of others, what they are."""
    page: Mapped[str] = mapped_column(String(64))
    """The page or file, by the name it has in the code: `group.show`, `roster_files.download`."""
    form: Mapped[str] = mapped_column(String(8))
    """`page`, or the kind of file: `pdf`, `xlsx`, `csv`, `json`, `xml`."""
    rows: Mapped[int]
    """How many numbers were shown; of a list of people without numbers, how many people."""
    village_id: Mapped[int | None] = mapped_column(BigId)
    group_id: Mapped[int | None] = mapped_column(BigId)
    household_id: Mapped[int | None] = mapped_column(BigId)
    incident_id: Mapped[int | None] = mapped_column(BigId)
