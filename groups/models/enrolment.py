"""Subscriptions, gifts and tariffs: who has signed up, with what, and what it costs.

A subscription counts in the home that its household has on the day: both are dated, and met day by day.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    case,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, BigId, store_as_value
from groups.models.consents import ConsentText
from groups.models.figures import Residence
from groups.models.roster import RECORDED


def is_active(day: date) -> ColumnElement[bool]:
    """The subscriptions that count on `day`."""
    return (Subscription.starts_on <= day) & (Subscription.ends_on.is_(None) | (Subscription.ends_on > day))


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
        Index("ix_devices_phone_id", "phone_id"),
        # The ledger's first page, out of a county's.
        Index("ix_devices_given_on_id", "given_on", "id"),
        CheckConstraint("returned_on IS NULL OR returned_on >= given_on", name="returned_after_given"),
        RECORDED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    kind: Mapped[DeviceKind] = mapped_column(store_as_value(DeviceKind))
    serial: Mapped[str] = mapped_column(String(64))
    given_on: Mapped[date]
    returned_on: Mapped[date | None]
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("devices.id"))
    # The line that it calls from (None: nobody has said which). No foreign key: the release before this one runs beside
    # the upgrade.
    phone_id: Mapped[int | None] = mapped_column(BigId)


class DeviceTestOutcome(StrEnum):
    """How a device's monthly test ended."""

    PRESSED = "pressed"
    """It was pressed, and whoever pressed it said by key that it was the test."""
    ALARM = "alarm"
    """It was pressed, and nobody said that it was a test: it was taken for a call for help."""
    MISSED = "missed"
    """Nobody pressed it, though asked twice."""
    ENDED = "ended"
    """It was returned, or tied to another line, or its line has left the roster."""


