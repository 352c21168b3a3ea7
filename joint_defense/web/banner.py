"""The banner of a village's home: all is calm, or who calls for help and where to look."""

from __future__ import annotations

from flask import render_template
from markupsafe import Markup

from config.database import clock
from groups.web.access import current
from joint_defense.incident_list import list_incidents
from joint_defense.web.admission import WATCHERS, database


def village_banner(village_id: int) -> Markup:
    """The open incidents of a village, as HTML."""
    with database().begin(reads=True) as session:
        now = clock(session)
        open_ones = list_incidents(session, village_id=village_id, since=now, until=now).open
    html = render_template("village_banner.html", open=open_ones, may_watch=current().role in WATCHERS)
    return Markup(html)  # noqa: S704 # a template's own output
