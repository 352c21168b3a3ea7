"""The incident board: the list, one incident live, what people do about it, exports.

Door: `register(app)`, after `groups.web.register`. No tables. It must not know webhooks.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_babel import lazy_gettext

from groups.web.shell import assets, navigation, slots
from joint_defense.web import (
    actions,
    alarm_notice,
    api,
    help,
    link_page,
    mutes,
    overseers,
    pages,
    policies,
    silent_processes,
    timeline_words,
    upkeep,
    words,
)
from joint_defense.web.access import WATCHERS
from joint_defense.web.calls import drills, greetings
from joint_defense.web.past import pages as past


def register(app: Flask) -> None:
    """Add the pages."""
    assets.serve(app, Path(__file__).parent / "static")
    assets.show(app, "joint_defense", Path(__file__).parent / "templates")
    words.register(app)
    timeline_words.register(app)
    silent_processes.register(app)
    policies.register(app)
    past.register(app)
    overseers.register(app)
    drills.register(app)
    upkeep.register(app)
    greetings.register(app)
    help.register(app)
    alarm_notice.register(app)
    api.register(app)
    for part in (pages, actions, mutes, link_page):
        app.register_blueprint(part.pages)
    slots.set_banner(app, pages.draw_village_banner)
    navigation.add(app, "board.show_incidents", lazy_gettext("Incidents"), "alarm", WATCHERS)
