"""Two numbers take turns in calling for help.

Caller ids can be forged. Two households of a street of twenty call every 0.6 s by turns for 24 s, and each incident is
closed as malicious 0.3 s after it began, so that nothing is merged. Before there were limits this came to 14
incidents, 601 calls and texts in 23 s. What it comes to now is printed; docs/adr/0029 has it. PostgreSQL, Redis, web,
worker and clock are real; the carrier takes everything and does nothing.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import cycle

from sqlalchemy import func, select

from config.database import Database, read_clock
from groups.models.roster import Group, Household
from joint_defense.alarms.closing import close
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.rules.states import ClosingOutcome, Purpose
from tools.bench.measuring import Bench
from tools.bench.service import Service
from tools.bench.town import Crowd, settle

NEIGHBOURS = 19
TURNS = 40
PAUSE, CLOSED_AFTER = 0.6, 0.3


def play() -> int:
    """Play it and print what it came to. 1 where more went out than two first alarms and the leader's share."""
    with Service(as_in_a_town=True) as service:
        database = Database(service.settings.database_url)
        crowd = settle(database, (NEIGHBOURS,))[-1]
        _choose_leader(database, crowd)
        callers = (crowd, replace(crowd, caller=f"{crowd.caller[:-1]}1"))
        bench, begun = Bench(service, database), time.monotonic()
        for turn, caller in zip(range(TURNS), cycle(callers), strict=False):
            _wait_until(begun + turn * PAUSE)
            bench.press(caller)
            _wait_until(begun + turn * PAUSE + CLOSED_AFTER)
            _close_as_malicious(database)
        took = time.monotonic() - begun
        incidents, requests, alarms = _count(database)
        database.close()
    print(f"{TURNS} calls for help in {took:.0f} s: {incidents} incidents, {requests} calls and texts to the carrier, ")
    print(f"{alarms} of them to neighbours that there is an alarm")
    return int(alarms > 2 * 2 * NEIGHBOURS + 2 * incidents)


def _choose_leader(database: Database, crowd: Crowd) -> None:
    with database.begin() as session:
        group_id = session.scalar(select(func.max(Group.id)))
        leader = session.scalar(select(func.min(Household.id)).where(Household.group_id == group_id))
        session.get_one(Group, group_id).leader_id = leader


def _close_as_malicious(database: Database) -> None:
    """As an operator would at the page, for whom this is too fast."""
    with database.begin() as session:
        now = read_clock(session)
        for incident_id in session.scalars(select(Incident.id).where(Incident.closed_at.is_(None))).all():
            close(session, incident_id, ClosingOutcome.MALICIOUS, "", "misuse", now)


def _count(database: Database) -> tuple[int, int, int]:
    """Incidents, requests that the carrier got, and those of them that told of an alarm."""
    with database.begin() as session:
        incidents = session.scalar(select(func.count()).select_from(Incident)) or 0
        requests = session.scalar(select(func.sum(Delivery.attempt_count))) or 0
        alarms = session.scalar(select(func.sum(Delivery.attempt_count)).where(Delivery.purpose == Purpose.ALARM)) or 0
    return incidents, requests, alarms


def _wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
