"""The policy of the village that the demo shows: what is built in, at half the seconds, so that nobody waits long."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from config.database import clock
from groups import directory
from joint_defense import policies
from joint_defense.rules.escalation import BUILT_IN


def widen_sooner(session: Session, village_code: str) -> None:
    """Give the village a policy of its own, unless it ever had one."""
    village = directory.village_by_code(session, village_code)
    if village is not None and not policies.versions(session, village[0]):
        steps = tuple(replace(step, after=step.after // 2) for step in BUILT_IN.steps)
        policies.change(session, village[0], replace(BUILT_IN, steps=steps), "demo", clock(session))
