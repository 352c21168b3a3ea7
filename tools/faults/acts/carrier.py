"""The carrier: ill, slow, cutting; its callbacks lost, doubled, late."""

from __future__ import annotations

import itertools
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import requests
from sqlalchemy import func, select

from joint_defense.models.incidents import Delivery, Incident
from joint_defense.rules.states import Channel, DeliveryState
from joint_defense.rules.timeline import UpdateKind
from tests.support.handsets import eventually
from tools.faults.acts.common import SIDE_BY_SIDE, alarms_during
from tools.faults.stage import Alarm, Shown, Stage


def answers_500(stage: Stage) -> Shown:
    stage.town.network.fault(status=500)
    made = alarms_during(stage, 30)
    stage.town.network.fault(status=None)
    return Shown(made, time.time(), ("carrier_away",), outstanding=sum(alarm.outstanding() for alarm in made))


def hangs(stage: Stage) -> Shown:
    """Nothing of it gets through for 6 s: longer than we wait for an answer."""
    made = [stage.alarm() for _ in range(SIDE_BY_SIDE)]
    stage.town.carrier.hang()
    for alarm in made:
        alarm.raise_()
    for alarm in made:
        eventually(alarm.street.incidents, "it came in")
    time.sleep(6)
    left = min(alarm.outstanding() for alarm in made)
    stage.town.carrier.mend()
    return Shown(made, time.time(), ("carrier_away",), outstanding=left)


def answers_late(stage: Stage) -> Shown:
    """It carries everything out and answers after we have given up."""
    made = [stage.alarm() for _ in range(SIDE_BY_SIDE)]
    stage.town.network.fault(hang_seconds=6, callbacks={"lose": True})
    for alarm in made:
        alarm.raise_()
    for alarm in made:
        alarm.begun(len(alarm.expected))
    left = min(alarm.outstanding() for alarm in made)
    stage.town.network.fault(hang_seconds=None)
    time.sleep(5)
    return Shown(made, 0.0, ("carrier_away",), outstanding=left)


def cuts(stage: Stage) -> Shown:
    """It carries out and cuts the connection, and no callback comes: only its list can tell."""
    stage.town.network.fault(drop_after_accept=8, callbacks={"lose": True})
    alarm = stage.alarm().raise_()
    time.sleep(2)
    return Shown([alarm], 0.0, ("carrier_away",))


def answers_429(stage: Stage) -> Shown:
    made = [stage.alarm() for _ in range(SIDE_BY_SIDE)]
    stage.town.network.fault(status=429)
    for alarm in made:
        alarm.raise_()
    time.sleep(3)
    left = min(alarm.outstanding() for alarm in made)
    stage.town.network.fault(status=None)
    ended = time.time()
    time.sleep(5)  # what rings too often does so after its first call is over
    return Shown(made, ended, ("carrier_slow",), outstanding=left)


class _Page(BaseHTTPRequestHandler):
    """What a proxy says to everything: 200, and a page for somebody to read."""

    def do_GET(self) -> None:
        page = b"<!doctype html><title>Sign in</title><p>Please sign in to the network."
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_POST = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        """Nothing."""


def answers_with_a_page(stage: Stage) -> Shown:
    """Something on the way answers for it, as a proxy does that wants somebody to sign in: nobody is rung for 6 s."""
    made = [stage.alarm() for _ in range(SIDE_BY_SIDE)]
    there = urlsplit(stage.town.network.url)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        _lead(stage, ("127.0.0.1", proxy.server_port))
        for alarm in made:
            alarm.raise_()
        time.sleep(6)
        left = min(alarm.outstanding() for alarm in made)
        _lead(stage, (str(there.hostname), int(there.port or 0)))
        proxy.shutdown()
    return Shown(made, time.time(), ("carrier_away",), outstanding=left)


def _lead(stage: Stage, server: tuple[str, int]) -> None:
    """All that goes to the carrier goes there from now on."""
    stage.town.carrier.refuse()
    stage.town.carrier.lead_to(server)
    stage.town.carrier.mend()


def callbacks_lost(stage: Stage) -> Shown:
    stage.town.network.fault(callbacks={"lose": True})
    return _left_alone(stage)


