"""Raising alarms in a running service, and measuring what each takes."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from sqlalchemy import func, select, update
from twilio.request_validator import RequestValidator

from config.database import Database, read_clock
from joint_defense.models.incidents import Alert, Delivery, Incident
from joint_defense.rules.states import ClosingOutcome, DeliveryState
from tools.bench.plain import PlainClient
from tools.bench.service import Service
from tools.bench.town import Crowd

RECORDED_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Run:
    """One alarm: milliseconds from the keypress, and of processor time a recipient."""

    first_arrived: float
    last_arrived: float
    last_taken: float
    webhook: float
    cpu_per_recipient: float


@dataclass(frozen=True, slots=True)
class PlainRun:
    """The same requests by a plain client: milliseconds until the last is taken, processor time a recipient."""

    last_taken: float
    cpu_per_recipient: float


class Bench:
    """Raises alarms in a running service and measures them."""

    def __init__(self, service: Service, database: Database) -> None:
        self._service = service
        self._database = database
        self._validator = RequestValidator(service.settings.twilio_auth_token[0])
        self._calls = 0
        self._lock = threading.Lock()

    def raise_alarm(self, crowd: Crowd) -> Run:
        """Call, hear the menu, press #9; wait for the carrier, then for the last row."""
        self._calls += 1
        call_sid = f"CA{self._calls:032x}"
        self._service.ask_carrier("POST", "/bench/forget")
        self._post("/voice/inbound", crowd, call_sid)
        before = self._service.cpu()
        pressed = time.monotonic()
        self._post("/voice/menu/1", crowd, call_sid, Digits="#9")
        answered = time.monotonic()
        taken = self._service.ask_carrier("GET", f"/bench/wait?count={crowd.requests}")
        self._wait_until_recorded()
        used = self._service.cpu() - before
        self.close(crowd)
        if len(taken) != crowd.requests:
            raise RuntimeError(f"{len(taken)} requests instead of {crowd.requests}")
        return Run(
            first_arrived=(min(arrived for arrived, _ in taken) - pressed) * 1000,
            last_arrived=(max(arrived for arrived, _ in taken) - pressed) * 1000,
            last_taken=(max(answered for _, answered in taken) - pressed) * 1000,
            webhook=(answered - pressed) * 1000,
            cpu_per_recipient=used / crowd.recipients * 1000,
        )

    def ask_plainly(self, client: PlainClient, crowd: Crowd) -> PlainRun:
        """What an alarm of this crowd asks of the carrier, by a client that does nothing else."""
        self._service.ask_carrier("POST", "/bench/forget")
        begun, used = client.ask(crowd.recipients, crowd.requests - crowd.recipients)
        taken = self._service.ask_carrier("GET", f"/bench/wait?count={crowd.requests}")
        return PlainRun((max(answered for _, answered in taken) - begun) * 1000, used / crowd.recipients * 1000)

    def press(self, crowd: Crowd) -> None:
        """Call and press #9. Several may do so at once."""
        with self._lock:
            self._calls += 1
            call_sid = f"CB{self._calls:032x}"
        self._post("/voice/menu/1", crowd, call_sid, Digits="#9")

    def close(self, crowd: Crowd) -> None:
        """End the caller's open incident, without an all-clear: whoever presses again joins the own household's."""
        own = select(Alert.incident_id).where(Alert.number == crowd.caller)
        with self._database.begin() as session:
            closed = {"closed_at": read_clock(session), "outcome": ClosingOutcome.HELPED}
            session.execute(update(Incident).where(Incident.id.in_(own), Incident.closed_at.is_(None)).values(closed))

    def _post(self, path: str, crowd: Crowd, call_sid: str, **more: str) -> None:
        settings = self._service.settings
        form = {
            "AccountSid": settings.twilio_account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": call_sid,
            "CallStatus": "in-progress",
            "Direction": "inbound",
            "From": crowd.caller,
            "To": settings.twilio_from_number[0],
            **more,
        }
        signature = self._validator.compute_signature(settings.public_base_url + path, form)
        address = urlsplit(settings.public_base_url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=15)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
        connection.request("POST", path, urlencode(form), headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        if answer.status != 200 or "<Response" not in body:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:200]}")

    def _wait_until_recorded(self) -> None:
        deadline = time.monotonic() + RECORDED_WITHIN
        unfinished = select(func.count()).where(Delivery.state.in_([DeliveryState.WAITING, DeliveryState.CLAIMED]))
        while time.monotonic() < deadline:
            with self._database.begin() as session:
                if session.scalar(unfinished) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("what the carrier answered was not written down")


@dataclass(frozen=True, slots=True)
class Result:
    """Medians over the runs of one crowd; `slowest` is the worst run's `last_taken`, `ratio` how many times as long as
    a plain client's the last request takes.
    """

    crowd: Crowd
    runs: int
    last_arrived: float
    last_taken: float
    slowest: float
    webhook: float
    cpu_per_recipient: float
    plain: PlainRun

    @property
    def ratio(self) -> float:
        return self.last_taken / self.plain.last_taken


def measure(bench: Bench, crowd: Crowd, runs: int, client: PlainClient) -> Result:
    """Alarms one after the other, with a second between them as for people; beside each a plain client does the same.

    The machine is the same to both, whatever else it does.
    """
    done, plain = [], []
    bench.ask_plainly(client, crowd)  # opens the connections
    for _ in range(runs):
        time.sleep(1.0)
        done.append(bench.raise_alarm(crowd))
        plain.append(bench.ask_plainly(client, crowd))
    return Result(
        crowd=crowd,
        runs=runs,
        last_arrived=statistics.median(run.last_arrived for run in done),
        last_taken=statistics.median(run.last_taken for run in done),
        slowest=max(run.last_taken for run in done),
        webhook=statistics.median(run.webhook for run in done),
        cpu_per_recipient=statistics.median(run.cpu_per_recipient for run in done),
        plain=PlainRun(
            statistics.median(run.last_taken for run in plain),
            statistics.median(run.cpu_per_recipient for run in plain),
        ),
    )
