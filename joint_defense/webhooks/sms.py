"""Messages at our number."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, request

from config.database import read_clock
from joint_defense.alarms.inbound_texts import Text, take_message
from joint_defense.carriers.port import read_message
from joint_defense.processes.runtime import get_runtime
from joint_defense.processes.stand_in import WAKER
from joint_defense.webhooks.common import answer_broken_text, answer_every_error, answer_text, check_signature
from joint_defense.webhooks.outage import keep_text

log = structlog.stdlib.get_logger(__name__)
sms = Blueprint("sms", __name__, url_prefix="/sms")
sms.before_request(check_signature)
answer_every_error(sms, answer_broken_text)


@sms.post("/inbound")
def take_text() -> Response:
    """A message comes in."""
    message = read_message(request.form, get_runtime().read_number)
    try:
        with get_runtime().database.begin() as session:
            text = Text(message.sid, message.sender, message.text, message.opt_out)
            reply = take_message(session, text, read_clock(session), get_runtime().limits)
    except Exception as error:
        return keep_text(message, error)
    log.info("message_taken_in", incident_id=reply.incident_id)
    if reply.incident_id is not None:
        WAKER.of().wake(reply.incident_id)
    return answer_text(message.sender, reply.text)