class DeviceTest(Base):
    """A month's test press of a device: the ledger of what was asked for and what came of it."""

    __tablename__ = "device_tests"
    __table_args__ = (
        Index(
            "uq_device_tests_open",
            "device_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_device_tests_device_id_asked_on", "device_id", "asked_on"),
        Index("ix_device_tests_phone_id", "phone_id"),
        Index(
            "ix_device_tests_pressed_at",
            "pressed_at",
            sqlite_where=text("pressed_at IS NOT NULL"),
            postgresql_where=text("pressed_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id"))
    phone_id: Mapped[int] = mapped_column(ForeignKey("phones.id"))
    asked_on: Mapped[date]
    reminded_on: Mapped[date | None]
    # Until when a press is asked whether it is the test; before and after, it is a call for help at once.
    open_until: Mapped[datetime]
    pressed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[DeviceTestOutcome | None] = mapped_column(store_as_value(DeviceTestOutcome))


class SettledMonth(Base):
    """A month whose bill was settled: it stays as it was, and what is known later goes to the next month's bill."""

    __tablename__ = "settled_months"

    month: Mapped[date] = mapped_column(primary_key=True)
    settled_at: Mapped[datetime]
    settled_by: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of its lines."""
    seal: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """SHA-256 of the rest of the row and of the digest; empty: it was settled by a release that did not seal."""


class SettledLine(Base):
    """A line of a settled bill: of its own month, or the difference of one that was settled before."""

    __tablename__ = "settled_lines"
    __table_args__ = (UniqueConstraint("month", "of_month", "village_id", "plan"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    month: Mapped[date] = mapped_column(ForeignKey("settled_months.month"))
    of_month: Mapped[date]
    village_id: Mapped[int] = mapped_column(ForeignKey("villages.id"))
    village: Mapped[str] = mapped_column(String(64))
    plan: Mapped[str] = mapped_column(String(32))
    households: Mapped[int]
    unpriced: Mapped[int]
    """How many of them had no tariff: these are in no sum of money."""
    village_fen: Mapped[int] = mapped_column(BigInteger)
    carrier_fen: Mapped[int] = mapped_column(BigInteger)


class Tariff(Base):
    """What a month of a plan costs, from a day on: the village's share and the carrier's, in fen."""

    __tablename__ = "tariffs"
    __table_args__ = (
        UniqueConstraint("plan", "starts_on"),
        CheckConstraint("village_fen >= 0", name="village_fen"),
        CheckConstraint("carrier_fen >= 0", name="carrier_fen"),
        RECORDED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan: Mapped[str] = mapped_column(String(32))
    starts_on: Mapped[date]
    village_fen: Mapped[int]
    carrier_fen: Mapped[int]


class Channel(StrEnum):
    """Where a household signed up."""

    OFFICE = "office"
    """At the village office, with the liaison (村部集中办理)."""
    CARRIER = "carrier"
    """In the carrier's own list."""
    SHOP = "shop"
    """At the carrier's shop (营业厅)."""
    ROSTER = "roster"
    """It moved, and its subscription with it: written by releases in which a subscription named its village."""


class EndReason(StrEnum):
    """Why a subscription does not go on."""

    CANCELLED = "cancelled"
    SUSPENDED = "suspended"
    """For a while: `resume` begins another row of the same plan."""
    MOVED = "moved"
    """To another village, where another row goes on: written by releases in which a subscription named its village."""
    REPLACED = "replaced"
    """By another plan or number, in another row."""
    ARCHIVED = "archived"
    """The household is not in the roster any more."""


class Subscription(Base):
    """A household's subscription (开通), counted from `starts_on` up to, and not on, `ends_on`. Days are local.

    A household has one at a time; a suspension and another plan each begin another row. So an active row is a covered
    household. The village that counts it and pays its share is the one in which it lives on the day: see `Residence`.
    One that ends on its first day counted on none, and is on record.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        Index(
            "uq_subscriptions_household_id_starts_on",
            "household_id",
            "starts_on",
            unique=True,
            sqlite_where=text("ends_on IS NULL OR ends_on > starts_on"),
            postgresql_where=text("ends_on IS NULL OR ends_on > starts_on"),
        ),
        Index(
            "uq_subscriptions_household_id_open",
            "household_id",
            unique=True,
            sqlite_where=text("ends_on IS NULL"),
            postgresql_where=text("ends_on IS NULL"),
        ),
        # Who is signed up on a day comes from this index alone.
        Index("ix_subscriptions_household_id_days", "household_id", "starts_on", "ends_on"),
        # Who came and who went between two days; how many on each of two years' days, from these alone.
        Index("ix_subscriptions_starts_on", "starts_on"),
        Index("ix_subscriptions_ends_on", "ends_on"),
        Index("ix_subscriptions_number", "number"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
        RECORDED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    plan: Mapped[str] = mapped_column(String(32), default="")
    number: Mapped[str] = mapped_column(String(16), default="", server_default="")
    """The number that the carrier bills, in E.164; empty where it is not known."""
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    end_reason: Mapped[EndReason | None] = mapped_column(store_as_value(EndReason))
    consent_on: Mapped[date | None]
    consent_by: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Who of the household agreed."""
    consent_version: Mapped[int | None] = mapped_column(ForeignKey(ConsentText.version))
    """To which text; None: it was not kept."""
    consent_withdrawn_on: Mapped[date | None]
    channel: Mapped[Channel] = mapped_column(
        store_as_value(Channel), default=Channel.OFFICE, server_default=Channel.OFFICE.value
    )


def match_living_there(day: date, residence: type[Residence] = Residence) -> ColumnElement[bool]:
    """The homes of a day."""
    return (residence.starts_on <= day) & (residence.ends_on.is_(None) | (residence.ends_on > day))


def match_same_household() -> ColumnElement[bool]:
    """A subscription beside the homes of its household."""
    return Subscription.household_id == Residence.household_id


def share_a_day() -> ColumnElement[bool]:
    """A subscription beside each home in which its household lived while it was signed up."""
    return and_(
        match_same_household(),
        or_(Subscription.ends_on.is_(None), Residence.starts_on < Subscription.ends_on),
        or_(Residence.ends_on.is_(None), Subscription.starts_on < Residence.ends_on),
        # One that ended on its first day counted on none.
        or_(Subscription.ends_on.is_(None), Subscription.ends_on > Subscription.starts_on),
    )


def select_covered_from() -> ColumnElement[Any]:
    """The first day that both share."""
    return case((Residence.starts_on >= Subscription.starts_on, Residence.starts_on), else_=Subscription.starts_on)


def select_covered_until() -> ColumnElement[Any]:
    """The day from which they share none any more; None: for good."""
    one, other = Residence.ends_on, Subscription.ends_on
    return case((one.is_(None), other), (other.is_(None), one), (one <= other, one), else_=other)
