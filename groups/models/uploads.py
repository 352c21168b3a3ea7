"""Lists on their way into a roster: the file as it came, what its columns are taken for, and the preview of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column

from config.database import Base, BigId, stored_as_value


class UploadState(StrEnum):
    """How far a list has come."""

    READING = "reading"
    """It is to be looked through, or is being."""
    COLUMNS = "columns"
    """Nobody can tell which column holds the heads or the phones: somebody has to say."""
    READY = "ready"
    """Its preview stands; nothing is written."""
    REFUSED = "refused"
    """It cannot be read; `reason` says why."""
    WRITING = "writing"
    """It was confirmed, and is to be written, or is being."""
    WRITTEN = "written"
    """It is in the roster, as the batch `batch`."""
    BROKEN = "broken"
    """Whoever worked on it is gone, or failed: nothing was written, and it can be tried again."""


class RosterUpload(Base):
    """A list that somebody brought, theirs alone, until it expires. `key` is its address, which nobody guesses."""

    __tablename__ = "roster_uploads"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(43), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    village_id: Mapped[int] = mapped_column(ForeignKey("villages.id"))
    name: Mapped[str] = mapped_column(String(120))
    """The file's name; empty for pasted cells."""
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    complete: Mapped[bool] = mapped_column(default=False)
    """It names every household of the village, so that whoever it lacks is to be archived."""
    columns: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)
    """What somebody said that columns hold: the sheet's place, the column, the field."""
    state: Mapped[UploadState] = mapped_column(stored_as_value(UploadState), default=UploadState.READING)
    progress: Mapped[int] = mapped_column(default=0)
    """Percent of the work that is being done now."""
    asked_at: Mapped[datetime]
    """Since when it waits for that work."""
    taken_at: Mapped[datetime | None]
    """When whoever works on it last said that they do; None while it waits."""
    once_more: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(400), default="")
    changed_meanwhile: Mapped[bool] = mapped_column(default=False)
    """It was confirmed, but somebody had changed the roster since the preview: nothing was written."""
    digest: Mapped[str] = mapped_column(String(64), default="")
    """What the preview said: whatever differs from it by the time it is confirmed is shown again, not written."""
    layouts: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    summary: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    preview: Mapped[bytes] = deferred(mapped_column(LargeBinary, default=b""))
    """The rows of the preview, as `kept_rows` packs them."""
    mend: Mapped[bytes] = deferred(mapped_column(LargeBinary, default=b""))
    """The workbook of the rows in error; empty where there are none."""
    batch: Mapped[str] = mapped_column(String(36), default="")
    undone: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
