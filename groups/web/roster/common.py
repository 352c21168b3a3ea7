"""Who sees and keeps which rosters: a village head the own village's, others are not there for them.

A liaison reads all rosters and changes none; an administrator keeps all. Also here: the record's author, and what a
page does with a change: one batch, committed, told, with its undo beside it.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import flash, request, url_for
from sqlalchemy.orm import Session

from config.database import read_clock
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from groups.roster.households import find_owner
from groups.web.shell.access import check_own_path, get_signed_in
from groups.web.shell.times import get_zone


def may_be_taken(session: Session, numbers: Iterable[str]) -> frozenset[str]:
    """Those of the numbers that whoever is signed in may take from where they stand: a head, within the village."""
    own = get_signed_in().village_id
    owners = {number: find_owner(session, number) for number in set(numbers)}
    return frozenset(
        number for number, owner in owners.items() if owner is not None and own in {None, owner.village_id}
    )


def make_batch(session: Session, action: Action, *, source: Source = Source.PAGE) -> Batch:
    """A batch in the name of whoever is signed in."""
    account = get_signed_in()
    return Batch(session, Author(account.name, source, account.account_id), action, read_clock(session), get_zone())


def tell(message: str, batch: Batch, code: str | None, *, undone: bool = False) -> None:
    """Say on the next page what was done, with a button that takes it back; nothing where nothing was changed.

    `code` is the village's; None: it was done to what belongs to the town. `undone`: what was done was an undo, and
    the button puts back what it took.
    """
    if batch.size:
        flash(message, f"{'redo' if undone else 'undo'}:{undo_address(code, batch.key)}")


def undo_address(code: str | None, key: str) -> str:
    """Where a batch is taken back."""
    if code is None:
        return url_for("history.undo_of_town", key=key)
    return url_for("history.undo_batch", code=code, key=key)


def find_way_back(fallback: str) -> str:
    """The page that a form names as the one to go back to, or `fallback`."""
    return check_own_path(request.form.get("next")) or fallback


def wants_fragment() -> bool:
    """Whether htmx asks for a part of a page."""
    return "HX-Request" in request.headers
