"""What a kind of list does its own way, and what it hands over to the work that all kinds share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from config.database import Database
from groups.errors import Message
from groups.files.columns import Columns, LeftOutSheet
from groups.models.uploads import Upload

Progress = Callable[[int], None]
"""Told the percent that is done."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a list is read by: the region and area code of its numbers, the countries called, and the town's days."""

    region: str
    area_code: str
    zone: ZoneInfo
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadList:
    """A list that was read: its sheets, and its rows; or (`reason`) why there are none.

    `layouts`: sheets that are alike, each with `sheets` (their places), `names`, `columns`, and whether they are
    `left_out`; a column has its `index`, `heading`, `field` (empty: not used), a few `samples`, and whether it was
    `guessed` by what stands in it.
    `rows` are the kind's own.
    """

    layouts: Sequence[dict[str, Any]]
    rows: Sequence[Any] = ()
    reason: Message | None = None
    about: Any = None
    """What else the kind has seen of it."""
    left_out: Sequence[LeftOutSheet] = ()


@dataclass(frozen=True, slots=True)
class RowSeen:
    """A row as a page shows it: see `models.uploads.UploadRow`."""

    verdict: str
    data: dict[str, Any]
    change: str = ""
    noted: bool = False
    decided: bool = False


@dataclass(frozen=True)
class Preview:
    """What writing a list would do, or has done: row by row, and in sum."""

    rows: Sequence[RowSeen]
    summary: dict[str, Any] = field(default_factory=dict)
    """Of the kind's own, but for two messages as `errors.kept` keeps them, or None. `confirm_twice`: what somebody has
    to say yes to twice; `cannot`: why it cannot be written at all.
    """
    batch: str = ""
    """The batch that it was written as; empty: it is not, or it changed nothing."""

    @cached_property
    def digest(self) -> str:
        """What tells one preview from another."""
        told = [(row.verdict, row.change, row.data) for row in self.rows]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    def keep_as_written(self, batch: str, **further: Any) -> Preview:
        """The same rows once they are written, with what more there is to say in sum; their digest is not made anew."""
        written = Preview(self.rows, self.summary | further, batch)
        vars(written)["digest"] = self.digest
        return written


class ListKind(Protocol):
    """A kind of list. `read` knows no database; `look` asks in short transactions, since an alarm may be waiting."""

    tries: int
    """So often it is written, where what it is held against changes meanwhile; then its preview is shown anew."""

    def read(self, upload: Upload, ground: Ground, progress: Progress) -> ReadList:
        """The sheets and rows of its file. Raises no GroupsError: the reason is in what it gives back."""

    def check_columns(self, upload: Upload, columns: Columns) -> None:
        """Raise GroupsError where columns cannot hold what somebody says."""

    def prepare(
        self, database: Database, upload: Upload, was_read: ReadList, ground: Ground, progress: Progress
    ) -> Any:
        """What is asked of the database before anything is judged, in short transactions."""

    def look(self, database: Database, upload: Upload, was_read: ReadList, prepared: Any, ground: Ground) -> Preview:
        """What writing it would do. Writes nothing."""

    def write(
        self,
        session: Session,
        upload: Upload,
        was_read: ReadList,
        prepared: Any,
        ground: Ground,
        now: datetime,
        progress: Progress,
    ) -> Preview | None:
        """Write it, all in the caller's transaction; None, and nothing must be committed, where it means another thing
        by now than its preview said. Raises NumberTaken, IntegrityError for the same.
        """
