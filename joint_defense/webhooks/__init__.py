"""What the carrier calls: voice, SMS, status. They check, read the form and hand on; no rule lives here.

Doors: `register`. No tables.
"""

from __future__ import annotations

from flask import Flask

from joint_defense.webhooks.answers import answers
from joint_defense.webhooks.sms import sms
from joint_defense.webhooks.status import status
from joint_defense.webhooks.voice import voice
from joint_defense.webhooks.waiting import waiting


def register(app: Flask) -> None:
    """Add the webhooks. Each checks the carrier's signature itself, so none of them takes part in CSRF or sign-in."""
    for blueprint in (voice, waiting, answers, sms, status):
        app.register_blueprint(blueprint)
