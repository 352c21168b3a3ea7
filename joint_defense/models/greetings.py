"""Good mornings: who wishes to be asked whether they are well, and what became of it on each day."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, BigId, store_as_value
from joint_defense.models import incidents  # noqa: F401 - the table that these point to
from joint_defense.rules.states import Channel
from joint_defense.rules.upkeep.greetings import GreetingOutcome, GreetingStep


class Greeting(Base):
    """Somebody who lives alone and wishes to be asked every day (平安问候). Of one that has ended no contact is kept.

    It holds no name and no number of theirs: those are the roster's. Only whoever has enrolled them (`account_id`;
    None: a command) and administrators see it.
    """

    __tablename__ = "greetings"
    __table_args__ = (
        Index(
            "uq_greetings_open",
            "household_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_greetings_phone_id", "phone_id"),
        Index("ix_greetings_village_id", "village_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int] = mapped_column(BigId)
    household_id: Mapped[int] = mapped_column(BigId)
    phone_id: Mapped[int] = mapped_column(BigId)
    channel: Mapped[Channel] = mapped_column(store_as_value(Channel))
    # The minute of the local day at which they are asked.
    minute: Mapped[int] = mapped_column(SmallInteger)
    contact_name: Mapped[str] = mapped_column(String(40))
    # In E.164; empty: they named nobody.
    contact_number: Mapped[str] = mapped_column(String(16))
    contact_texts: Mapped[bool]
    # Whether an alarm is raised where nobody answers at all.
    alarms: Mapped[bool]
    # Who agreed, on which day, to which version of the town's text and of our words about the greeting.
    consent_by: Mapped[str] = mapped_column(String(64))
    consent_on: Mapped[date]
    consent_version: Mapped[int | None]
    words_version: Mapped[int] = mapped_column(SmallInteger)
    # The last day on which they were asked, or need not be asked any more.
    last_on: Mapped[date | None]
    # The day on which they are asked again.
    paused_until: Mapped[date | None]
    # Since when they cannot be asked: their phone takes neither calls nor texts any more.
    unasked_on: Mapped[date | None]
    account_id: Mapped[int | None] = mapped_column(BigId)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(80), default="", server_default="")


class GreetingChange(Base):
    """What a greeting was before somebody changed it (平安问候的修改), so that it can be taken back. Of a greeting that
    has ended none is kept.
    """

    __tablename__ = "greeting_changes"
    __table_args__ = (Index("ix_greeting_changes_greeting_id_id", "greeting_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    greeting_id: Mapped[int] = mapped_column(ForeignKey("greetings.id"))
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    # Since when it is taken back.
    undone_at: Mapped[datetime | None]
    # As it stood before.
    channel: Mapped[Channel] = mapped_column(store_as_value(Channel))
    minute: Mapped[int] = mapped_column(SmallInteger)
    contact_name: Mapped[str] = mapped_column(String(40))
    contact_number: Mapped[str] = mapped_column(String(16))
    contact_texts: Mapped[bool]
    alarms: Mapped[bool]


class GreetingDay(Base):
    """A day on which somebody was asked, once: how far it has come, how it ended. `incident_id` carries the calls."""

    __tablename__ = "greeting_days"
    __table_args__ = (
        UniqueConstraint("greeting_id", "day"),
        Index(
            "ix_greeting_days_open",
            "next_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    greeting_id: Mapped[int] = mapped_column(ForeignKey("greetings.id"))
    day: Mapped[date]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    step: Mapped[GreetingStep] = mapped_column(store_as_value(GreetingStep))
    opened_at: Mapped[datetime]
    # When the next step is due (None: none is left).
    next_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[GreetingOutcome | None] = mapped_column(store_as_value(GreetingOutcome))
    closed_by: Mapped[str] = mapped_column(String(80), default="", server_default="")
