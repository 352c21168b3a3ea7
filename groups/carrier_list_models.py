"""The table of the carrier's lists that somebody has brought in, before and after they are written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, deferred, mapped_column

from config.database import Base, BigId


class CarrierList(Base):
    """A list as it was read. Nothing of it counts until it is written: then `batch` says as what.

    `rows` are those of the file: [sheet, row number, texts]. `decisions` say by row whom a doubtful one means; 0:
    nobody. `outcome` counts the rows by what became of them.
    """

    __tablename__ = "carrier_lists"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    file_name: Mapped[str] = mapped_column(String(120))
    brought_at: Mapped[datetime]
    brought_by: Mapped[str] = mapped_column(String(64))
    rows: Mapped[list[Any]] = deferred(mapped_column(JSON))
    decisions: Mapped[dict[str, int]] = mapped_column(JSON)
    asked_at: Mapped[datetime | None]
    """Somebody has said: write it."""
    asked_by: Mapped[str] = mapped_column(String(64), default="", server_default="")
    done: Mapped[int] = mapped_column(default=0, server_default="0")
    """So many rows have been gone through, in the order in which they are written."""
    told_at: Mapped[datetime | None]
    """When `done` moved last: long ago, whoever was at it is gone."""
    written_at: Mapped[datetime | None]
    batch: Mapped[str] = mapped_column(String(36), default="", server_default="")
    outcome: Mapped[dict[str, int]] = mapped_column(JSON)
