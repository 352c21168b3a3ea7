"""Messages at our number."""

from __future__ import annotations

from flask import Blueprint, Response, request

from config.database import clock
from joint_defense.carriers import twiml
from joint_defense.carriers.inbound import read_message
from joint_defense.texting import take_message
from joint_defense.webhooks.guard import answer, check_signature, never_silent_by_text, runtime, waker

sms = Blueprint("sms", __name__, url_prefix="/sms")
sms.before_request(check_signature)


@sms.post("/inbound")
@never_silent_by_text
def inbound() -> Response:
    """A message comes in."""
    message = read_message(request.form)
    with runtime().database.begin() as session:
        reply = take_message(session, message.sid, message.sender, message.text, clock(session), runtime().limits)
    if reply.incident_id is not None:
        waker().wake(reply.incident_id)
    return answer(twiml.text(reply.text))
