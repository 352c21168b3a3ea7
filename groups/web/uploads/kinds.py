"""What the pages of a kind of list have of their own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import url_for
from sqlalchemy.orm import Session

from groups.models.accounts import AccountRole
from groups.models.uploads import Upload, UploadKind
from groups.uploads.kinds import ListKind


@dataclass(frozen=True, slots=True)
class Said:
    """What a page has to say besides the list: what is wrong, and how many changes stand in the way of undoing it."""

    wrong: str = ""
    in_the_way: int = 0


class ListPages(ABC):
    """A kind's pages."""

    kinds: ClassVar[frozenset[UploadKind]]
    lists: ClassVar[ListKind]
    roles: ClassVar[frozenset[AccountRole]]
    frame: ClassVar[str] = "uploads/frame.html"
    """The template that stands around the pages all kinds share."""

    @abstractmethod
    def admit(self, session: Session, upload: Upload, *, hold: bool = False) -> None:
        """404 for whoever the list is not there for. `hold`: what it changes is changed by one at a time from here."""

    @abstractmethod
    def begin(self, upload: Upload, wrong: str = "") -> str:
        """The page where such a list is brought, once more."""

    @abstractmethod
    def begin_address(self, session: Session, upload: Upload) -> str:
        """That page's address."""

    @abstractmethod
    def heading(self, session: Session, upload: Upload) -> str:
        """What stands above the list while it is worked on."""

    @abstractmethod
    def preview(self, session: Session, upload: Upload, said: Said) -> str:
        """The page of a list that was looked through, or is written."""

    @abstractmethod
    def fields(self) -> Mapping[str, Any]:
        """What a column may hold, with its words."""

    def column_hint(self) -> str:
        """What has to be said of the columns where they are not understood."""
        return ""

    def decision(self, value: str) -> Any:
        """What a form's value says of a row; None leaves it open."""
        return None

    def mend(self, session: Session, upload: Upload) -> tuple[bytes, str] | None:
        """The rows to mend, as a workbook, and whose list it is, in Chinese; None where there are none."""
        return None

    def after_writing(self, session: Session, upload: Upload) -> str:
        """The address to go on to once the list is written; whatever is to be said there is flashed."""
        return url_for("uploads.show", key=upload.key)
