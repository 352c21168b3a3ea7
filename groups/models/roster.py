"""The roster's tables: villages, grids, groups, households, phones, subscriptions.

Nothing is deleted: a row that no longer counts has `archived_at`. Nearness is `Household.position`: the order of
the doors in a group, so the nearest neighbours are those whose position differs least.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, BigId, store_as_value
from groups.rules.names import make_keys

ENDING = 4
"""By so many of its last digits a number is found in a whole county."""


RECORDED: dict[str, Any] = {"sqlite_autoincrement": True}
"""For tables whose rows may be taken out: the record of changes knows them by their id, which must not come again."""


class VillageKind(StrEnum):
    """A village's committee (村) or a residents' committee (居)."""

    VILLAGE = "village"
    COMMITTEE = "committee"


class PhoneKind(StrEnum):
    """A mobile (手机) takes calls and texts, a landline (固话) calls only."""

    MOBILE = "mobile"
    LANDLINE = "landline"


class Language(StrEnum):
    """What a phone is spoken and written to in."""

    CHINESE = "zh"
    ENGLISH = "en"


class FirstHelp(StrEnum):
    """Why a household needs help first when something happens around it."""

    ALONE = "alone"
    """An elderly person living alone (独居老人)."""
    DISABLED = "disabled"
    """Somebody who cannot get out by themselves (行动不便)."""
    OTHER = "other"


def _make_key(name: str) -> Callable[[DefaultExecutionContext], str]:
    """The search key of this name, of a household that is written without it."""

    def make_default(context: DefaultExecutionContext) -> str:
        found: str = make_keys(_get_written(context)["head"])[name]
        return found

    return make_default


def _find_ending(context: DefaultExecutionContext) -> str:
    """The last digits of a phone's number."""
    number: str = _get_written(context)["number"]
    return number[-ENDING:]


def _get_written(context: DefaultExecutionContext) -> dict[str, Any]:
    written: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return written


class Village(Base):
    """A village (村) or residents' committee (居)."""

    __tablename__ = "villages"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    name_en: Mapped[str] = mapped_column(String(64), default="", server_default="")
    kind: Mapped[VillageKind] = mapped_column(store_as_value(VillageKind), default=VillageKind.VILLAGE)
    archived_at: Mapped[datetime | None]


