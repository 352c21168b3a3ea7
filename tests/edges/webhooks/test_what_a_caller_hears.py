"""The table in docs/reliability.md: each state is brought about, and what is said then is what stands there."""

from __future__ import annotations

import html
import math
import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from config.database import Database, read_clock
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.closing import close
from joint_defense.carriers.port import CarrierError, OutcomeUnknown, Temporary
from joint_defense.delivery import tracking
from joint_defense.models.incidents import Alert, Delivery
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel, ClosingOutcome, DeliveryState
from joint_defense.rules.wording import calls
from tests.conftest import MakeSettings
from tests.edges.webhooks.test_webhooks import BASE, Carrier
from tests.support.factories import NOW, House, Town

NOTHING = "nothing"
SAME = "the same"
NO_TEXT = "–"
Heard = tuple[str, str | None]
"""What is heard on the line, and what comes by text; "" for nothing, None where no text is meant."""


def read_table() -> dict[str, Heard]:
    """The rows of the table, by their states."""
    text = (Path(__file__).parents[3] / "docs/reliability.md").read_text(encoding="utf-8")
    part = text.partition("## What a caller hears")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line[:1] == "|"]
    found: dict[str, Heard] = {}
    for state, line, by_text in rows[2:]:
        said = "" if line == NOTHING else line
        found[state] = (said, {SAME: said, NO_TEXT: None, NOTHING: ""}.get(by_text, by_text))
    return found


def find_said(document: str) -> str:
    """The first words in Chinese of a call's document, or those of a message's behind the name of the service; figures
    as the table has them.
    """
    found = re.search(r'<Say[^>]*language="cmn-CN"[^>]*>(.*?)</Say>|<Message[^>]*>(.*?)</Message>', document)
    said = html.unescape(found[1] or found[2]) if found else ""
    said = re.sub(r"[A-Za-z].*", "", said.removeprefix("【十户联防】")).strip()
    return re.sub(r"\d+部", "M部", re.sub(r"\d+户", "N户", said))


class Night:
    """A town in which everything can break, and callers each in a group of their own."""

    def __init__(self, app: Flask, town: Town) -> None:
        self.app, self.town, self.carrier = app, town, Carrier(app.test_client(), town)
        self._serials = count(1)

    def settle(self, *, alone: bool = False, silent: bool = False) -> House:
        group = self.town.group(f"{next(self._serials)}号组")
        caller = self.town.house("王建国", group=group, silent=silent)
        for _ in range(0 if alone else 2):
            self.town.house("李大明", group=group)
        return caller

    def call(self, caller: House, path: str = "/voice/menu/1", keys: str = "#9", sid: str = "") -> str:
        form = {"Digits": keys} if keys else {}
        self.sid = sid or f"CA{next(self._serials)}"
        self.document = self.carrier.call(path, caller.number, sid=self.sid, **form)
        return find_said(self.document)

    def go_on(self, caller: House, keys: str = "") -> str:
        """What is heard next on the line, without a key."""
        found = re.search(r"<Redirect[^>]*>([^<]*)<", self.document)
        assert found is not None
        return self.call(caller, html.unescape(found[1]).removeprefix(BASE), keys=keys, sid=self.sid)

    def text(self, caller: House) -> str:
        return find_said(self.carrier.text("救命", caller.number, sid=f"SM{next(self._serials)}"))

    def send(self) -> bool:
        """A sender takes everything in hand that is due."""
        return bool(self.town.place(after=(self.town.read(read_clock) - NOW).total_seconds()))

    def grow_older(self, *, seconds: float) -> None:
        """The newest alarm was raised so much earlier."""
        past = self.town.read(read_clock) - timedelta(seconds=seconds)
        newest = self.town.alerts()[-1].id
        self.town.run(lambda session: setattr(session.get_one(Alert, newest), "raised_at", past))

    def find_calls(self) -> list[Delivery]:
        """The calls of the newest alarm."""
        deliveries = self.town.deliveries(self.town.alerts()[-1].incident_id)
        return [each for each in deliveries if each.channel is Channel.CALL]

    def take_database(self, *, away: bool) -> None:
        self.app.extensions["runtime"].database._breaker._rest_until = math.inf if away else 0.0


@pytest.fixture
def night(settings: MakeSettings, database: Database) -> Iterator[Night]:
    app = create_app(settings(alarms_per_hour=1))
    app.extensions["drainer"]._stopping.set()
    yield Night(app, Town(database))
    app.extensions["waker"].close()
    app.extensions["runtime"].redis.close()
    app.extensions["runtime"].close()


