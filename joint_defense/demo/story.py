"""The timeline of alarms as it happens, in lines for a terminal. Numbers are masked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from config.database import Database
from joint_defense.demo.handsets import Handsets
from joint_defense.incidents.record import read_record
from joint_defense.models.incidents import Attempt, Delivery, Incident
from joint_defense.rules.states import Purpose

_STATES = {
    "call": {
        "ringing": "rings",
        "in_progress": "picked up",
        "completed": "call over",
        "busy": "busy",
        "no_answer": "no answer",
        "canceled": "call ended by us",
        "failed": "could not be rung",
        "refused": "refused by the carrier",
    },
    "sms": {
        "delivered": "text delivered",
        "undelivered": "text not delivered",
        "failed": "text failed",
        "refused": "text refused by the carrier",
    },
}
# Seconds since the keypress, and what happened.
Line = tuple[float, str]
_OVER = frozenset({"reached", "unreached", "cancelled"})


class Story:
    """Follows every incident opened after it was made."""

    def __init__(self, database: Database, handsets: Handsets, zone: ZoneInfo) -> None:
        self._database = database
        self._handsets = handsets
        self._zone = zone
        self._told: set[object] = set()
        self._zero: dict[int, float] = {}
        self._keypress = 0.0
        self._settled = False
        with database.begin() as session:
            self._last = session.scalar(select(func.max(Incident.id))) or 0

    def count_from(self, moment: float) -> None:
        """The newest incident's milliseconds, or the next one's, count from this moment (epoch seconds)."""
        self._keypress = moment

    def go_on(self) -> list[str]:
        """What has happened since the last time, a line each."""
        with self._database.begin(reads=True) as session:
            for incident_id in session.scalars(
                select(Incident.id).where(Incident.id > self._last).order_by(Incident.id)
            ).all():
                self._zero[incident_id] = self._keypress
                self._keypress, self._last = 0.0, incident_id
            found = [read_record(session, incident_id, self._zone) for incident_id in self._zero]
        records = [record for record in found if record is not None]
        self._settled = all(each["state"] in _OVER for record in records for each in record["deliveries"])
        lines = sorted(line for record in records for line in self._tell(record))
        return [f"{_write_plus(moment)} {line}" for moment, line in lines]

    def settled(self) -> bool:
        """Whether nothing of the incidents that are followed is on its way any more."""
        return self._settled

    def find_other_business(self) -> set[str]:
        """The sids of everything sent that was no ring and no text of an alarm that is followed."""
        with self._database.begin(reads=True) as session:
            return set(
                session.scalars(
                    select(Attempt.sid)
                    .join(Attempt.delivery)
                    .where(
                        Attempt.sid.is_not(None),
                        Delivery.incident_id.not_in(self._zero) | (Delivery.purpose != Purpose.ALARM),
                    )
                )
            )

    def _tell(self, record: dict[str, Any]) -> Iterator[Line]:
        zero = self._zero[record["id"]] or min(_read_epoch(alert["raised_at"]) for alert in record["alerts"])
        self._zero[record["id"]] = zero
        for alert in record["alerts"]:
            if self._first(("alert", record["id"], alert["household"])):
                who = f"{alert['household']} {alert['number']} · {alert['place']}"
                yield _read_epoch(alert["raised_at"]) - zero, f"#9      {who}"
        requests = None
        for delivery in record["deliveries"]:
            for attempt in delivery["attempts"]:
                who = f"{delivery['household']} {delivery['number']}"
                key = (delivery["id"], attempt["number"])
                if attempt["sid"] and self._first(("request", *key)):
                    requests = requests or {entry["sid"]: entry["at"] for entry in self._handsets.requests(zero)}
                    verb = "rung  " if delivery["channel"] == "call" else "texted"
                    yield requests.get(attempt["sid"], zero) - zero, f"{verb}  {who}"  # nosec B113 - a dictionary
                word = _STATES[delivery["channel"]].get(attempt["state"])
                if word and self._first(("state", *key, attempt["state"])):
                    code = f" ({attempt['error_code']})" if attempt["error_code"] else ""
                    yield _read_epoch(_write_moment(attempt)) - zero, f"  {who}  {word}{code}"
        yield from self._tell_answers(record, zero)

    def _tell_answers(self, record: dict[str, Any], zero: float) -> Iterator[Line]:
        for index, answer in enumerate(record["acknowledgements"]):
            if self._first(("answer", record["id"], index)):
                yield _read_epoch(answer["at"]) - zero, f"  {answer['household']}  answers: {answer['answer']}"
        for index, update in enumerate(record["timeline"]):
            if update["kind"] not in {"opened", "voice", "answer"} and self._first(("update", record["id"], index)):
                detail = ", ".join(str(value) for name, value in update.items() if name not in {"at", "kind"} and value)
                yield _read_epoch(update["at"]) - zero, f"  {update['kind'].replace('_', ' ')}: {detail}"

    def _first(self, key: object) -> bool:
        if key in self._told:
            return False
        self._told.add(key)
        return True


def _write_moment(attempt: dict[str, Any]) -> str:
    moments = (attempt[name] for name in ("ended_at", "answered_at", "rang_at", "accepted_at", "requested_at"))
    return next(str(moment) for moment in moments if moment)


def _read_epoch(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _write_plus(seconds: float) -> str:
    """A span as it stands at the head of a line: milliseconds at first, then seconds."""
    return f"{seconds * 1000:+7.0f} ms" if seconds < 1 else f"{seconds:+8.2f} s"
