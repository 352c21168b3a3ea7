"""What is asked twice a second is read by its own small index, however many deliveries the town has had."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from joint_defense.alarms.escalation.redials import follow_up_due
from joint_defense.delivery import claims
from joint_defense.delivery.results import claim_enquiries
from joint_defense.rules.states import Channel
from tests.support.factories import OWNER, Town, at

ASKED: dict[str, Callable[[Session], Any]] = {
    "ix_deliveries_waiting": lambda s: claims.claim(s, Channel.CALL, 5, OWNER, at(0)),
    "ix_deliveries_placed": lambda s: claim_enquiries(s, at(0)),
    "ix_deliveries_follow_up": lambda s: follow_up_due(s, (timedelta(seconds=15),), at(0)),
    "ix_deliveries_claimed": lambda s: claims.release_dead(s, lambda _owner: True, at(0)),
}

WRITTEN_OUT = {
    "ix_deliveries_waiting": "state = 'waiting'",
    "ix_deliveries_placed": "state = 'placed'",
    "ix_deliveries_follow_up": "follow_up IN ('look', 'redial')",
    "ix_deliveries_claimed": "state = 'claimed'",
}


@pytest.mark.parametrize("index", ASKED)
def test_what_is_due_is_found_by_its_index(town: Town, index: str) -> None:
    plans: list[str] = []
    statements: list[str] = []
    explain = "EXPLAIN QUERY PLAN" if town.database.is_sqlite else "EXPLAIN"

    def note(connection: Any, _cursor: object, statement: str, parameters: Any, context: object, _many: bool) -> None:
        if context is not None and "FROM deliveries" in statement and "EXPLAIN" not in statement:
            rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
            plans.append(" ".join(str(row) for row in rows))
            statements.append(statement)

    with town.database.begin() as session:
        if not town.database.is_sqlite:
            # Of an empty table anything is read at once: what counts is that the index would do.
            session.execute(text("SET LOCAL enable_seqscan = off"))
        event.listen(town.database.engine, "before_cursor_execute", note)
        ASKED[index](session)
        event.remove(town.database.engine, "before_cursor_execute", note)
    assert plans
    assert index in plans[0]
    # Written out: for a parameter PostgreSQL would forget the index once it plans for whatever comes.
    assert WRITTEN_OUT[index] in statements[0]
