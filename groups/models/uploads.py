"""Lists on their way into the tables: the file as it came, what its columns are taken for, its rows, the decisions.

One table for every kind of list: a village's roster, the carrier's list, counts of households, responders, grids,
cameras. What a kind alone knows of a row stands in the row's `data`.
"""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Dialect, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from config.database import Base, BigId, store_as_value
from groups.errors import Message, keep_message, restore_message
from groups.models.accounts import Account
from groups.models.roster import Village


class UploadKind(StrEnum):
    """What a list is a list of."""

    ROSTER = "roster"
    """A village's households."""
    CARRIER = "carrier"
    """The carrier's customers."""
    COUNTS = "counts"
    """Counts of households, village by village."""
    RESPONDERS = "responders"
    GRIDS = "grids"
    CAMERAS = "cameras"


class UploadState(StrEnum):
    """How far a list has come."""

    READING = "reading"
    """It is to be looked through, or is being."""
    COLUMNS = "columns"
    """Its columns are not understood: somebody has to say what they hold."""
    READY = "ready"
    """Its preview stands; nothing is written."""
    REFUSED = "refused"
    """It cannot be read; `reason` says why."""
    WRITING = "writing"
    """It was confirmed, and is to be written, or is being."""
    WRITTEN = "written"
    """It is written, as the batch `batch`."""
    BROKEN = "broken"
    """Whoever worked on it is gone, or failed: nothing was written, and it can be tried again."""


class KeptMessage(TypeDecorator[Message]):
    """A message in a column: its code and values as JSON. A text of an earlier release is told as it stands."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Message | None, dialect: Dialect) -> str:
        return "" if value is None else json.dumps(keep_message(value), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Message | None:
        if not value:
            return None
        return restore_message(json.loads(value) if value.startswith('{"code"') else value)


class Upload(Base):
    """A list that somebody brought. `key` is its address, which nobody guesses."""

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(43), unique=True)
    kind: Mapped[UploadKind] = mapped_column(store_as_value(UploadKind))
    account_id: Mapped[int | None] = mapped_column(ForeignKey(Account.id), index=True)
    """Who brought it; None: a command did."""
    village_id: Mapped[int | None] = mapped_column(ForeignKey(Village.id))
    """The village whose list it is; None: the town's."""
    brought_by: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    """The file's name; empty for pasted cells."""
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """The file; empty once it is written."""
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What its bringer said of it, of the kind's own: `complete` of a roster, `day` of counts."""
    columns: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)
    """What somebody said that columns hold: the sheet's place, the column, the field."""
    decisions: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What somebody said of rows, by the row's key."""
    state: Mapped[UploadState] = mapped_column(store_as_value(UploadState), default=UploadState.READING)
    progress: Mapped[int] = mapped_column(default=0)
    """Percent of the work that is being done now."""
    asked_at: Mapped[datetime]
    """Since when it waits for that work."""
    taken_at: Mapped[datetime | None]
    """When whoever works on it last said that they do; None while it waits."""
    confirmed_by: Mapped[str] = mapped_column(String(64), default="")
    confirmed_account_id: Mapped[int | None] = mapped_column(ForeignKey(Account.id))
    """Who confirmed it; None: nobody yet, or a command."""
    once_more: Mapped[bool] = mapped_column(default=False)
    """They said so twice, as the preview asked."""
    reason: Mapped[Message | None] = mapped_column(KeptMessage)
    """Why it cannot be read, or is not understood."""
    changed_meanwhile: Mapped[bool] = mapped_column(default=False)
    """It was confirmed, but what it is held against had changed since the preview: nothing was written."""
    digest: Mapped[str] = mapped_column(String(64), default="")
    """What tells this preview from another."""
    layouts: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """Its sheets as a page shows them: see `groups.uploads.kinds.ReadList`."""
    length: Mapped[int] = mapped_column(default=0)
    """How many rows its preview has."""
    summary: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What looking through, or writing, came to in sum, of the kind's own."""
    batch: Mapped[str] = mapped_column(String(36), default="")
    undone: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    written_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is thrown away; None: it stays until somebody does."""


class UploadRow(Base):
    """A row of a list's preview. Its `place` counts from 0."""

    __tablename__ = "upload_rows"

    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    verdict: Mapped[str] = mapped_column(String(20))
    """What is to be said of it first: a word of the kind's own."""
    change: Mapped[str] = mapped_column(String(20), default="")
    """What it changes, whatever else is to be said of it; empty: nothing."""
    noted: Mapped[bool] = mapped_column(default=False)
    """Something of it is worth a look."""
    decided: Mapped[bool] = mapped_column(default=False)
    """Somebody has said what it means."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What a page shows of it, as the kind packs it."""
