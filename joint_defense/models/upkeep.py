"""Numbers that are looked after: tasks and the texts about them, hours and holidays, changes by text, tests, checks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, BigId, store_as_value
from joint_defense.models import incidents  # noqa: F401 - the table that these point to
from joint_defense.rules.tasks import ChangeState, TaskOutcome, TaskReason, TaskStage


class PhoneTask(Base):
    """A number that fails, and is to be mended (待办). It holds no name and no number: those are the roster's."""

    __tablename__ = "phone_tasks"
    __table_args__ = (
        Index(
            "uq_phone_tasks_open",
            "phone_id",
            "device_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_phone_tasks_village_id_closed_at", "village_id", "closed_at"),
        Index(
            "ix_phone_tasks_next_at",
            "next_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int] = mapped_column(BigId)
    household_id: Mapped[int] = mapped_column(BigId, index=True)
    phone_id: Mapped[int] = mapped_column(BigId)
    reason: Mapped[TaskReason] = mapped_column(store_as_value(TaskReason))
    stage: Mapped[TaskStage] = mapped_column(store_as_value(TaskStage))
    opened_at: Mapped[datetime]
    # When somebody else is to be asked (None: it waits for the village's head).
    next_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[TaskOutcome | None] = mapped_column(store_as_value(TaskOutcome))
    closed_by: Mapped[str] = mapped_column(String(80), default="", server_default="")
    # The device at this line that keeps silent; 0: it is the number itself that fails.
    device_id: Mapped[int] = mapped_column(BigId, default=0, server_default="0")


class DevicePress(Base):
    """A press of a device whose test was asked for. Until somebody says by key that it was the test it is a call for
    help that is about to be raised: `raise_at` is when the clock does, whatever becomes of the call.
    """

    __tablename__ = "device_presses"
    __table_args__ = (
        UniqueConstraint("call_sid"),
        Index(
            "ix_device_presses_raise_at",
            "raise_at",
            sqlite_where=text("raise_at IS NOT NULL"),
            postgresql_where=text("raise_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    test_id: Mapped[int] = mapped_column(BigId)
    household_id: Mapped[int] = mapped_column(BigId)
    # Empty once it is known what it was.
    number: Mapped[str] = mapped_column(String(16))
    call_sid: Mapped[str] = mapped_column(String(64))
    line_account: Mapped[str] = mapped_column(String(64))
    pressed_at: Mapped[datetime]
    raise_at: Mapped[datetime | None]
    # Whether it was the test (None: not known yet).
    is_test: Mapped[bool | None]


class TaskText(Base):
    """A text that asked for a task, or told the village's head of it. One text may name several tasks."""

    __tablename__ = "task_texts"
    __table_args__ = (
        UniqueConstraint("task_id", "stage", "texted_on"),
        Index("ix_task_texts_incident_id", "incident_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("phone_tasks.id"))
    stage: Mapped[TaskStage] = mapped_column(store_as_value(TaskStage))
    texted_on: Mapped[date]
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))


class UpkeepHours(Base):
    """When a village's numbers are looked after by themselves: asked for, tested. Rows stay; the newest is in force.

    `spans` is written like DRILL_HOURS; NULL: at no hour, nothing rings or texts by itself.
    """

    __tablename__ = "upkeep_hours"
    __table_args__ = (Index("ix_upkeep_hours_village_id_id", "village_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int] = mapped_column(BigId)
    spans: Mapped[str | None] = mapped_column(String(64))
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))


class Holiday(Base):
    """A day on which nothing rings or texts by itself, in any village."""

    __tablename__ = "holidays"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))


class NumberChange(Base):
    """A number that somebody has changed by text, until the new one has been asked. What is over keeps no number."""

    __tablename__ = "number_changes"
    __table_args__ = (
        Index(
            "ix_number_changes_open",
            "next_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    phone_id: Mapped[int] = mapped_column(BigId, index=True)
    household_id: Mapped[int] = mapped_column(BigId, index=True)
    new_number: Mapped[str] = mapped_column(String(16))
    is_mobile: Mapped[bool]
    asked_by: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[ChangeState] = mapped_column(store_as_value(ChangeState))
    calls: Mapped[int] = mapped_column(SmallInteger)
    asked_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    # The last call to the new number.
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)


class PhoneCheck(Base):
    """When a phone was last rung by a drill or test, how often in a row in vain, and when it is to be tested.

    `unsure` grows with every miss and shrinks with every answer: whoever rarely answers is tested sooner. After a call
    that could not be put through, and rang nobody, `rung_on` stands some days earlier: it is tried again sooner.
    `slot` is the place in the permitted time of `planned_on`, in thousandths. `proven_on` is the last proof as it was
    when the phone was last looked at: the roster's may be younger, never older, so that a day's plan looks only at
    those whose proof was growing old.
    """

    __tablename__ = "phone_checks"
    __table_args__ = (
        Index(
            "ix_phone_checks_planned",
            "planned_on",
            "village_id",
            "slot",
            sqlite_where=text("planned_on IS NOT NULL"),
            postgresql_where=text("planned_on IS NOT NULL"),
        ),
    )

    phone_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    village_id: Mapped[int] = mapped_column(BigId, index=True)
    proven_on: Mapped[date | None]
    rung_on: Mapped[date | None]
    missed: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    unsure: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    planned_on: Mapped[date | None]
    slot: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")


class UpkeepDay(Base):
    """A day whose tests have been planned."""

    __tablename__ = "upkeep_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    planned: Mapped[int] = mapped_column(default=0, server_default="0")


class VillageCheck(Base):
    """A half-monthly check that somebody has signed off (半月检查): due on which day, by whom, and what stood open.

    `stood_open` holds ids alone, a list for each section: names and numbers are the roster's, and may have to go.
    """

    __tablename__ = "village_checks"
    __table_args__ = (UniqueConstraint("village_id", "due_on"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int] = mapped_column(BigId)
    due_on: Mapped[date] = mapped_column(index=True)
    signed_at: Mapped[datetime]
    signed_by: Mapped[str] = mapped_column(String(80))
    stood_open: Mapped[dict[str, Any]] = mapped_column(JSON)


class ChecksBegin(Base):
    """The one row of a town that had households before it had half-monthly checks: the first day that may be due.

    Written when the town's database was brought up to date; a town that is new has none.
    """

    __tablename__ = "checks_begin"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    begin_on: Mapped[date]


class VillageCheckText(Base):
    """A text that told a village's head of a check that is overdue; without an incident: nobody there can be told."""

    __tablename__ = "village_check_texts"
    __table_args__ = (UniqueConstraint("village_id", "due_on", "told_on"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int] = mapped_column(BigId)
    due_on: Mapped[date]
    told_on: Mapped[date] = mapped_column(index=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
