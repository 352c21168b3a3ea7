"""What must be true after every night."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from joint_defense.delivery.claims import LEASE
from joint_defense.incidents.answers import read_answers
from joint_defense.models.inbound import InboundEvent
from joint_defense.models.incidents import Acknowledgement, Attempt, Delivery, Incident
from joint_defense.rules.replies import COMES
from joint_defense.rules.states import FINAL, AttemptState, Channel, DeliveryState, Purpose
from tools.simulate.town import DUSK
from tools.simulate.world import Raised, World, all_of

AT_LAST = timedelta(seconds=8)
"""What has been due for so long at the end, with everything at work again, is not done at all."""
SOON = timedelta(seconds=25)
"""An alarm that was answered has its first request at the carrier within so much, whatever is broken."""
AT_ONCE = timedelta(seconds=30)
"""Whoever has no neighbour to be rung: those on duty are called within so much, whatever is broken; a step is at 60."""


def complaints(world: World) -> list[str]:
    """Everything that is wrong; nothing, if all is well."""
    parts = (_left_out, _doubled, _held_phones, _silent, _answers_lost, _who_comes, _unended, _untrue)
    return [each for part in parts for each in part(world)]


def _left_out(world: World) -> Iterator[str]:
    """An alarm that was answered or kept is on record, and whoever is due was asked for or is refused."""
    events = {each.carrier_key: each for each in all_of(world, InboundEvent)}
    incidents = {each.id: each for each in all_of(world, Incident)}
    by_incident: dict[int, list[Delivery]] = defaultdict(list)
    for each in all_of(world, Delivery):
        by_incident[each.incident_id].append(each)
    asked = {(each.delivery_id, each.channel): each.at for each in world.network.carried.values()}
    of_household: dict[str, int] = {}
    # What has waited on a disk opens an incident as of then: whoever joins it is not late.
    keys = (f"voice:{each.sid}:alarm" for each in world.raised if each.kept)
    kept = {events[key].incident_id for key in keys if key in events}
    for raised in world.raised:
        if not raised.answered and not raised.kept:
            continue
        event = events.get(f"voice:{raised.sid}:alarm")
        if event is None or event.incident_id is None:
            yield f"the alarm of {raised.sid} is lost"
            continue
        if of_household.setdefault(raised.number, event.incident_id) != event.incident_id:
            yield f"{raised.sid}: {raised.number} has two open incidents"
        # Where the carrier refuses every number, the first request is the next step's.
        reachable = raised.expected - world.network.refuses
        if raised.planned and reachable and event.incident_id not in kept and not world.held_calls:
            yield from _late(raised, incidents[event.incident_id], by_incident[event.incident_id], asked)
        purposes = {Purpose.ALARM} if raised.planned else {Purpose.WIDENING}
        own = [each for each in by_incident[event.incident_id] if each.purpose in purposes]
        if missing := raised.expected - {each.number for each in own}:
            yield f"{raised.sid}: nobody means to reach {sorted(missing)}"
        for each in own:
            excused = each.state is DeliveryState.CANCELLED or each.number in world.network.refuses
            left = asked.get((each.id, each.channel))
            if not excused and left is None:
                yield f"{raised.sid}: delivery {each.id} to {each.number} never left ({each.state})"
            taken_in = incidents[event.incident_id].opened_at
            alone = not raised.planned and event.incident_id not in kept
            if alone and left is not None and left - taken_in > AT_ONCE:
                yield f"{raised.sid}: nobody lives near, and those on duty were called after {left - taken_in}"


def _late(
    raised: Raised, incident: Incident, deliveries: list[Delivery], asked: dict[tuple[int, Channel], datetime]
) -> Iterator[str]:
    first = min((asked[each.id, each.channel] for each in deliveries if (each.id, each.channel) in asked), default=None)
    if first is not None and first - incident.opened_at > SOON:
        yield f"{raised.sid}: the first request left after {first - incident.opened_at}"


def _doubled(world: World) -> Iterator[str]:
    """Nobody is rung or texted twice for one purpose, and an account holds no more calls than it may."""
    counts = Counter((each.delivery_id, each.number, each.channel, each.to) for each in world.network.carried.values())
    rounds: dict[tuple[int, Channel], list[int]] = defaultdict(list)
    known = {(each.delivery_id, each.number): each for each in all_of(world, Attempt)}
    for (delivery_id, number, channel, to), count in counts.items():
        rounds[delivery_id, channel].append(number)
        if count > 1:
            yield f"delivery {delivery_id} ({channel} to {to}), attempt {number}, was carried out {count} times"
    for (delivery_id, channel), numbers in rounds.items():
        if len(numbers) > 1 and known:
            yield f"delivery {delivery_id} ({channel}) was carried out {len(numbers)} times"
    if world.held_calls and world.network.most_held > world.held_calls:
        yield f"{world.network.most_held} calls were held at once, {world.held_calls} allowed"


def _held_phones(world: World) -> Iterator[str]:
    """A phone that rings or speaks for an incident is not rung for the same one once more."""
    incident_of = {each.id: each.incident_id for each in all_of(world, Delivery)}
    for made, held in world.network.on_a_held_phone:
        if incident_of.get(made.delivery_id) == incident_of.get(held.delivery_id) and made.at - held.at > AT_LAST / 8:
            yield f"{made.sid} rang {made.to} while {held.sid} held it"


def _silent(world: World) -> Iterator[str]:
    """A silent household that has called for help is neither rung nor texted."""
    for raised in world.raised:
        if raised.silent and raised.answered:
            # What had left before it called is not to be had back.
            called = DUSK + timedelta(seconds=raised.at + 1.0)
            since = [each for each in world.network.carried.values() if each.to == raised.number and each.at > called]
            for each in since:
                yield f"{each.sid} ({each.channel}) went to the silent {each.to}"


def _answers_lost(world: World) -> Iterator[str]:
    """An answer that was thanked for, or kept, is on record."""
    on_record = {(each.incident_id, each.number, each.answer) for each in all_of(world, Acknowledgement)}
    incident_of = {each.id: each.incident_id for each in all_of(world, Delivery)}
    for each in world.pressed:
        if each.thanked and (incident_of.get(each.delivery_id), each.number, each.answer) not in on_record:
            yield f"the answer {each.answer} of {each.number} to delivery {each.delivery_id} is lost"


def _who_comes(world: World) -> Iterator[str]:
    """Of each person the last key counts, and of a household whoever comes: reckoned from the keys themselves."""
    deliveries = {each.id: each for each in all_of(world, Delivery)}
    last: dict[tuple[int, object, str], object] = {}
    unknown: set[tuple[int, object]] = set()
    for pressed in sorted(world.pressed, key=lambda each: each.at):
        told = deliveries.get(pressed.delivery_id)
        if told is not None and not pressed.thanked:
            unknown.add((told.incident_id, told.party))  # it may have been taken in, and nobody lived to say so
        elif told is not None:
            last[told.incident_id, told.party, pressed.number] = pressed.answer
    coming: dict[int, set[object]] = defaultdict(set)
    for (incident_id, party, _), answer in last.items():
        if answer in COMES:
            coming[incident_id].add(party)
    with world.database.begin(reads=True) as session:
        for incident_id in sorted({each[0] for each in last}):
            found = {each.party for each in read_answers(session, incident_id).coming}
            callers = {alert.household_id for alert in session.get_one(Incident, incident_id).alerts}
            wanted = {each for each in coming[incident_id] if getattr(each, "household_id", None) not in callers}
            if {each for each in found ^ wanted if (incident_id, each) not in unknown}:
                yield f"incident {incident_id}: {found} are said to come, {wanted} have said so"


def _unended(world: World) -> Iterator[str]:
    """Every claim ends, what waits in the spool is taken in, and what the carrier knows to be over is over."""
    known = {(each.delivery_id, each.number): each for each in all_of(world, Attempt)}
    over = {each.sid for each in world.network.carried.values() if each.state in FINAL}
    long_due = world.now() - AT_LAST
    for each in all_of(world, Delivery):
        attempt = known.get((each.id, each.attempt_count))
        if each.state is DeliveryState.CLAIMED and each.due_at - LEASE <= long_due:
            yield f"delivery {each.id} is still in the hand of {each.owner}"
        elif each.state is DeliveryState.WAITING and each.due_at <= long_due:
            yield f"delivery {each.id} still waits, due since {each.due_at}"
        elif each.state is DeliveryState.PLACED and each.due_at <= long_due:
            yield f"delivery {each.id} was to be asked after at {each.due_at}"
        elif each.state is DeliveryState.PLACED and each.unwanted and attempt and _rings(attempt, over):
            yield f"delivery {each.id} is wanted by nobody and over, and nobody knows"
        elif (
            each.state is DeliveryState.REACHED
            and each.channel is Channel.CALL
            and each.attempt_count
            and not (attempt and attempt.sid)
        ):
            yield f"delivery {each.id} is reached by no call"
    if waiting := world.runtime.spool.count():
        yield f"{waiting} events still wait in the spool"
    if aside := world.runtime.spool.kept().aside:
        yield f"{aside} events were set aside, and no person has done so"


def _rings(attempt: Attempt, over: set[str]) -> bool:
    """Whether it rings as far as we know, and is over: it is asked after every few seconds until it has been ended."""
    return attempt.state in {AttemptState.QUEUED, AttemptState.RINGING} and attempt.sid in over


def _untrue(world: World) -> Iterator[str]:
    """Whatever the carrier carried out is on record, with the id that it has there, and news tells who comes."""
    on_record = {each.sid for each in all_of(world, Attempt) if each.sid}
    purposes = {each.id: each for each in all_of(world, Delivery)}
    said: dict[int, list[tuple[str, object]]] = defaultdict(list)
    for each in all_of(world, Acknowledgement):
        if each.answer in COMES:
            said[each.incident_id].append((each.household_name, each.at))
    for carried in world.network.carried.values():
        under_way = world.now() - carried.at < AT_LAST  # the night may end before the answer is there
        if carried.sid not in on_record and not under_way:
            yield f"{carried.sid} (delivery {carried.delivery_id}) was carried out and is not on record"
        told = purposes.get(carried.delivery_id)
        if told is None or told.purpose is not Purpose.NEWS or carried.channel is not Channel.SMS:
            continue
        for surname in "李陈张":
            if f"{surname}建国家" in carried.body and not any(
                name.startswith(surname) for name, _ in said[told.incident_id]
            ):
                yield f"{carried.sid} tells of {surname}建国家, who has not said to come"
    for incident in all_of(world, Incident):
        if incident.closed_at is not None:
            yield f"incident {incident.id} was closed, and nobody closed it"