class Grid(Base):
    """A grid (网格) of a village; a virtual one has no ground of its own (a market, a factory's dormitory)."""

    __tablename__ = "grids"
    __table_args__ = (UniqueConstraint("village_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int] = mapped_column(ForeignKey("villages.id"))
    name: Mapped[str] = mapped_column(String(64))
    virtual: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[datetime | None]


class Group(Base):
    """A joint-defence group (联防组) of about ten households.

    Leader and deputy are households, and may live outside the group.
    """

    __tablename__ = "groups"
    __table_args__ = (
        Index(
            "uq_groups_village_id_name",
            "village_id",
            "name",
            unique=True,
            sqlite_where=text("archived_at IS NULL"),
            postgresql_where=text("archived_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int] = mapped_column(ForeignKey("villages.id"))
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("grids.id"))
    name: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(default=0)
    leader_id: Mapped[int | None] = mapped_column(
        ForeignKey("households.id", use_alter=True, name="fk_groups_leader_id")
    )
    deputy_id: Mapped[int | None] = mapped_column(
        ForeignKey("households.id", use_alter=True, name="fk_groups_deputy_id")
    )
    backup_group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    archived_at: Mapped[datetime | None]

    village: Mapped[Village] = relationship()
    households: Mapped[list[Household]] = relationship(
        back_populates="group", foreign_keys="Household.group_id", order_by="Household.position"
    )


class Household(Base):
    """A household (户): its head, its door, and where a neighbour looks for it."""

    __tablename__ = "households"
    __table_args__ = (
        Index("ix_households_village_id_group_id", "village_id", "group_id"),
        # What begins so is found in a whole county, whatever the database's collation: names, pinyin, doors, places.
        *(
            Index(f"ix_households_{name}_begins", name, postgresql_ops={name: "varchar_pattern_ops"})
            for name in ("head", "initials", "given", "door", "landmark")
        ),
        Index("ix_households_search", "search", postgresql_ops={"search": "varchar_pattern_ops"}),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int] = mapped_column(ForeignKey("villages.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"), index=True)
    head: Mapped[str] = mapped_column(String(64))
    door: Mapped[str] = mapped_column(String(64), default="")
    landmark: Mapped[str] = mapped_column(String(64), default="", server_default="")
    position: Mapped[int] = mapped_column(default=0)
    silent: Mapped[bool] = mapped_column(default=False)
    """An alarm from this house must not make a sound in it: the caller cannot speak."""
    away_until: Mapped[datetime | None]
    """Nobody is at home before this moment: the end of the last day they are away."""
    first_help: Mapped[FirstHelp | None] = mapped_column(store_as_value(FirstHelp))
    note: Mapped[str] = mapped_column(String(200), default="", server_default="")
    # What it is found by: `names.kept_keys` of its head. Whoever changes the head changes these.
    search: Mapped[str] = mapped_column(String(200), default=_make_key("search"), server_default="")
    initials: Mapped[str] = mapped_column(String(64), default=_make_key("initials"), server_default="")
    given: Mapped[str] = mapped_column(String(64), default=_make_key("given"), server_default="")
    """The pinyin of the given name."""
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Counts up with every change of the household or its phones, so that two people who edit it meet."""
    archived_at: Mapped[datetime | None]

    village: Mapped[Village] = relationship()
    group: Mapped[Group | None] = relationship(back_populates="households", foreign_keys=[group_id])
    phones: Mapped[list[Phone]] = relationship(back_populates="household", order_by="Phone.rank")


_SUSPECT = "archived_at IS NULL AND (failures >= 2 OR call_refused_code IS NOT NULL OR text_refused_code IS NOT NULL)"


class Phone(Base):
    """A phone (电话) of a household, in E.164. `rank` 1 is rung first.

    Unique among the active ones, so that a caller is found with one indexed query.
    """

    __tablename__ = "phones"
    __table_args__ = (
        Index(
            "uq_phones_number_active",
            "number",
            unique=True,
            sqlite_where=text("archived_at IS NULL"),
            postgresql_where=text("archived_at IS NULL"),
        ),
        CheckConstraint("rank >= 1", name="rank"),
        # Those that may have to be mended are few: they are found without a look at all others.
        Index(
            "ix_phones_suspect",
            "id",
            sqlite_where=text(_SUSPECT),
            postgresql_where=text(_SUSPECT),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    number: Mapped[str] = mapped_column(String(16))
    ending: Mapped[str] = mapped_column(String(ENDING), default=_find_ending, server_default="", index=True)
    """The last digits of the number, which never changes: another number is another phone."""
    rank: Mapped[int] = mapped_column(default=1)
    kind: Mapped[PhoneKind] = mapped_column(store_as_value(PhoneKind))
    holder: Mapped[str] = mapped_column(String(64), default="", server_default="")
    may_call: Mapped[bool] = mapped_column(default=True)
    may_text: Mapped[bool] = mapped_column(default=True)
    language: Mapped[Language] = mapped_column(store_as_value(Language), default=Language.CHINESE)
    # Set when the carrier refused the number for good on that channel: its error code, and when.
    call_refused_code: Mapped[str | None] = mapped_column(String(16))
    call_refused_at: Mapped[datetime | None]
    text_refused_code: Mapped[str | None] = mapped_column(String(16))
    text_refused_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    """Alarms and drills in which the carrier could not put a call through to it, since somebody last answered there."""
    failed_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]

    household: Mapped[Household] = relationship(back_populates="phones")
