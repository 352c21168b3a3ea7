"""The tables behind the figures: what was counted, who lived where, which phones were proven, what was given and paid.

Days are the town's own. A period counts from its first day up to, and not on, `ends_on`.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, BigId, stored_as_value
from groups.rules.coverage_report import CountKind


class HouseholdCount(Base):
    """How many households a village had from `counted_on` until its next count of that kind."""

    __tablename__ = "household_counts"
    __table_args__ = (
        UniqueConstraint("village_id", "kind", "counted_on"),
        CheckConstraint("households >= 0", name="households"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int] = mapped_column(ForeignKey("villages.id"))
    kind: Mapped[CountKind] = mapped_column(stored_as_value(CountKind))
    counted_on: Mapped[date]
    households: Mapped[int]


class Threshold(Base):
    """From which coverage a village is a demonstration village, from a day on; in hundredths of a per cent."""

    __tablename__ = "thresholds"
    __table_args__ = (CheckConstraint("basis_points BETWEEN 1 AND 10000", name="basis_points"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    starts_on: Mapped[date] = mapped_column(unique=True)
    basis_points: Mapped[int]


class Residence(Base):
    """Where a household was in the roster: its village and group, and the group's grid. One at a time."""

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
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    village_id: Mapped[int] = mapped_column(ForeignKey("villages.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"), index=True)
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("grids.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class ProofKind(StrEnum):
    """What has proven that a phone is reached."""

    CALL = "call"
    """A person answered a call and pressed a key."""
    TEXT = "text"
    """A text was delivered."""
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
    kind: Mapped[ProofKind] = mapped_column(stored_as_value(ProofKind))


class DeviceKind(StrEnum):
    """What a household is given."""

    KEY = "key"
    """A #9 key (平安联防#9按键)."""
    PHONE = "phone"
    """A dedicated phone (专用手机)."""


class Device(Base):
    """A gift (赠机): given, and perhaps returned, or replaced by another."""

    __tablename__ = "devices"
    __table_args__ = (
        # A thing is in one house at a time.
        Index(
            "uq_devices_kind_serial_out",
            "kind",
            "serial",
            unique=True,
            sqlite_where=text("returned_on IS NULL"),
            postgresql_where=text("returned_on IS NULL"),
        ),
        Index("ix_devices_household_id", "household_id"),
        # The ledger's first page, out of a county's.
        Index("ix_devices_given_on_id", "given_on", "id"),
        CheckConstraint("returned_on IS NULL OR returned_on >= given_on", name="returned_after_given"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    kind: Mapped[DeviceKind] = mapped_column(stored_as_value(DeviceKind))
    serial: Mapped[str] = mapped_column(String(64))
    given_on: Mapped[date]
    returned_on: Mapped[date | None]
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("devices.id"))


class Tariff(Base):
    """What a month of a plan costs, from a day on: the village's share and the carrier's, in fen."""

    __tablename__ = "tariffs"
    __table_args__ = (
        UniqueConstraint("plan", "starts_on"),
        CheckConstraint("village_fen >= 0", name="village_fen"),
        CheckConstraint("carrier_fen >= 0", name="carrier_fen"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan: Mapped[str] = mapped_column(String(32))
    starts_on: Mapped[date]
    village_fen: Mapped[int]
    carrier_fen: Mapped[int]


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
