"""The tables behind the figures: what was counted, who lived where, which phones were proven, what was given and paid.

Days are the town's own. A period counts from its first day up to, and not on, `ends_on`.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, BigId, store_as_value
from groups.models.accounts import Account
from groups.models.roster import RECORDED
from groups.rules.counting import CountKind


class HouseholdCount(Base):
    """How many households a village had from `counted_on` until its next count of that kind."""

    __tablename__ = "household_counts"
    __table_args__ = (
        UniqueConstraint("village_id", "kind", "counted_on"),
        CheckConstraint("households >= 0", name="households"),
        RECORDED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int] = mapped_column(ForeignKey("villages.id"))
    kind: Mapped[CountKind] = mapped_column(store_as_value(CountKind))
    counted_on: Mapped[date]
    households: Mapped[int]


class IssuedReport(Base):
    """A report that was handed out, as it was: what was asked, what was known, the answer's own bytes and their digest.

    It is never changed: what is known today stands beside it, not in its place.
    """

    __tablename__ = "issued_reports"
    __table_args__ = (Index("ix_issued_reports_as_of", "as_of"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    as_of: Mapped[date]
    known_at: Mapped[datetime]
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[int | None] = mapped_column(ForeignKey(Account.id))
    question: Mapped[dict[str, str]] = mapped_column(JSON)
    """The words of the question (see `CoverageQuery.words`)."""
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the figures as JSON: what two people compare who hold the report."""
    seal: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """SHA-256 of the rest of the row; empty: it was issued by a release that did not seal."""


class IssuedFile(Base):
    """An issued report in one of its forms, byte for byte."""

    __tablename__ = "issued_files"

    report_id: Mapped[int] = mapped_column(ForeignKey("issued_reports.id"), primary_key=True)
    form: Mapped[str] = mapped_column(String(8), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))


class BooksCheck(Base):
    """What was found when the books were looked at, once a day of the town's: whether each figure is what the rows say.

    `flaws` are messages, each by its code and values, the first ones of `found`.
    """

    __tablename__ = "books_checks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[date] = mapped_column(unique=True)
    checked_at: Mapped[datetime]
    seconds: Mapped[float]
    found: Mapped[int]
    flaws: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class Threshold(Base):
    """From which coverage a village is a demonstration village, from a day on; in hundredths of a per cent."""

    __tablename__ = "thresholds"
    __table_args__ = (CheckConstraint("basis_points BETWEEN 1 AND 10000", name="basis_points"), RECORDED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    starts_on: Mapped[date] = mapped_column(unique=True)
    basis_points: Mapped[int]


class Residence(Base):
    """Where a household was in the roster: its village and group, and the group's grid. One at a time.

    `supposed`: nobody noted where it lived, but it was signed up; such a home is in no group, and goes with what
    makes it necessary.
    """

    __tablename__ = "residences"
    __table_args__ = (
        UniqueConstraint("household_id", "starts_on"),
        Index(
            "uq_residences_household_id_open",
            "household_id",
            unique=True,
            sqlite_where=text("ends_on IS NULL"),
            postgresql_where=text("ends_on IS NULL"),
        ),
        Index("ix_residences_village_id_starts_on", "village_id", "starts_on"),
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="ends_after_start"),
        RECORDED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    village_id: Mapped[int] = mapped_column(ForeignKey("villages.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"), index=True)
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("grids.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    supposed: Mapped[bool] = mapped_column(default=False, server_default=false())


class ProofKind(StrEnum):
    """What has proven that a phone is reached."""

    CALL = "call"
    """A person answered a call and pressed a key, or called for help from this phone."""
    TEXT = "text"
    """A person sent a text from this phone. (Before 2026-12 also: a text was delivered.)"""
    DRILL = "drill"
    """A drill was answered."""


class ReachProof(Base):
    """A phone was reached on a day; `household_id` is whose it was then."""

    __tablename__ = "reach_proofs"
    __table_args__ = (
        UniqueConstraint("phone_id", "proven_on", "kind"),
        Index("ix_reach_proofs_proven_on_household_id", "proven_on", "household_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    phone_id: Mapped[int] = mapped_column(ForeignKey("phones.id"))
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    proven_on: Mapped[date]
    kind: Mapped[ProofKind] = mapped_column(store_as_value(ProofKind))
    noted_at: Mapped[datetime | None]
    """Since when it is known; None: it was noted by a release that did not say."""
