"""What must be true after every night."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from joint_defense.models import Acknowledgement, Attempt, Delivery, InboundEvent, Incident
from joint_defense.rules.states import OVER, Channel, DeliveryState, Purpose
from tools.simulate.world import World, all_of


def complaints(world: World) -> list[str]:
    """Everything that is wrong; nothing, if all is well."""
    return [*_left_out(world), *_doubled(world), *_answers_lost(world), *_unended(world), *_untrue(world)]


def _left_out(world: World) -> Iterator[str]:
    """An alarm that was answered or kept is on record, and whoever is due was asked for or is refused."""
    events = {each.carrier_key: each for each in all_of(world, InboundEvent)}
    deliveries = all_of(world, Delivery)
    asked = {(each.delivery_id, each.channel) for each in world.network.carried.values()}
    for raised in world.raised:
        if not raised.answered and not raised.kept:
            continue
        event = events.get(f"voice:{raised.sid}:alarm")
        if event is None or event.incident_id is None:
            yield f"the alarm of {raised.sid} is lost"
            continue
        own = [each for each in deliveries if each.incident_id == event.incident_id and each.purpose is Purpose.ALARM]
        if missing := raised.expected - {each.number for each in own}:
            yield f"{raised.sid}: nobody means to reach {sorted(missing)}"
        for each in own:
            excused = each.state is DeliveryState.CANCELLED or each.number in world.network.refuses
            if not excused and (each.id, each.channel) not in asked:
                yield f"{raised.sid}: delivery {each.id} to {each.number} never left ({each.state})"


def _doubled(world: World) -> Iterator[str]:
    """Nobody is rung or texted twice for one purpose."""
    counts = Counter((each.delivery_id, each.channel, each.to) for each in world.network.carried.values())
    for (delivery_id, channel, to), count in counts.items():
        if count > 1:
            yield f"delivery {delivery_id} ({channel} to {to}) was carried out {count} times"


def _answers_lost(world: World) -> Iterator[str]:
    """An answer that was thanked for, or kept, is on record."""
    on_record = {(each.incident_id, each.number, each.answer) for each in all_of(world, Acknowledgement)}
    make_incident = {each.id: each.incident_id for each in all_of(world, Delivery)}
    for each in world.pressed:
        if each.thanked and (make_incident.get(each.delivery_id), each.number, each.answer) not in on_record:
            yield f"the answer {each.answer} of {each.number} to delivery {each.delivery_id} is lost"


def _unended(world: World) -> Iterator[str]:
    """Every claim ends, what waits in the spool is taken in, and what the carrier knows to be over is over."""
    known = {(each.delivery_id, each.number): each for each in all_of(world, Attempt)}
    for each in all_of(world, Delivery):
        if each.state is DeliveryState.CLAIMED:
            yield f"delivery {each.id} is still in the hand of {each.owner}"
        elif each.state is DeliveryState.WAITING and each.due_at <= world.now():
            yield f"delivery {each.id} still waits, due since {each.due_at}"
        elif each.state in OVER and each.channel is Channel.CALL and each.attempt_count:
            attempt = known.get((each.id, each.attempt_count))
            if each.state is DeliveryState.REACHED and (attempt is None or attempt.sid is None):
                yield f"delivery {each.id} is reached by no call"
    if waiting := world.runtime.spool.count():
        yield f"{waiting} events still wait in the spool"


def _untrue(world: World) -> Iterator[str]:
    """Whatever the carrier carried out is on record, with the id that it has there."""
    on_record = {each.sid for each in all_of(world, Attempt) if each.sid}
    for each in world.network.carried.values():
        if each.sid not in on_record:
            yield f"{each.sid} (delivery {each.delivery_id}) was carried out and is not on record"
    for incident in all_of(world, Incident):
        if incident.closed_at is not None:
            yield f"incident {incident.id} was closed, and nobody closed it"
