"""Messages at our number."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, request

from config.database import clock
from joint_defense.alarms.texts import Text, take_message
from joint_defense.carriers import twiml
from joint_defense.carriers.inbound import read_message
from joint_defense.processes.runtime import runtime
from joint_defense.processes.wake import WAKER
from joint_defense.webhooks.common import answer, broken_text, check_signature, never_silent
from joint_defense.webhooks.outage import keep_text

log = structlog.stdlib.get_logger(__name__)
sms = Blueprint("sms", __name__, url_prefix="/sms")
sms.before_request(check_signature)
never_silent(sms, broken_text)


@sms.post("/inbound")
def inbound() -> Response:
    """A message comes in."""
    message = read_message(request.form, runtime().read_number)
    try:
        with runtime().database.begin() as session:
            text = Text(message.sid, message.sender, message.text, message.opt_out)
            reply = take_message(session, text, clock(session), runtime().limits)
    except Exception as error:
        return keep_text(message, error)
    log.info("message_taken_in", incident_id=reply.incident_id)
    if reply.incident_id is not None:
        WAKER.of().wake(reply.incident_id)
    return answer(twiml.text(reply.text))