def on_record(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    return night.call(night.settle()), night.text(night.settle())


def with_a_call_at_the_carrier(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    caller = night.settle()
    night.call(caller)
    assert 'timeout="2"' in night.document, "the first question comes soon"
    night.send()
    said = night.go_on(caller)
    assert 'timeout="4"' in night.document
    assert night.go_on(caller) == "", "it is said once"
    return said, None


def with_somebody_coming(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    caller = night.settle()
    night.call(caller)
    night.send()
    neighbour = night.find_calls()[0].id
    night.town.run(
        lambda session: acknowledge(
            session, session.get_one(Delivery, neighbour), Answer.COMING, Channel.CALL, read_clock(session)
        )
    )
    said = night.go_on(caller)
    assert calls.BEING_RUNG["zh"] not in night.document, "who comes says enough"
    return said, None


def with_every_call_over(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    caller = night.settle()
    night.call(caller)
    night.send()
    for call in night.find_calls():
        sid = night.town.attempt(call).sid or ""
        night.town.run(
            lambda session, call=call, sid=sid: tracking.record_status(  # type: ignore[misc]
                session, call.id, 1, sid, "no-answer", None, read_clock(session)
            )
        )
    return night.go_on(caller), None


def with_nothing_gone_for_long(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    caller = night.settle()
    night.call(caller)
    assert night.go_on(caller) == "", "it is too early to say so"
    night.grow_older(seconds=2)
    # One of them has written that they cannot come, before anything left: that is no request.
    spared = night.find_calls()[0].id
    night.town.run(lambda session: setattr(session.get_one(Delivery, spared), "state", DeliveryState.CANCELLED))
    said = [night.go_on(caller) for _ in range(5)]
    assert said[1:4] == ["", "", ""]
    assert said[0] == said[4]
    return said[0], None


def with_every_request_declined(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    return after_each_request(night, Temporary("no connection to the carrier")), None


def with_every_answer_lost(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    return after_each_request(night, OutcomeUnknown("a page of a proxy")), None


def after_each_request(night: Night, error: CarrierError) -> str:
    """What is heard once nothing came of all requests but this; it is said again every fourth time."""
    caller = night.settle()
    night.call(caller)
    night.grow_older(seconds=2)
    taken = night.town.claim(after=(night.town.read(read_clock) - NOW).total_seconds())
    assert night.go_on(caller) == "", "they are on their way"
    for claim in taken:
        night.town.came(claim, error, after=(night.town.read(read_clock) - NOW).total_seconds())
    said = [night.go_on(caller) for _ in range(5)]
    assert said[1:4] == ["", "", ""]
    assert said[0] == said[4]
    return said[0]


def kept(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    caller, other = night.settle(), night.settle()
    night.take_database(away=True)
    return night.call(caller), night.text(other)


def kept_still(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    caller = night.settle()
    night.take_database(away=True)
    night.call(caller)
    said = [night.go_on(caller) for _ in range(5)]
    assert said[:4] == [""] * 4
    return said[4], None


def with_a_full_disk(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    caller, other = night.settle(), night.settle()
    night.take_database(away=True)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        return night.call(caller), night.text(other)


def with_nobody_near(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    return night.call(night.settle(alone=True)), night.text(night.settle(alone=True))


def pressing_again(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    caller = night.settle()
    night.call(caller)
    return night.call(caller), night.text(caller)


def too_often(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    caller = night.settle()
    night.call(caller)
    for incident in night.town.incidents():
        if incident.closed_at is None:
            now = night.town.read(read_clock)
            over = partial(close, incident_id=incident.id, outcome=ClosingOutcome.HELPED, note="", by="村", now=now)
            night.town.run(over)
    return night.call(caller), night.text(caller)


def silently(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    caller = night.settle(silent=True)
    assert night.call(caller, "/voice/inbound", keys="") == ""
    said = night.call(caller) + night.go_on(caller)
    return said, night.text(night.settle(silent=True))


def with_the_database_gone_meanwhile(night: Night, monkeypatch: pytest.MonkeyPatch) -> Heard:
    caller = night.settle()
    night.call(caller)
    night.take_database(away=True)
    assert night.go_on(caller) == ""
    return night.go_on(caller, keys="1"), None


STATES: dict[str, Callable[[Night, pytest.MonkeyPatch], Heard]] = {
    "it is on record": on_record,
    "… 2 s after these words, and the carrier has a neighbour's call": with_a_call_at_the_carrier,
    "… and somebody is coming by then": with_somebody_coming,
    "… and every call is over by then, and nobody has answered (after 60 s: 还没有人回应)": with_every_call_over,
    "… and nothing has left: worker dead or hung, Redis away, a storm; again every 16 s": with_nothing_gone_for_long,
    "… and the carrier declines every request: account refused, too many at once, no way to it; again every 16 s": (
        with_every_request_declined
    ),
    "… and the carrier has answered none: it hangs, cuts, answers with a page of a proxy; again every 16 s": (
        with_every_answer_lost
    ),
    "it could not be taken in, and is kept on disk": kept,
    "… kept still, every 20 s": kept_still,
    "it can neither be taken in nor kept (disk full)": with_a_full_disk,
    "nobody of the group can be rung": with_nobody_near,
    "pressing again": pressing_again,
    "too many incidents of one number within an hour": too_often,
    "a silent household": silently,
    "a key, while the database has gone away (without a key: nothing)": with_the_database_gone_meanwhile,
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_caller_hears_in_each_state_is_what_the_table_says(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = {}
    for state, bring_about in STATES.items():
        heard[state] = bring_about(night, monkeypatch)
        night.take_database(away=False)
    assert heard == read_table()
