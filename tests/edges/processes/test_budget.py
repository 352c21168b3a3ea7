"""What a month costs is counted from what has happened; a spent budget stops drills and notices, and no alarm."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from app import create_app
from joint_defense.models.incidents import Attempt, Delivery
from joint_defense.processes import clock, service_alerts
from joint_defense.processes.budget import read_costs
from joint_defense.processes.runtime import Runtime
from joint_defense.rules.errors import DrillRefused
from joint_defense.rules.upkeep.service_alerts import AlertKind
from joint_defense.upkeep import rolling_tests, tasks
from joint_defense.upkeep.drills import Hours, Scope, start_drills
from tests.conftest import MakeSettings
from tests.support.factories import NOW, Town, at

PRICES = {"call_price": "0.10", "text_price": "0.05"}


def test_a_month_costs_what_was_picked_up_and_sent_and_a_spent_budget_stops_what_can_wait(
    settings: MakeSettings, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Town(database)
    caller, _, _ = town.house("王建国"), town.house("陈小红"), town.house("李大明")
    town.raise_alarm(caller)
    town.place()
    town.run(lambda session: session.execute(update(Attempt).values(accepted_at=at(1))))
    (first, *_) = town.read(
        lambda s: s.scalars(select(Attempt).join(Attempt.delivery).where(Delivery.channel == "call")).all()
    )
    picked_up = update(Attempt).where(Attempt.delivery_id == first.delivery_id).values(answered_at=at(9))
    town.run(lambda session: session.execute(picked_up))
    texts = len(town.read(lambda s: s.scalars(select(Delivery.id).where(Delivery.channel == "sms")).all()))
    made = settings(**PRICES, monthly_budget="0.30")
    month = NOW.date().replace(day=1)
    found = town.read(lambda session: read_costs(session, made, month, NOW + timedelta(hours=1)))
    assert found.counts == {"alarm": (1, 2 * texts)}
    assert found.spent == Decimal("0.10") + texts * 2 * Decimal("0.05")
    assert found.expected > found.spent
    before = month.replace(month=month.month - 1)
    assert town.read(lambda session: read_costs(session, made, before, NOW)).spent == 0

    runtime = Runtime(made)
    monkeypatch.setattr(runtime.database, "estimate_now", lambda: NOW + timedelta(hours=1))
    assert runtime.budget.is_spent()
    asked: list[str] = []

    def look(*_: object) -> list[int]:
        asked.append("something")
        return []

    for room in (rolling_tests, tasks):
        monkeypatch.setattr(room, "find_villages_due", look)
    assert clock.tick(runtime, None, (clock._ring_tests, clock._mend_numbers))
    assert asked == []
    (told,) = service_alerts.look_at_budget(runtime.budget.read_share())
    assert (told.kind, told.subject) == (AlertKind.BUDGET, "spent")
    runtime.close()
    scope = Scope(town.village_id, "墙下陶村")
    with pytest.raises(DrillRefused, match="budget"):
        town.run(lambda s: start_drills(s, scope, "", NOW, Hours(None, made.zone, spent=True)))
    # Somebody who calls for help is none of its business.
    town.raise_alarm(town.house("孙有福"), after=400)
    assert town.claim(after=400)
    with pytest.raises(ValueError, match="MONTHLY_BUDGET needs"):
        settings(monthly_budget="10")


def test_the_command_prints_a_month_and_refuses_without_prices(settings: MakeSettings, database: Any) -> None:
    app = create_app(settings(**PRICES, monthly_budget="100"))
    runner = app.test_cli_runner()
    said = json.loads(runner.invoke(args=["cost", "show", "--month", "2026-11", "--json"]).output)
    assert said == {"month": "2026-11", "kinds": {}, "spent": "0.00", "expected": "0.00", "budget": "100.00"}
    assert "budget" in runner.invoke(args=["cost", "show"]).output
    assert runner.invoke(args=["cost", "show", "--month", "soon"]).exit_code == 1
    app.extensions["runtime"].redis.close()
    app.extensions["runtime"].close()
