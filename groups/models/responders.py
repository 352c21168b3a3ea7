"""The tables of those who watch over a village beside its households: responders (人网) and camera places (天网).

Nothing is deleted: a row that no longer counts has `archived_at`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, BigId, store_as_value
from groups.models.roster import Language


class Team(StrEnum):
    """Which of the teams (队伍) a responder belongs to."""

    STATION = "station"
    """The duty phone itself (值班电话): of the village's office, or of the town's centre."""
    SECURITY = "security"
    PATROL = "patrol"
    GUARDS = "guards"
    """Security guards of companies (企事业保卫)."""
    VOLUNTEERS = "volunteers"


class Responder(Base):
    """Somebody who is rung when too few neighbours come, while on duty; without a village it is the town's centre.

    `hours` are the weekly duty hours as `rules.duty.written` writes them; empty: round the clock.
    """

    __tablename__ = "responders"
    __table_args__ = (
        Index(
            "uq_responders_village_id_number",
            "village_id",
            "number",
            unique=True,
            sqlite_where=text("archived_at IS NULL"),
            postgresql_where=text("archived_at IS NULL"),
        ),
        # To an index no empty village is like another: the centre's numbers have one of their own.
        Index(
            "uq_responders_number_of_centre",
            "number",
            unique=True,
            sqlite_where=text("archived_at IS NULL AND village_id IS NULL"),
            postgresql_where=text("archived_at IS NULL AND village_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int | None] = mapped_column(ForeignKey("villages.id"))
    team: Mapped[Team] = mapped_column(store_as_value(Team))
    name: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(16))
    may_call: Mapped[bool] = mapped_column(default=True)
    may_text: Mapped[bool] = mapped_column(default=True)
    language: Mapped[Language] = mapped_column(store_as_value(Language), default=Language.CHINESE)
    hours: Mapped[str] = mapped_column(String(400), default="", server_default="")
    # Set when the carrier refused the number for good on that channel: its error code, and when.
    call_refused_code: Mapped[str | None] = mapped_column(String(16))
    call_refused_at: Mapped[datetime | None]
    text_refused_code: Mapped[str | None] = mapped_column(String(16))
    text_refused_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]


class Camera(Base):
    """A camera's place (天网): what it is called, where it stands, and the grid it looks over."""

    __tablename__ = "cameras"
    __table_args__ = (
        Index(
            "uq_cameras_village_id_name",
            "village_id",
            "name",
            unique=True,
            sqlite_where=text("archived_at IS NULL"),
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index("ix_cameras_grid_id", "grid_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int] = mapped_column(ForeignKey("villages.id"))
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("grids.id"))
    name: Mapped[str] = mapped_column(String(64))
    landmark: Mapped[str] = mapped_column(String(64), default="", server_default="")
    archived_at: Mapped[datetime | None]