def callbacks_doubled_and_shuffled(stage: Stage) -> Shown:
    stage.town.network.fault(callbacks={"double": True, "shuffle_ms": 2000})
    return _left_alone(stage)


def callbacks_final_only(stage: Stage) -> Shown:
    stage.town.network.fault(callbacks={"lose": "all_but_final"})
    return _left_alone(stage)


def callbacks_an_hour_late(stage: Stage) -> Shown:
    """They are caught, everything on record is made an hour older, and then they come, last first."""
    stage.town.network.fault(callbacks={"lose": True})
    shown = _left_alone(stage)
    (alarm,) = shown.alarms
    before = _states(stage, alarm)
    _age(stage, alarm)
    for each in reversed(stage.town.network.webhooks(since=alarm.raised_at)):
        if each["response"] == "lost":
            stage.town.call_back(each["url"], each["params"])
    after = _states(stage, alarm)
    back = [key for key, state in before.items() if state in _ENDS and after[key] != state]
    shown.complaints += [f"{key} went back from {before[key]} to {after[key]}" for key in back]
    return shown


_ENDS = frozenset({"reached", "unreached", "cancelled"})


def _states(stage: Stage, alarm: Alarm) -> dict[int, str]:
    with stage.town.database.begin() as session:
        rows = session.execute(
            select(Delivery.id, Delivery.state).join(Incident).where(Incident.group_id == alarm.street.group_id)
        )
        return {row.id: str(row.state) for row in rows}


def _age(stage: Stage, alarm: Alarm) -> None:
    hour = timedelta(hours=1)
    with stage.town.database.begin() as session:
        for incident in session.scalars(select(Incident).where(Incident.group_id == alarm.street.group_id)):
            incident.opened_at -= hour
            for attempt in itertools.chain.from_iterable(delivery.attempts for delivery in incident.deliveries):
                attempt.requested_at -= hour


def _left_alone(stage: Stage) -> Shown:
    alarm = stage.alarm().raise_()
    alarm.begun(len(alarm.expected))
    time.sleep(2.5)
    return Shown([alarm])


def refuses_the_account(stage: Stage) -> Shown:
    """401 to everything for 4 s: `/readyz` says so at once, and everything leaves once the account is good again."""
    stage.town.network.fault(status=401)
    alarm = stage.alarm().raise_()
    complaints = []
    try:
        eventually(lambda: _word_of_carrier(stage) != "ok", "/readyz says that the account is refused", within=3)
    except AssertionError as error:
        complaints.append(str(error))
    time.sleep(2)
    left = alarm.outstanding()
    stage.town.network.fault(status=None)
    return Shown([alarm], time.time(), (UpdateKind.ACCOUNT_TROUBLE,), complaints, outstanding=left)


def _word_of_carrier(stage: Stage) -> str:
    found: str = requests.get(f"{stage.town.url}/readyz", timeout=5).json()["carrier"]
    return found


def does_not_end_calls(stage: Stage) -> Shown:
    """Everybody answers by text, and it will not end their calls, nor say what became of them, for 6 s."""
    stage.town.network.fault(callbacks={"lose": True})
    alarm = stage.alarm().raise_()
    alarm.begun(len(alarm.expected))
    eventually(lambda: not alarm.outstanding(), "all is written down")
    stage.town.network.fault(status=500, paths="calls")
    for phone in alarm.street.phones[1:]:
        phone.texts("1")
    time.sleep(6)
    stage.town.network.fault(status=None, paths=None)
    complaints = []
    try:
        eventually(lambda: not _held_calls(stage, alarm), "no call holds a place any more", within=15)
    except AssertionError as error:
        complaints.append(str(error))
    return Shown([alarm], complaints=complaints)


def _held_calls(stage: Stage, alarm: Alarm) -> int:
    with stage.town.database.begin() as session:
        held = select(func.count()).where(
            Delivery.incident_id.in_(select(Incident.id).where(Incident.group_id == alarm.street.group_id)),
            Delivery.channel == Channel.CALL,
            Delivery.state == DeliveryState.PLACED,
        )
        return session.scalar(held) or 0
