"""The service as an app on a phone's home screen: its manifest, and the script that answers without a network."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Flask, Response, jsonify, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from groups.web.shell.access import open_to_all
from groups.web.shell.assets import find_asset

pages = Blueprint("installable", __name__)
_SCRIPT = Path(__file__).parents[1] / "static" / "offline_worker.js"
_ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-512.png", "512x512", "maskable"),
)
_WHY = "a name, drawings and a script: nobody's data"


def register(app: Flask) -> None:
    """Add the addresses."""
    app.register_blueprint(pages)


@pages.get("/manifest.webmanifest")
@open_to_all(_WHY)
def show_manifest() -> ResponseReturnValue:
    """How a phone installs it: the name in the reader's language, the icons, where it begins."""
    answer = jsonify(
        name=gettext("Joint Defence"),
        short_name=gettext("Joint Defence"),
        id="/",
        start_url="/",
        scope="/",
        display="standalone",
        background_color="#f2f5f8",
        theme_color="#0b4f8a",
        icons=[
            {"src": find_asset(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in _ICONS
        ],
    )
    answer.mimetype = "application/manifest+json"
    return answer


@pages.get("/offline-worker.js")
@open_to_all(_WHY)
def show_script() -> ResponseReturnValue:
    """The script, at the root, so that it may answer for every page; a browser looks for a newer one by itself."""
    return Response(_SCRIPT.read_text(), mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@pages.get("/offline")
@open_to_all(_WHY)
def show_without_roster() -> ResponseReturnValue:
    """What is shown without network where no roster is kept; the script keeps it, with the files it is drawn with."""
    return render_template("shell/offline.html")
