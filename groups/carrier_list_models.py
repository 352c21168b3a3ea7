"""The table of the carrier's lists that somebody has brought in, before and after they are written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column

from config.database import Base, BigId


class CarrierList(Base):
    """A list as it was read. Nothing of it counts until it is written: then `batch` says as what.

    It is looked through (`looked_at`), as often as somebody changes its columns or decides; asked for (`asked_at`); and
    written, as a whole (`written_at`). `rows` are those of the file: [sheet, row number, texts]. `decisions` say by row
    whom a doubtful one means; 0: nobody. `outcome` counts the rows by what became of them.
    """

    __tablename__ = "carrier_lists"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    file_name: Mapped[str] = mapped_column(String(120))
    brought_at: Mapped[datetime]
    brought_by: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, default=b"", server_default=""))
    """The file, to be read again with other columns."""
    layouts: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, nullable=True)
    """How its sheets are understood: see `carrier_rows.Layout`. Lists of before this column have none."""
    rows: Mapped[list[Any]] = deferred(mapped_column(JSON))
    length: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many rows it has."""
    decisions: Mapped[dict[str, int]] = mapped_column(JSON)
    asked_at: Mapped[datetime | None]
    """Somebody has said: write it."""
    asked_by: Mapped[str] = mapped_column(String(64), default="", server_default="")
    done: Mapped[int] = mapped_column(default=0, server_default="0")
    """How much of the work that is being done now is done, in per cent."""
    told_at: Mapped[datetime | None]
    """When somebody asked for that work, or `done` moved last: long ago, whoever was at it is gone."""
    looked_at: Mapped[datetime | None]
    """When it was looked through, with these columns and decisions; None: it is to be, or is being."""
    picture: Mapped[dict[str, Any]] = deferred(mapped_column(JSON, default=dict))
    """What that came to, or the writing: see `carrier_picture`."""
    written_at: Mapped[datetime | None]
    batch: Mapped[str] = mapped_column(String(36), default="", server_default="")
    outcome: Mapped[dict[str, int]] = mapped_column(JSON)
