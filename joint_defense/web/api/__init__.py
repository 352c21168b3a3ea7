"""What other systems have of alarms: programs raise, follow and close them by a token; an incident as JSON and as CAP.

Door: `register(app)`. No tables. It must not know webhooks, nor rosters.
"""

from __future__ import annotations

from flask import Flask

from groups.web.shell import slots
from joint_defense.web.api import alarms, document, exports


def register(app: Flask) -> None:
    """Add the addresses, and their description."""
    app.register_blueprint(exports.pages)
    app.register_blueprint(alarms.platform)
    slots.describe_api(app, document.describe_paths(), document.describe_schemas())
