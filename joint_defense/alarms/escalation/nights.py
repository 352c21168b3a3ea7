"""The scene of simulated nights: whom a group's alarms would ring, from the roster and the policy in force now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from groups import directory
from groups.directory import Recipient
from joint_defense.alarms.escalation.widening import look_up
from joint_defense.incidents import policies
from joint_defense.rules.escalation import Whom
from joint_defense.rules.nights import HOURS, Phone, Ring, Scene, Start
from joint_defense.rules.parties import Party, get_party, plan_rings
from joint_defense.rules.states import Channel

MOST_CALLERS = 5
"""So many households of a group, spread over its doors, are callers in its nights."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Calls and texts a second that the carrier takes (0: any number), and how rings are repeated, in seconds."""

    calls: float
    texts: float
    redial_after: tuple[float, ...]
    ring_timeout: float


@dataclass(slots=True)
class _Cast:
    """Places of parties and phones, in the order in which they were met."""

    parties: dict[Party, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    phones: list[Phone] = field(default_factory=list)

    def place(self, each: Recipient) -> int:
        """The phone's place in the scene. Who takes no text has a landline, as far as the model goes."""
        if each.number not in self.numbers:
            party = self.parties.setdefault(get_party(each), len(self.parties))
            self.numbers[each.number] = len(self.phones)
            self.phones.append(Phone(party, is_mobile=each.may_text, on_duty=each.responder_id is not None))
        return self.numbers[each.number]

    def plan(self, phones: Iterable[Recipient], pace: Pace) -> tuple[Ring, ...]:
        """The rings of these phones in the order of an alarm, each when the pace lets it out."""
        gone = {Channel.CALL: 0, Channel.SMS: 0}
        rings = []
        for each in sorted(plan_rings(phones), key=lambda planned: (planned.urgency, planned.turn)):
            refused = each.phone.call_refused if each.channel is Channel.CALL else each.phone.text_refused
            rate = pace.calls if each.channel is Channel.CALL else pace.texts
            after = gone[each.channel] / rate if rate else 0.0
            gone[each.channel] += 1
            if not refused:
                rings.append(Ring(self.place(each.phone), after, each.channel is Channel.CALL))
        return tuple(rings)


Duty = Mapping[Whom, Sequence[Sequence[Recipient]]]
"""By word of a step the responders on duty, hour by hour."""


def read_duty(session: Session, village_id: int, now: datetime, zone: ZoneInfo) -> Duty:
    """Who is on duty in a village and in the town's centre at each hour of today."""
    halves = [now.astimezone(zone).replace(hour=hour, minute=30) for hour in range(HOURS)]
    return {
        whom: [look_up(session, village_id, None, whom, local) for local in halves] for whom in (Whom.DUTY, Whom.CENTRE)
    }


def read_scene(session: Session, village_id: int, group_id: int, now: datetime, duty: Duty, pace: Pace) -> Scene | None:
    """What an alarm of some households of a group would do at `now`; `duty` is its village's.

    None where nobody in the group has a phone to call from.
    """
    cast = _Cast()
    starts = _make_starts(session, group_id, now, cast, pace)
    if not starts:
        return None
    near_phones = len(cast.phones)
    policy = policies.read_in_force(session, village_id).policy
    wanted = {whom for step in policy.steps for whom in step.whom}
    always = {
        whom: cast.plan(look_up(session, village_id, group_id, whom, now), pace)
        for whom in sorted(wanted - duty.keys())
    }
    by_hour = {whom: [cast.plan(each, pace) for each in duty[whom]] for whom in sorted(wanted & duty.keys())}
    more = _find_more_backup(session, village_id, group_id, now) if Whom.BACKUP in wanted else []
    more_rings = cast.plan(more, pace)
    return Scene(
        phones=tuple(cast.phones),
        starts=starts,
        policy=policy,
        steps=tuple(always | {whom: found[hour] for whom, found in by_hour.items()} for hour in range(HOURS)),
        near_phones=near_phones,
        more_backup=more_rings,
        redial_after=pace.redial_after,
        ring_timeout=pace.ring_timeout,
    )


def _make_starts(session: Session, group_id: int, now: datetime, cast: _Cast, pace: Pace) -> tuple[Start, ...]:
    """An alarm of each household that has a phone."""
    callers = {each.household_id: each.number for each in reversed(directory.list_members(session, group_id, now))}
    starts = []
    numbers = list(callers.values())
    step = -(-len(numbers) // MOST_CALLERS) or 1
    for number in numbers[::step]:
        caller = directory.find_caller(session, number)
        if caller is None:
            continue
        reached = directory.list_recipients(session, caller, now)
        first: dict[Party, Recipient] = {}
        for each in sorted(reached, key=lambda one: (one.distance, one.phone_rank)):
            if each.may_call:
                first.setdefault(get_party(each), each)
        starts.append(
            Start(
                caller=cast.parties.setdefault(Party(caller.household_id, None), len(cast.parties)),
                rings=cast.plan(reached, pace),
                with_second=cast.plan([*reached, *_add_second_phones(reached)], pace),
                tree=tuple(cast.place(each) for each in first.values()),
            )
        )
    return tuple(starts)


def _add_second_phones(reached: Sequence[Recipient]) -> list[Recipient]:
    """A mobile for each household that has one phone alone; it has no number yet."""
    count: dict[Party, list[Recipient]] = {}
    for each in reached:
        count.setdefault(get_party(each), []).append(each)
    return [
        replace(
            only,
            number=f"second {only.number}",
            phone_rank=only.phone_rank + 1,
            may_call=True,
            may_text=True,
            call_refused=False,
            text_refused=False,
        )
        for only, *others in count.values()
        if not others and only.household_id is not None
    ]


def _find_more_backup(session: Session, village_id: int, group_id: int, now: datetime) -> list[Recipient]:
    """The phones of the village's next group that is not its back-up group already."""
    ids = [each for each, _ in directory.list_groups(session, village_id)]
    place = ids.index(group_id) if group_id in ids else 0
    backup = {each.number for each in directory.list_backup(session, group_id, now)}
    for other in [*ids[place + 1 :], *ids[:place]]:
        phones = directory.list_members(session, other, now)
        if phones and not any(each.number in backup for each in phones):
            return phones
    return []
