"""Status callbacks: what has become of a call or message of ours."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import SQLAlchemyError

from config.database import read_clock
from joint_defense.carriers.inbound import BrokenForm, StatusReport, read_status
from joint_defense.delivery import claims
from joint_defense.delivery.lines import Line
from joint_defense.delivery.tracking import Report
from joint_defense.processes.runtime import get_runtime
from joint_defense.processes.wake import WAKER
from joint_defense.rules.errors import ForeignCallback, UnknownDelivery
from joint_defense.webhooks.callbacks import REPORTS
from joint_defense.webhooks.common import check_signature

status = Blueprint("status", __name__, url_prefix="/status")
status.before_request(check_signature)

log = structlog.stdlib.get_logger(__name__)


@status.post("/<int:delivery_id>/<int:number>")
def take_report(delivery_id: int, number: int) -> Response:
    """A callback for attempt `number` of a delivery: 204; 404 if there is none, 409 if it is another call's.

    Where many come at once it is 204 without delay, and looked at a moment later.
    """
    try:
        said = read_status(request.form, get_runtime().read_number)
        report = Report(delivery_id, number, said.sid, said.status, said.error_code, said.said_at)
        reports = REPORTS.of()
        if not said.too_fast and reports.put_down(report):
            return Response(status=204)
        new = reports.record(report)
    except BrokenForm as error:
        abort(400, str(error))
    except UnknownDelivery as error:
        log.warning("callback_unknown", delivery_id=delivery_id, number=number)
        abort(404, str(error))
    except ForeignCallback as error:
        log.warning("callback_foreign", delivery_id=delivery_id, number=number)
        abort(409, str(error))
    if new and said.too_fast:
        _slow_down(said)
    if new and said.ends_call and get_runtime().places:
        _fill_place()
    return Response(status=204)


def _fill_place() -> None:
    """A number that holds as many calls as it may has a place again: whoever waits for one is rung now."""
    try:
        with get_runtime().database.begin() as session:
            incident_id = claims.find_next_call(session, read_clock(session))
    except SQLAlchemyError as error:
        # The callback is on record all the same, and the senders look by themselves.
        log.warning("place_not_filled", error=type(error).__name__)
        return
    if incident_id is not None:
        WAKER.of().wake(incident_id)


def _slow_down(said: StatusReport) -> None:
    """The carrier took it, and then failed it for coming too fast: slower, for all workers."""
    lines = get_runtime().pace[said.channel]
    account = said.account if said.account in lines.bundles else next(iter(lines.bundles))
    factor = lines.slow_down(Line(account, said.sender))
    log.warning("pace_slowed", channel=said.channel, factor=factor)
