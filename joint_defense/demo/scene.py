"""The scene: whose alarm it is, whom it must reach, and how the neighbours behave.

Whom it must reach is read from the roster's tables with plain SQL on purpose: it judges what the service did, so it
must not be computed by the service.

The policy of the village that the demo shows: what is built in, at half the seconds, so that nobody waits long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from config.database import insert_or_skip, read_clock
from groups import directory
from joint_defense.demo.programs import DemoTrouble
from joint_defense.incidents import policies
from joint_defense.models.upkeep import ChecksBegin
from joint_defense.rules.escalation import BUILT_IN
from joint_defense.rules.village_checks import find_due_on

CALL, TEXT = "call", "message"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A phone that the alarm must reach."""

    number: str
    head: str
    household_id: int
    landline: bool
    may_call: bool
    may_text: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """A household that calls for help, and the phones that must be reached for it."""

    caller: str
    head: str
    place: str
    village_code: str
    group_id: int
    neighbours: tuple[Neighbour, ...]

    @property
    def expected(self) -> set[tuple[str, str]]:
        """Every (number, kind of request) that the carrier must be asked for, once each."""
        calls = {(each.number, CALL) for each in self.neighbours if each.may_call}
        return calls | {(each.number, TEXT) for each in self.neighbours if each.may_text}

    def name_head(self, number: str) -> str:
        """Whose phone it is; empty for a stranger's."""
        return next((each.head for each in self.neighbours if each.number == number), "")


# The group that has been quiet for longest, so that a second run soon after the first is an alarm of its own and does
# not join the first one's; of those the first in the town, with enough households to show something.
_GROUP = """
SELECT g.id, g.name, v.name AS village, v.code, g.leader_id, g.deputy_id
FROM groups g JOIN villages v ON v.id = g.village_id
WHERE g.archived_at IS NULL
  AND (SELECT count(*) FROM households h WHERE h.group_id = g.id AND h.archived_at IS NULL) >= 8
  AND EXISTS (SELECT 1 FROM households h JOIN phones p ON p.household_id = h.id
              WHERE h.group_id = g.id AND p.kind = 'landline' AND p.archived_at IS NULL)
ORDER BY (SELECT max(i.id) FROM incidents i WHERE i.group_id = g.id) IS NOT NULL,
         (SELECT max(i.id) FROM incidents i WHERE i.group_id = g.id), g.id
LIMIT 1
"""
# Not the leader's own house: the leader is to be seen among those who are rung.
_CALLER = """
SELECT p.number, h.id, h.head, h.door
FROM households h JOIN phones p ON p.household_id = h.id
WHERE h.group_id = :group_id AND h.archived_at IS NULL AND p.archived_at IS NULL AND p.kind = 'mobile'
  AND h.id <> coalesce(:leader_id, 0) AND h.id <> coalesce(:deputy_id, 0)
ORDER BY h.position, p.rank
LIMIT 1
"""
_NEIGHBOURS = """
SELECT p.number, p.kind, p.may_call, p.may_text, h.id, h.head
FROM households h JOIN phones p ON p.household_id = h.id
WHERE (h.group_id = :group_id OR h.id = :leader_id OR h.id = :deputy_id)
  AND h.id <> :caller_id AND h.archived_at IS NULL AND p.archived_at IS NULL
ORDER BY h.position, p.rank
"""


def choose_scene(session: Session) -> Scene:
    """A group of the demo town that has been quiet for longest. Raises DemoTrouble where the roster has none."""
    group = session.execute(text(_GROUP)).one_or_none()
    if group is None:
        raise DemoTrouble("this database's roster has no group of eight households with a landline to show")
    leaders = {"leader_id": group.leader_id, "deputy_id": group.deputy_id}
    caller = session.execute(text(_CALLER), {"group_id": group.id, **leaders}).one()
    rows = session.execute(text(_NEIGHBOURS), {"group_id": group.id, "caller_id": caller.id, **leaders})
    neighbours = tuple(
        Neighbour(row.number, row.head, row.id, row.kind == "landline", bool(row.may_call), bool(row.may_text))
        for row in rows
    )
    place = f"{group.village}{group.name} {caller.door}".strip()
    return Scene(caller.number, caller.head, place, group.code, group.id, neighbours)


def _make_answers(after: float, keys: str = "", hang_up_after: float = 14) -> dict[str, Any]:
    press = [{"after": 6.0, "digits": keys}] if keys else []
    return {"do": "answer", "after": after, "press": press, "hang_up_after": hang_up_after}


def make_scripts(scene: Scene) -> dict[str, dict[str, Any]]:
    """What each neighbour does, so that everything that can happen is seen once; seconds are the telephone's."""
    first_phones: dict[int, Neighbour] = {}
    for each in scene.neighbours:
        first_phones.setdefault(each.household_id, each)
    doings = [
        _make_answers(3, "1"),
        _make_answers(4, "1"),
        {"do": "busy", "after": 1},
        {"do": "no_answer"},
        _make_answers(6, "2"),
        {"do": "voicemail", "after": 15},
        _make_answers(8, hang_up_after=9),
        {"do": "off", "after": 1},
    ]
    played: dict[str, dict[str, Any]] = {}
    for each in first_phones.values():
        mobile = not each.landline
        doing = doings.pop(0) if mobile and doings else _make_answers(5 if mobile else 10, "1")
        played[each.number] = {"name": each.head, "calls": [doing]}
    # Somebody answers by text instead of by key; second phones lie at home in a drawer.
    texter = next(
        (each for each in first_phones.values() if played[each.number]["calls"][0]["do"] == "no_answer"), None
    )
    if texter is not None:
        played[texter.number]["texts"] = {"do": "deliver", "reply": "1", "reply_after": 12}
    return played


def begin_checks(session: Session, zone: ZoneInfo) -> None:
    """Let the town's half-monthly checks begin with the present one: its households are older than the demo, and two
    dozen checks that nobody could sign off would stand on every village's page.
    """
    begin_on = find_due_on(read_clock(session).astimezone(zone).date())
    session.execute(insert_or_skip(session, ChecksBegin, {"id": 1, "begin_on": begin_on}))


def widen_sooner(session: Session, village_code: str) -> None:
    """Give the village a policy of its own, unless it ever had one."""
    village = directory.find_village(session, village_code)
    if village is not None and not policies.list_versions(session, village[0]):
        steps = tuple(replace(step, after=step.after // 2) for step in BUILT_IN.steps)
        policies.change(session, village[0], replace(BUILT_IN, steps=steps), "demo", read_clock(session))
