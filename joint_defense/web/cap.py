"""An incident as a message of the Common Alerting Protocol 1.2 (OASIS), in Chinese and English.

The lines of the timeline number the messages: the first is the alert, each later state an update of it, a call for
help in vain its cancellation. No phone number is in it, and it is for a closed circle (`Restricted`): it names people.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit

from flask_babel import force_locale, gettext
from lxml import etree

from config.settings import Settings
from groups.web.languages import CHINESE, ENGLISH
from joint_defense.board import Board
from joint_defense.models import ClosingOutcome, IncidentKind
from joint_defense.rules.trigger import Category
from joint_defense.web.privacy import without_numbers
from joint_defense.web.words import CATEGORIES, OUTCOMES, headline, household_name, place

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

_LANGUAGES = ((CHINESE, "zh-CN"), (ENGLISH, "en-US"))
_CATEGORY = {
    Category.BURGLARY: "Security",
    Category.FIRE: "Fire",
    Category.MEDICAL: "Health",
    Category.OTHER: "Safety",
    Category.UNSPECIFIED: "Safety",
}
_IN_VAIN = frozenset({ClosingOutcome.FALSE_ALARM, ClosingOutcome.ACCIDENTAL, ClosingOutcome.MALICIOUS})
# Signs that XML 1.0 cannot carry, not even escaped; a text message can hold them.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def cap_message(board: Board, settings: Settings) -> bytes:
    """The message, as UTF-8 XML that is valid against the OASIS schema."""
    alert = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})  # type: ignore[dict-item] # the default namespace
    sender = f"joint-defence@{urlsplit(settings.public_base_url).hostname}"
    number = max(len(board.timeline), 1)
    sent = board.timeline[-1].at if board.timeline else board.opened_at
    _add(alert, "identifier", f"incident-{board.incident_id}-{number}")
    _add(alert, "sender", sender)
    _add(alert, "sent", _time(sent, settings))
    _add(alert, "status", _status(board, settings))
    _add(alert, "msgType", _message_type(board, number))
    _add(alert, "scope", "Restricted")
    _add(
        alert,
        "restriction",
        "仅限本组邻居、村、镇综治中心和应急部门使用,含个人信息 "
        "For the group's neighbours, village, town centre and emergency services only: names people",
    )
    if number > 1:
        _add(alert, "references", f"{sender},incident-{board.incident_id}-1,{_time(board.opened_at, settings)}")
    _add(alert, "incidents", str(board.incident_id))
    for locale, tag in _LANGUAGES:
        with force_locale(locale):
            _add_info(alert, board, settings, tag)
    return etree.tostring(alert, encoding="utf-8", xml_declaration=True, pretty_print=True)


def _status(board: Board, settings: Settings) -> str:
    if board.kind is IncidentKind.DRILL or board.outcome is ClosingOutcome.DRILL:
        return "Exercise"
    return "Test" if settings.carrier_is_simulator else "Actual"


def _message_type(board: Board, number: int) -> str:
    if board.outcome in _IN_VAIN:
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
    _add(info, "certainty", _certainty(board))
    _add(info, "onset", _time(board.opened_at, settings))
    _add(info, "senderName", gettext("Joint Defence"))
    _add(info, "headline", headline(board))
    _add(info, "description", _description(board))
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


def _certainty(board: Board) -> str:
    if board.outcome in _IN_VAIN:
        return "Unlikely"
    return "Observed" if board.outcome is ClosingOutcome.HELPED else "Likely"


def _description(board: Board) -> str:
    lines = [
        " · ".join(filter(None, (household_name(voice), place(voice), without_numbers(voice.text))))
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


def _time(moment: datetime, settings: Settings) -> str:
    """Local time with its offset in figures: the schema refuses `Z`."""
    return moment.astimezone(settings.zone).isoformat(timespec="seconds")
