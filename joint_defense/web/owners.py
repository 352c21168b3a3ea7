"""Whose setting a page shows and saves: a village's own, or the town's, which holds where a village has none."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from groups.web.shell.access import KEEPERS, AccountRole, get_own_village, get_signed_in


@dataclass(frozen=True, slots=True)
class Owner:
    """A village, or (no id, no code) the town. `pages` is the blueprint with the views of both."""

    pages: str
    village_id: int | None = None
    code: str = ""
    name: str = ""

    @property
    def address(self) -> str:
        """Where the setting is seen and saved."""
        return url_for(f"{self.pages}.show", code=self.code) if self.code else url_for(f"{self.pages}.show_town")

    @property
    def restoring(self) -> str:
        """Where an older version is put in force again, for pages that keep versions."""
        if self.code:
            return url_for(f"{self.pages}.restore", code=self.code)
        return url_for(f"{self.pages}.restore_town")

    @property
    def may_change(self) -> bool:
        """Whether whoever is signed in may save it."""
        role = get_signed_in().role
        return role is AccountRole.ADMIN or (bool(self.code) and role in KEEPERS)


def find_owner(session: Session, pages: str, code: str | None) -> Owner:
    """The village of this code, which must be the reader's own, or (None) the town. 404 where there is none."""
    if code is None:
        return Owner(pages)
    village = get_own_village(session, code)
    return Owner(pages, village.id, village.code, village.name)
