"""The page of an incident for one overseer, by the link in a text: no sign-in, no script, no cookie.

Whoever fetches it (a person, or a program that draws a preview of the link) changes nothing. A link is good for its
incident and its overseer until `GOOD_FOR` after the end; whoever is no overseer any more is shown nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import LazyString, force_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database, get_settings
from groups import directory
from groups.rules.typed_text import cut_links
from groups.web.shell.access import open_to_all
from groups.web.shell.access_log import show_numbers
from groups.web.shell.languages import CHINESE, ENGLISH
from joint_defense.delivery.sender import Links, read_token
from joint_defense.incidents.answers import find_silent_callers
from joint_defense.incidents.record import mask_number
from joint_defense.models.incidents import Delivery
from joint_defense.rules.states import LEADERS, Role
from joint_defense.rules.timeline import UpdateKind
from joint_defense.web.api.exports import without_numbers
from joint_defense.web.board.households import HouseholdRow
from joint_defense.web.board.incident import Board, read_board
from joint_defense.web.board.rules.household_state import HouseholdState
from joint_defense.web.words import list_official_numbers

pages = Blueprint("links", __name__)

GOOD_FOR = timedelta(hours=24)
"""After the incident's end."""
_LOCALES = {"zh": (CHINESE, "zh-CN"), "en": (ENGLISH, "en")}
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class Refusal(Enum):
    """Why nothing is shown: the status, what is the matter, and what to do."""

    FORGED = (
        403,
        _l("This link is not valid"),
        _l("Open it once more from the text, whole. It works only as it was sent."),
    )
    OTHER_INCIDENT = (
        403,
        _l("This link belongs to another incident"),
        _l("Each call for help has a link of its own: open the one in its text."),
    )
    NO_LONGER = (
        403,
        _l("This page is not for you any more"),
        _l("It is for village heads, group leaders and operators on duty. Ask the town's administrator."),
    )
    SILENT = (403, _l("This page cannot be shown now"), _l("Sign in on another phone, or ask the town's centre."))
    EXPIRED = (
        410,
        _l("This link has expired"),
        _l("It was good until 24 hours after the end. Whoever may watch incidents finds it after signing in."),
    )

    @property
    def status(self) -> int:
        """Of HTTP."""
        return int(self.value[0])

    @property
    def title(self) -> LazyString:
        """What is the matter."""
        return self.value[1]

    @property
    def advice(self) -> LazyString:
        """What to do."""
        return self.value[2]


@dataclass(frozen=True, slots=True)
class Seen:
    """What an overseer sees: the incident, whether they may know the caller's number, and who they are."""

    board: Board
    language: str
    shows_number: bool
    who: str
    account_id: int | None
    caller_id: int | None

    @property
    def coming(self) -> list[HouseholdRow]:
        """Who is there, then who is coming."""
        there = [row for row in self.board.rows if row.state is HouseholdState.ON_SCENE]
        return there + [row for row in self.board.rows if row.state is HouseholdState.COMING]

    @property
    def cannot(self) -> int:
        """How many cannot come."""
        return sum(row.state is HouseholdState.CANNOT for row in self.board.rows)

    @property
    def unanswered(self) -> int:
        """How many have not answered."""
        return len(self.board.rows) - len(self.coming) - self.cannot

    @property
    def official(self) -> tuple[str, ...]:
        """The emergency numbers that belong here, the police's always."""
        return list_official_numbers(self.board.category)

    def list_words(self) -> Iterator[tuple[datetime, str]]:
        """What callers have written, links cut out; numbers only for who may know them."""
        for voice in self.board.voices:
            yield voice.raised_at, self._note_told(voice.text)
        for line in self.board.timeline:
            if line.kind == UpdateKind.SAID and line.detail.get("by_caller"):
                yield line.at, self._note_told(str(line.detail.get("text", "")))

    def _note_told(self, words: str) -> str:
        plain = cut_links(words).strip()
        return plain if self.shows_number else without_numbers(plain)


@pages.get("/i/<int:incident_id>/<token>")
@open_to_all("signed for one incident and one overseer, who need no account")
def show(incident_id: int, token: str) -> Response:
    """Who calls for help, where, and who comes; or why this link shows nothing."""
    with get_database().begin(reads=True) as session:
        now = read_clock(session)
        seen = _look(session, incident_id, token, now)
    if isinstance(seen, Refusal):
        return _send(render_template("links/refused.html", words=list(_write_in_both_languages(seen))), seen.status)
    # The page fetches itself anew every ten seconds.
    show_numbers(
        len(seen.board.rows),
        village_id=seen.board.village_id,
        household_id=seen.caller_id,
        account_id=seen.account_id,
        who=seen.who,
        again=True,
    )
    asked = request.args.get("lang", "")
    language = asked if asked in _LOCALES else seen.language
    locale, tag = _LOCALES.get(language, _LOCALES["zh"])
    with force_locale(locale):
        return _send(render_template("links/incident.html", seen=seen, tag=tag, language=language, now=now), 200)


def _look(session: Session, incident_id: int, text: str, now: datetime) -> Seen | Refusal:
    token = read_token(text)
    delivery = None if token is None else session.get(Delivery, token.delivery_id)
    if token is None or delivery is None or not delivery.with_link:
        return Refusal.FORGED
    links = Links(get_settings().public_base_url, get_settings().secret_key)
    if not links.is_signed(delivery.incident_id, delivery.number, token):
        return Refusal.FORGED
    if delivery.incident_id != incident_id:
        return Refusal.OTHER_INCIDENT
    board = read_board(session, incident_id)
    if board is None:
        return Refusal.FORGED
    if board.closed_at is not None and board.closed_at + GOOD_FOR <= now:
        return Refusal.EXPIRED
    if not _oversees(session, delivery, board):
        return Refusal.NO_LONGER
    if _may_be_watched(session, delivery, now):
        return Refusal.SILENT
    # The centre's duty phone keeps no roster: it is given the number when it is called to help.
    may_know = delivery.role in LEADERS or delivery.account_id is not None
    who = f"{delivery.household_name or delivery.role.value} {mask_number(delivery.number)}"
    caller_id = min(delivery.incident.alerts, key=lambda alert: alert.id).household_id
    return Seen(board, delivery.language, may_know and board.is_open, who, delivery.account_id, caller_id)


def _oversees(session: Session, delivery: Delivery, board: Board) -> bool:
    return directory.is_overseer(
        session,
        number=delivery.number,
        village_id=board.village_id,
        group_id=board.group_id,
        household_id=delivery.household_id if delivery.role in LEADERS else None,
        responder_id=delivery.responder_id if delivery.role is Role.OPERATOR else None,
        account_id=delivery.account_id,
    )


def _may_be_watched(session: Session, delivery: Delivery, now: datetime) -> bool:
    """Whether the overseer's own household calls for help silently: somebody else may hold this phone."""
    household_id = delivery.household_id
    if household_id is None:
        return False
    here = any(each.silent and each.household_id == household_id for each in delivery.incident.alerts)
    return here or household_id in find_silent_callers(session, now)


def _write_in_both_languages(refusal: Refusal) -> Iterator[tuple[str, str, str]]:
    for locale, tag in _LOCALES.values():
        with force_locale(locale):
            yield tag, str(refusal.title), str(refusal.advice)


def _send(html: str, status: int) -> Response:
    response = make_response(html, status)
    response.headers.update(_HEADERS)
    return response
