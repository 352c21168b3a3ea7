"""An incident for other systems: as JSON, and as a CAP 1.2 message.

An incident as a message of the Common Alerting Protocol 1.2 (OASIS), in Chinese and English.

The lines of the timeline number the messages: the first is the alert, each later state an update of it, a call for
help in vain its cancellation. No phone number is in it, and it is for a closed circle (`Restricted`): it names
people.

What other systems get carries no phone number, in whatever way somebody has written it into a text.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response
from flask_babel import force_locale, gettext
from lxml import etree

from config.services import get_database
from config.services import get_settings as the_settings
from config.settings import Settings
from groups.web.shell.access import require
from groups.web.shell.downloads import name_download
from groups.web.shell.languages import CHINESE, ENGLISH
from groups.web.shell.times import move_to_zone
from joint_defense.incidents.record import read_record
from joint_defense.rules.states import IN_VAIN, ClosingOutcome, IncidentKind
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.triggers import Category
from joint_defense.web.access import WATCHERS, check_own, read_own_board
from joint_defense.web.board.incident import Board
from joint_defense.web.words import CATEGORIES, OUTCOMES, write_headline, write_household_name, write_place

pages = Blueprint("exports", __name__)


@pages.get("/incidents/<int:incident_id>/export.json")
@require(*WATCHERS)
def as_json(incident_id: int) -> Response:
    """Everything on record, with numbers masked."""
    settings = the_settings()
    with get_database().begin(reads=True) as session:
        check_own(session, incident_id)
        record = read_record(session, incident_id, settings.zone)
    shown = record_without_numbers(record)
    content = json.dumps(shown, ensure_ascii=False, indent=2)
    return _send_file(content.encode(), "application/json", shown["village"], incident_id, shown["opened_at"][:10])


@pages.get("/incidents/<int:incident_id>/export.cap.xml")
@require(*WATCHERS)
def as_cap(incident_id: int) -> Response:
    """The incident as it stands, as one message of the Common Alerting Protocol."""
    settings = the_settings()
    with get_database().begin(reads=True) as session:
        board = read_own_board(session, incident_id)
    day = move_to_zone(board.opened_at).date().isoformat()
    return _send_file(write_cap(board, settings), "application/cap+xml", board.village, incident_id, day)


_ENDS = {"application/json": "json", "application/cap+xml": "cap.xml"}


def _send_file(content: bytes, media_type: str, village: str, incident_id: int, day: str) -> Response:
    """The file, called by the village, the incident and the day on which it began."""
    end = _ENDS[media_type]
    response = make_response(content)
    response.headers["Content-Type"] = f"{media_type}; charset=utf-8"
    response.headers.update(
        name_download(f"{village}警情{incident_id}号{day}.{end}", f"incident-{incident_id}-{day}.{end}")
    )
    return response


NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

_LANGUAGES = ((CHINESE, "zh-CN"), (ENGLISH, "en-US"))
_CATEGORY = {
    Category.BURGLARY: "Security",
    Category.FIRE: "Fire",
    Category.MEDICAL: "Health",
    Category.OTHER: "Safety",
    Category.UNSPECIFIED: "Safety",
}
# Signs that XML 1.0 cannot carry, not even escaped; a text message can hold them.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_cap(board: Board, settings: Settings) -> bytes:
    """The message, as UTF-8 XML that is valid against the OASIS schema."""
    alert = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})  # type: ignore[dict-item] # the default namespace
    sender = f"joint-defence@{urlsplit(settings.public_base_url).hostname}"
    # Who was told at once belongs to the opening: it is no later state.
    lines = [line for line in board.timeline if line.kind != UpdateKind.OVERSEERS]
    number = max(len(lines), 1)
    sent = lines[-1].at if lines else board.opened_at
    _add(alert, "identifier", f"incident-{board.incident_id}-{number}")
    _add(alert, "sender", sender)
    _add(alert, "sent", _write_time(sent, settings))
    _add(alert, "status", _find_status(board, settings))
    _add(alert, "msgType", _find_message_type(board, number))
    _add(alert, "scope", "Restricted")
    _add(
        alert,
        "restriction",
        "仅限本组邻居、村、镇综治中心和应急部门使用，含个人信息 "
        "For the group's neighbours, village, town centre and emergency services only: names people",
    )
    if number > 1:
        _add(alert, "references", f"{sender},incident-{board.incident_id}-1,{_write_time(board.opened_at, settings)}")
    _add(alert, "incidents", str(board.incident_id))
    for locale, tag in _LANGUAGES:
        with force_locale(locale):
            _add_info(alert, board, settings, tag)
    return etree.tostring(alert, encoding="utf-8", xml_declaration=True, pretty_print=True)


def _find_status(board: Board, settings: Settings) -> str:
    if board.kind is IncidentKind.DRILL or board.outcome is ClosingOutcome.DRILL:
        return "Exercise"
    return "Test" if settings.carrier_is_simulator else "Actual"


def _find_message_type(board: Board, number: int) -> str:
    if board.outcome in IN_VAIN:
        return "Cancel"
    return "Alert" if number == 1 else "Update"


def _add_info(alert: etree._Element, board: Board, settings: Settings, tag: str) -> None:
    info = etree.SubElement(alert, f"{{{NAMESPACE}}}info")
    _add(info, "language", tag)
    _add(info, "category", _CATEGORY[board.category])
    _add(info, "event", str(CATEGORIES[board.category]))
    _add(info, "responseType", "Assess" if board.is_open else "AllClear")
    _add(info, "urgency", "Immediate" if board.is_open else "Past")
    _add(info, "severity", "Unknown" if board.category is Category.UNSPECIFIED or not board.is_open else "Severe")
    _add(info, "certainty", _find_certainty(board))
    _add(info, "onset", _write_time(board.opened_at, settings))
    _add(info, "senderName", gettext("Joint Defence"))
    _add(info, "headline", write_headline(board))
    _add(info, "description", _write_description(board))
    _add(
        info,
        "instruction",
        gettext(
            "This service calls neighbours. It does not replace the police 110, fire brigade 119 or ambulance 120."
        ),
    )
    for name, figure in (
        ("householdsCalled", board.figures.households),
        ("householdsPickedUp", board.figures.picked_up),
        ("householdsComing", board.figures.coming),
    ):
        parameter = etree.SubElement(info, f"{{{NAMESPACE}}}parameter")
        _add(parameter, "valueName", name)
        _add(parameter, "value", str(figure))
    area = etree.SubElement(info, f"{{{NAMESPACE}}}area")
    _add(area, "areaDesc", f"{board.village} {board.group}".strip())


def _find_certainty(board: Board) -> str:
    if board.outcome in IN_VAIN:
        return "Unlikely"
    return "Observed" if board.outcome is ClosingOutcome.HELPED else "Likely"


def _write_description(board: Board) -> str:
    lines = [
        " · ".join(filter(None, (write_household_name(voice), write_place(voice), without_numbers(voice.text))))
        for voice in board.voices
    ]
    lines.append(
        gettext(
            "%(coming)s of %(households)s households are coming.",
            coming=board.figures.coming,
            households=board.figures.households,
        )
    )
    if board.outcome is not None:
        closed = gettext("Closed: %(outcome)s", outcome=OUTCOMES[board.outcome])
        lines.append(" · ".join(filter(None, (closed, without_numbers(board.note)))))
    return "\n".join(lines)


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = _NOT_XML.sub("", text)


def _write_time(moment: datetime, settings: Settings) -> str:
    """Local time with its offset in figures: the schema refuses `Z`."""
    return moment.astimezone(settings.zone).isoformat(timespec="seconds")


# Seven digits or more, with what people put between them: 13812345678, 0574-8880 5255, +86 (574) 88805255.
_NUMBER = re.compile(r"\+?\d(?:[\s\-‐-―－().·]{0,2}\d){6,}")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_WRITTEN_BY_PEOPLE = frozenset({"text", "note"})


def without_numbers(text: str) -> str:
    """The text with every phone number masked but for its last four digits; dates stay."""
    return _NUMBER.sub(lambda found: found[0] if _DATE.fullmatch(found[0]) else f"****{found[0][-4:]}", text)


def record_without_numbers(record: Any) -> Any:
    """A record of plain data with the numbers masked in all that people wrote."""
    if isinstance(record, dict):
        return {
            name: without_numbers(value)
            if name in _WRITTEN_BY_PEOPLE and isinstance(value, str)
            else record_without_numbers(value)
            for name, value in record.items()
        }
    return [record_without_numbers(each) for each in record] if isinstance(record, list) else record
