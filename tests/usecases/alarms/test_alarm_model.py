"""A model of deliveries, redials and escalation: whatever order callbacks, answers, crashes and ticks come in.

The real use cases on SQLite, under a clock that the test moves. After every step: no final state is left, nobody is
called twice for one purpose and round, nobody who is to be reached is forgotten, and enough answers stop the widening.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from config.database import Database
from groups.models.responders import Responder, Team
from groups.models.roster import Group
from joint_defense.alarms import news_sent
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.closing import close
from joint_defense.alarms.escalation import redial_queries as facts
from joint_defense.alarms.escalation import redials, widening
from joint_defense.alarms.news_on_line import Patience
from joint_defense.carriers.port import OutcomeUnknown, Receipt, RefusedNumber, Temporary, Unanswered
from joint_defense.delivery import claims as delivery_claims
from joint_defense.delivery import results, tracking
from joint_defense.delivery.claims import Claim
from joint_defense.delivery.results import Sent
from joint_defense.incidents.answers import read_answers
from joint_defense.models.incidents import Attempt, Delivery, Incident, IncidentUpdate
from joint_defense.rules.parties import Party
from joint_defense.rules.redials import FollowUp
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import FINAL, FIRST_RINGS, OVER, RINGS, AttemptState, Channel, DeliveryState, Purpose
from tests.conftest import examples
from tests.support.factories import NOW, Town

Result = TypeVar("Result")
ZONE = ZoneInfo("Asia/Shanghai")
PAUSES = (timedelta(seconds=15), timedelta(seconds=45), timedelta(seconds=120))
WORDS = {
    Channel.CALL: ("initiated", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"),
    Channel.SMS: ("queued", "sent", "delivered", "undelivered", "failed"),
}


class Alarm(RuleBasedStateMachine):
    """An alarm in a group with a back-up group, a neighbouring one and a duty phone."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.home = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        path = Path(self.home.name) / "town.sqlite"
        shutil.copyfile(self.template, path)
        self.database = Database(f"sqlite:///{path}")
        self.now = NOW
        self.hands: list[tuple[Claim, str]] = []
        self.final: dict[tuple[int, int], AttemptState] = {}
        self.over: dict[int, DeliveryState] = {}
        self.steps_when_enough = 0
        self.enough_since: datetime | None = None

    def teardown(self) -> None:
        try:
            self._everybody_was_asked_for_in_the_end()
        finally:
            self.database.close()
            self.home.cleanup()

    def _everybody_was_asked_for_in_the_end(self) -> None:
        """With the workers back and a carrier that works, no phone waits for ever, and none is lost."""
        self._run(delivery_claims.release_dead, lambda _owner: False, self.now)
        for _ in range(8):
            self.now += timedelta(seconds=5)
            # As the clock does: whoever was called in vain while nobody looked is judged before the end.
            self._run(redials.follow_up_due, PAUSES, self.now)
            for channel in Channel:
                for claim in self._run(delivery_claims.claim, channel, 100, "a", self.now):
                    receipt = Receipt(f"SID{claim.delivery_id}-{claim.number}", AttemptState.QUEUED)
                    self._run(results.record, [Sent(claim, receipt=receipt)], self.now)
        with self.database.begin() as session:
            for delivery in session.scalars(select(Delivery).where(Delivery.due_at <= self.now)):
                assert delivery.state not in {DeliveryState.WAITING, DeliveryState.CLAIMED}, "it is never sent"
                assert delivery.attempt_count > 0 or delivery.state is DeliveryState.CANCELLED
        self._whoever_got_nothing_but_a_text_has_answered_or_is_unreachable()

    def _whoever_got_nothing_but_a_text_has_answered_or_is_unreachable(self) -> None:
        self.now += sum(PAUSES, timedelta())
        self._run(redials.judge_unanswered_texts, PAUSES, self.now)
        with self.database.begin() as session:
            incident = session.get_one(Incident, self.incident_id)
            if incident.closed_at is not None or self.now - incident.opened_at > facts.JUDGED_FOR:
                return
            texts = session.scalars(select(Delivery).where(Delivery.household_id == self.deaf.id)).all()
            answered = Party(self.deaf.id, None) in read_answers(session, self.incident_id).parties
            assert answered or FollowUp.GIVEN_UP in {text.follow_up for text in texts}

    @initialize()
    def raise_alarm(self) -> None:
        self.town = Town(self.database)
        backup, beside = self.town.group("4组"), self.town.group("5组")
        caller = self.town.house("王")
        for head, phones, more in (("李", "ml", {"leader": True}), ("陈", "m", {"deputy": True}), ("张", "mm", {})):
            self.town.house(head, phones, **more)
        self.deaf = self.town.house("周", "t")
        self.town.house("钱", "m", group=backup)
        self.town.house("孙", "l", group=beside)
        with self.database.begin() as session:
            for place, group_id in enumerate((backup, self.town.group_id, beside)):
                session.execute(update(Group).where(Group.id == group_id).values(position=place))
            session.get_one(Group, self.town.group_id).backup_group_id = backup
            duty = {"team": Team.STATION, "name": "值班室", "number": "+8657487999001", "may_text": False}
            session.add(Responder(village_id=self.town.village_id, **duty))
        raised = self.town.raise_alarm(caller)
        assert raised.incident_id is not None
        self.incident_id = raised.incident_id

    # What happens -------------------------------------------------------------------------------------------------

    @rule(owner=st.sampled_from(("a", "b")), limit=st.integers(1, 6))
    def claims(self, owner: str, limit: int) -> None:
        for channel in Channel:
            self.hands += [(each, owner) for each in self._run(delivery_claims.claim, channel, limit, owner, self.now)]

    @precondition(lambda self: self.hands)
    @rule(
        what=st.sampled_from(("taken", "taken", "taken", "later", "refused", "unknown", "silence", "nothing")),
        which=st.integers(0, 50),
    )
    def carrier_answers(self, what: str, which: int) -> None:
        claim, _ = self.hands.pop(which % len(self.hands))
        sid = f"SID{claim.delivery_id}-{claim.number}"
        sent = {
            "taken": Sent(claim, receipt=Receipt(sid, AttemptState.QUEUED)),
            "later": Sent(claim, error=Temporary("later", status=500)),
            "refused": Sent(claim, error=RefusedNumber("no such number", code=21211, status=400)),
            "unknown": Sent(claim, error=OutcomeUnknown("gone")),
            "silence": Sent(claim, error=Unanswered("silence")),
            "nothing": Sent(claim) if claim.look_up_first else Sent(claim, error=OutcomeUnknown("silence")),
        }[what]
        self._run(results.record, [sent], self.now)

    @rule(owner=st.sampled_from(("a", "b")))
    def a_worker_dies(self, owner: str) -> None:
        self.hands = [(claim, of) for claim, of in self.hands if of != owner]
        self._run(delivery_claims.release_dead, lambda each: each != owner, self.now)

    @rule(which=st.integers(0, 500), word=st.integers(0, 20), twice=st.booleans())
    def a_callback_comes(self, which: int, word: int, twice: bool) -> None:
        with self.database.begin() as session:
            attempts = session.execute(select(Attempt.delivery_id, Attempt.number).order_by(Attempt.delivery_id)).all()
        if not attempts:
            return
        delivery_id, number = attempts[which % len(attempts)]
        with self.database.begin() as session:
            words = WORDS[session.get_one(Delivery, delivery_id).channel]
        for _ in range(2 if twice else 1):
            sid, status = f"SID{delivery_id}-{number}", words[word % len(words)]
            self._run(tracking.record_status, delivery_id, number, sid, status, None, self.now)

    @rule(which=st.integers(0, 500), given=st.sampled_from(tuple(Answer)))
    def somebody_answers(self, which: int, given: Answer) -> None:
        with self.database.begin() as session:
            told = session.scalars(
                select(Delivery).where(Delivery.attempt_count > 0, Delivery.purpose.in_(RINGS)).order_by(Delivery.id)
            ).all()
            if told:
                one = told[which % len(told)]
                acknowledge(session, one, given, one.channel, self.now)

    @rule(seconds=st.sampled_from((1, 5, 20, 60, 130)), clocks=st.integers(1, 2))
    def time_passes(self, seconds: int, clocks: int) -> None:
        self.now += timedelta(seconds=seconds)
        for _ in range(clocks):
            self._run(widening.widen_due, self.now, ZONE)
            self._run(news_sent.send_all, self.now, Patience())
            self._run(redials.follow_up_due, PAUSES, self.now)
            self._run(redials.judge_unanswered_texts, PAUSES, self.now)

    @precondition(lambda self: self.now - NOW > timedelta(seconds=300))
    @rule()
    def somebody_closes_it(self) -> None:
        self._run(close, self.incident_id, "helped", "", "值班", self.now)

    # What must be true --------------------------------------------------------------------------------------------

    @invariant()
    def no_final_state_is_left(self) -> None:
        with self.database.begin() as session:
            for attempt in session.scalars(select(Attempt)):
                key = (attempt.delivery_id, attempt.number)
                assert self.final.get(key, attempt.state) is attempt.state
                if attempt.state in FINAL:
                    self.final[key] = attempt.state
            for delivery in session.scalars(select(Delivery)):
                before = self.over.get(delivery.id)
                # A call that was taken after all, though it had been given up, may be on record as such.
                assert before in {None, delivery.state, DeliveryState.UNREACHED, DeliveryState.CANCELLED}
                if delivery.state in OVER:
                    self.over[delivery.id] = delivery.state

    @invariant()
    def nobody_is_called_twice_for_the_same(self) -> None:
        with self.database.begin() as session:
            rows = session.scalars(select(Delivery)).all()
            told_apart = [(row.number, row.channel, row.purpose, row.occasion) for row in rows]
            assert max(Counter(told_apart).values(), default=0) <= 1
            first = [row for row in rows if row.purpose in FIRST_RINGS and row.occasion.is_first]
            assert max(Counter((row.number, row.channel) for row in first).values(), default=0) <= 1
            own = {alert.number for alert in session.get_one(Incident, self.incident_id).alerts}
            assert not own & {row.number for row in rows if row.purpose in RINGS}

    @invariant()
    def what_is_told_is_told_once_and_in_another_way_only_where_it_failed(self) -> None:
        told = (Purpose.NEWS, Purpose.ALL_CLEAR)
        with self.database.begin() as session:
            deliveries = session.scalars(select(Delivery).where(Delivery.purpose.in_(told))).all()
        news_calls = [each for each in deliveries if (each.purpose, each.channel) == (Purpose.NEWS, Channel.CALL)]
        assert len(news_calls) <= news_sent.MOST_CALLS
        assert sum(each.state not in OVER for each in news_calls) <= 1
        failed = {(each.number, each.purpose) for each in deliveries if each.state is DeliveryState.UNREACHED}
        ways: dict[tuple[str, Purpose], set[Channel]] = defaultdict(set)
        for each in deliveries:
            ways[each.number, each.purpose].add(each.channel)
        for number, purpose in (key for key, channels in ways.items() if len(channels) > 1):
            assert (number, purpose) in failed

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """Whatever is not over is in somebody's hands, due some time, or with the carrier who will be asked."""
        with self.database.begin() as session:
            for delivery in session.scalars(select(Delivery).where(Delivery.state.not_in(OVER))):
                if delivery.state is DeliveryState.CLAIMED:
                    assert delivery.owner in {"a", "b"}
                assert delivery.due_at is not None
                assert delivery.due_at <= self.now + timedelta(seconds=600)

    @invariant()
    def the_incident_has_come_as_far_as_its_steps(self) -> None:
        with self.database.begin() as session:
            incident = session.get_one(Incident, self.incident_id)
            lines = session.scalars(select(IncidentUpdate).where(IncidentUpdate.kind == "widened")).all()
            assert [line.detail["step"] for line in lines] == list(range(1, incident.steps_done + 1))
            for line in lines:
                after = incident.policy["steps"][line.detail["step"] - 1]["after"] if incident.policy else 0
                assert line.at >= incident.opened_at + timedelta(seconds=after)
                assert line.detail["coming"] < 2, "enough were coming, and it was widened all the same"

    @invariant()
    def enough_answers_stop_the_widening(self) -> None:
        with self.database.begin() as session:
            incident = session.get_one(Incident, self.incident_id)
            enough = len(read_answers(session, self.incident_id).coming) >= 2 or incident.closed_at is not None
            if enough and self.enough_since is not None:
                assert incident.steps_done == self.steps_when_enough
            self.enough_since = (self.enough_since or self.now) if enough else None
            self.steps_when_enough = incident.steps_done

    def _run(self, use_case: Callable[..., Result], *given: object) -> Result:
        with self.database.begin() as session:
            return use_case(session, *given)


@pytest.fixture
def _template(request: pytest.FixtureRequest) -> None:
    Alarm.template = request.getfixturevalue("_sqlite_template")


@pytest.mark.usefixtures("_template")
def test_whatever_order_things_come_in_the_alarm_keeps_its_promises() -> None:
    run_state_machine_as_test(
        Alarm,
        settings=settings(
            max_examples=examples(10),
            phases=[Phase.generate],
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
        ),
    )
