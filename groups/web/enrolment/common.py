"""What the enrolment's pages share: who may read and write, whose household it is, refusals in words and status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import Flask, Response, abort, make_response, render_template, request
from flask_babel import gettext
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database, get_settings
from groups.enrolment.rules.bill import write_yuan
from groups.errors import (
    ChangedSince,
    DeviceElsewhere,
    GroupsError,
    NoSuchHousehold,
    NothingToUndo,
    NotSubscribed,
    NumberElsewhere,
    SubscriptionOverlaps,
)
from groups.models.accounts import AccountRole
from groups.models.roster import Household, Village
from groups.roster.search import VILLAGES_A_PAGE, find_villages_meant
from groups.rules.days import find_local_day
from groups.rules.phone import as_written_here, read_called_number
from groups.web.roster.common import make_batch
from groups.web.shell import languages
from groups.web.shell.access import find_signed_in, get_signed_in
from groups.web.shell.access_log import show_numbers
from groups.web.shell.downloads import TOWN, name_download
from groups.web.shell.languages import tell_reader
from groups.web.shell.times import get_zone

__all__ = ["get_database", "get_settings", "make_batch"]

MOST_OFFERED = VILLAGES_A_PAGE
"""More villages than this nobody looks through in a list."""
WRITERS = frozenset({AccountRole.LIAISON, AccountRole.ADMIN})
READERS = WRITERS | {AccountRole.VILLAGE_HEAD}

_CONFLICTS = (ChangedSince, DeviceElsewhere, NothingToUndo, NotSubscribed, NumberElsewhere, SubscriptionOverlaps)
_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def register(app: Flask) -> None:
    """Give templates `yuan`, `as_dialled`, `write_day`, `finding_words` and `enrols()`."""
    app.jinja_env.filters.update(
        yuan=write_yuan,
        as_dialled=as_dialled,
        day_text=write_day,
        finding_words=lambda finding: tell_reader(finding.message),
    )
    app.jinja_env.globals["enrols"] = enrols


def enrols() -> bool:
    """Whether whoever is signed in may write here."""
    account = find_signed_in()
    return account is not None and account.role in WRITERS


def read_today(session: Session) -> date:
    """The town's day."""
    return find_local_day(read_clock(session), get_zone())


def get_own_household(session: Session, household_id: int) -> Household:
    """The household, or 404 where there is none for whoever is signed in. An archived one is there to be read."""
    household = session.get(Household, household_id)
    if household is None or get_signed_in().village_id not in {None, household.village_id}:
        abort(404)
    return household


@dataclass(frozen=True, slots=True)
class Villages:
    """The villages that a page lets its reader choose among, each `id`, `code` and `name`, by code.

    A county's are too `many` for a list: `offered` is empty then, and the reader types a name or code. A head has the
    own one alone.
    """

    offered: Sequence[Row[int, str, str]]
    many: bool
    chosen: Row[int, str, str] | None

    @property
    def choice(self) -> bool:
        """Whether there is anything to choose."""
        return self.many or len(self.offered) > 1


def list_own_villages(session: Session, chosen: int | None = None) -> Villages:
    """The villages to choose among; `chosen` is the id of the one that is chosen already."""
    question = (
        select(Village.id, Village.code, Village.name).where(Village.archived_at.is_(None)).order_by(Village.code)
    )
    own = get_signed_in().village_id
    if own is not None:
        question = question.where(Village.id == own)
    offered = session.execute(question.limit(MOST_OFFERED + 1)).all()
    one = session.execute(question.where(Village.id == chosen)).one_or_none() if chosen is not None else None
    many = len(offered) > MOST_OFFERED
    return Villages(() if many else offered, many, one)


def read_chosen_village(session: Session) -> int | None:
    """The village that the address asks for (its code or name), a head's own in any case; None: all.

    Where several are called so, or none, the answer is a page that asks which; 404 for another's than a head's own.
    """
    own, text = get_signed_in().village_id, request.args.get("village", "").strip()[:64]
    if not text:
        return own
    found = find_villages_meant(session, text)
    if own is not None and own not in {each.id for each in found}:
        abort(404)
    if own is None and len(found) != 1:
        asked = [(name, word) for name, word in request.args.items() if name != "village"]
        page = render_template("shell/which_village.html", found=found, text=text, asked=asked)
        abort(make_response(page, 422 if found else 404))
    return own or found[0].id


@dataclass(frozen=True, slots=True)
class Pages:
    """Which page of how many; `rows` are those of the page."""

    page: int
    last: int
    rows: slice


def make_pages(many: int, size: int) -> Pages:
    """The page that the address asks for, of so many rows, `size` to a page."""
    last = max(1, -(-many // size))
    page = min(max(request.args.get("page", 1, type=int), 1), last)
    return Pages(page, last, slice((page - 1) * size, page * size))


def find_status(error: GroupsError) -> int:
    """The status of a refusal: 404 for what is not there, 409 for what stands in the way, else 422."""
    if isinstance(error, NoSuchHousehold):
        return 404
    return 409 if isinstance(error, _CONFLICTS) else 422


def write_error(error: GroupsError) -> str:
    """An error's words in the reader's language."""
    if isinstance(error, ChangedSince):
        words: str = gettext("It has been changed since. Undo the later change first.")
        return words
    return languages.write_error(error)


def write_number(text: str) -> str:
    """The number that somebody has typed as E.164. Raises InvalidNumber."""
    of = get_settings()
    return read_called_number(text, of.default_region, of.default_area_code, of.countries).e164


def as_dialled(e164: str) -> str:
    """A number as people write it here."""
    if not e164:
        return ""
    show_numbers()
    return as_written_here(e164, get_settings().default_region)


def write_day(day: date | None) -> str:
    """2026-11-23."""
    return day.isoformat() if day is not None else ""


def find_chosen_name(session: Session) -> str:
    """Whose a file is: the village that the address asks for, or the town."""
    village_id = read_chosen_village(session)
    return TOWN if village_id is None else session.get_one(Village, village_id).name


def send_workbook(content: bytes, name: str, plain: str) -> Response:
    """A workbook to keep, under its Chinese name or, where that cannot be read, the plain one."""
    return Response(content, mimetype=_SHEETS, headers=name_download(name, plain))
