"""The incident board: the list, one incident live, what people do about it, exports.

Door: `register(app)`, after `groups.web.register`. No tables.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_babel import lazy_gettext

from groups.web import assets, navigation, village_pages
from joint_defense.web import actions, banner, board, dead_man, exports, plans, timeline, words
from joint_defense.web.admission import WATCHERS


def register(app: Flask) -> None:
    """Add the pages."""
    assets.serve(app, Path(__file__).parent / "static")
    words.register(app)
    timeline.register(app)
    dead_man.register(app)
    plans.register(app)
    for part in (board, actions, exports):
        app.register_blueprint(part.pages)
    village_pages.set_banner(app, banner.village_banner)
    navigation.add(app, "board.index", lazy_gettext("Incidents"), "alarm", WATCHERS)
