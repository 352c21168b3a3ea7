"""Escalation policies: the versions of a village's and the town's, which one is in force, and its copy on an incident.

An incident keeps the policy it opened with: a change is for incidents that open from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from config.database import insert_or_skip
from joint_defense.incidents.answers import is_anybody_left, read_answers
from joint_defense.models.choices import EscalationPolicy
from joint_defense.models.incidents import Incident
from joint_defense.rules.escalation import BUILT_IN, Policy, Progress, from_json, to_json
from joint_defense.rules.states import IncidentKind

BUILT_IN_NAME, TOWN_NAME, VILLAGE_NAME = "built-in", "town", "village"


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy, whose it is (village, town, built-in), its version (0 built in), and who made it when."""

    policy: Policy
    of: str
    version: int = 0
    made_at: datetime | None = None
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A version as it was set; `policy` None: from then on the village follows the town, the town what is built in."""

    number: int
    policy: Policy | None
    made_at: datetime
    made_by: str


def read_in_force(session: Session, village_id: int | None) -> InForce:
    """What holds for incidents that open now in a village; without a village, what the town's policy is."""
    # A village's own first; the town's is there for those that have none, or follow it again.
    for found in session.execute(_IN_FORCE, {"village_id": village_id}):
        if found.policy is not None:
            of = TOWN_NAME if found.village_id is None else VILLAGE_NAME
            return InForce(from_json(found.policy), of, found.version, found.made_at, found.made_by)
    return InForce(BUILT_IN, BUILT_IN_NAME)


def list_versions(session: Session, village_id: int | None) -> list[Version]:
    """A village's or (None) the town's own versions, the newest first."""
    rows = session.scalars(_read_newest(_match_owner(village_id), limit=None))
    return [
        Version(row.version, None if row.policy is None else from_json(row.policy), row.made_at, row.made_by)
        for row in rows
    ]


def change(session: Session, village_id: int | None, policy: Policy | None, by: str, now: datetime) -> int | None:
    """Make the policy the newest version; None: to follow the town (a village), or what is built in (the town).

    Returns the version's number, or None where the newest says the same already.
    """
    while True:
        newest = session.scalars(_read_newest(_match_owner(village_id))).first()
        wanted = None if policy is None else to_json(policy)
        if (newest is None and wanted is None) or (newest is not None and newest.policy == wanted):
            return None
        version = 1 if newest is None else newest.version + 1
        values = {
            "village_id": village_id,
            "version": version,
            "policy": wanted,
            "made_at": now,
            "made_by": by[:80],
        }
        made = session.execute(insert_or_skip(session, EscalationPolicy, values).returning(EscalationPolicy.id))
        if made.scalar() is not None:
            return version
        # Somebody else has just made this version: ours comes after it.


def freeze(session: Session, incident: Incident) -> None:
    """Give an incident that opens its copy of the policy in force. A call without a word is never widened."""
    if incident.kind is IncidentKind.WORDLESS:
        return
    found = read_in_force(session, incident.village_id)
    policy = found.policy.choose_for_drill() if incident.kind is IncidentKind.DRILL else found.policy
    if policy.steps:
        incident.policy = {**to_json(policy), "of": found.of, "version": found.version}
        incident.next_step_at = read_progress(incident.policy, incident.opened_at, 0).next_at


def hurry(incident: Incident) -> None:
    """There is nobody to ring in the incident's group: every step of its policy is due at once, a second apart."""
    if incident.policy is not None:
        steps = [{**step, "after": after} for after, step in enumerate(incident.policy["steps"], start=1)]
        incident.policy = {**incident.policy, "steps": steps}
        incident.next_step_at = read_progress(incident.policy, incident.opened_at, 0).next_at


def bring_forward(session: Session, incident: Incident, now: datetime) -> None:
    """Where all who were rung have refused, or are out of reach, nobody waits for the next step's time: it is due.

    A drill keeps to the times. The incident's row is locked by the caller.
    """
    if incident.kind is not IncidentKind.ALARM or incident.next_step_at is None or incident.next_step_at <= now:
        return
    if not is_anybody_left(session, incident.id, read_answers(session, incident.id)):
        incident.next_step_at = now


def read_progress(policy: dict[str, Any] | None, opened_at: datetime, steps_done: int) -> Progress:
    """How far an incident has come, from its columns."""
    steps = Policy() if policy is None else from_json({name: policy[name] for name in ("steps", "drills")})
    return Progress(steps, opened_at, steps_done)


def _ask_for_newest() -> Select[int | None, dict[str, Any] | None, int, datetime, str]:
    """The newest version of a village, and the town's newest."""
    newer = aliased(EscalationPolicy)
    same_owner = newer.village_id.is_not_distinct_from(EscalationPolicy.village_id)
    own = EscalationPolicy.village_id == bindparam("village_id", type_=EscalationPolicy.village_id.type)
    columns = (EscalationPolicy.village_id, EscalationPolicy.policy, EscalationPolicy.version)
    return (
        select(*columns, EscalationPolicy.made_at, EscalationPolicy.made_by)
        .where(own | EscalationPolicy.village_id.is_(None))
        .where(~exists().where(same_owner, newer.version > EscalationPolicy.version))
        .order_by(EscalationPolicy.village_id.is_(None))
    )


def _match_owner(village_id: int | None) -> ColumnElement[bool]:
    return EscalationPolicy.village_id.is_(None) if village_id is None else EscalationPolicy.village_id == village_id


def _read_newest(owner: ColumnElement[bool], limit: int | None = 1) -> Any:
    return select(EscalationPolicy).where(owner).order_by(EscalationPolicy.version.desc()).limit(limit)


_IN_FORCE = _ask_for_newest()
