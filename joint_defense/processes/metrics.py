"""The figures that are watched from outside, all read from the database: every process of every machine says the same.

What has happened is counted over the incidents of the last hour, so that a scrape costs the same in the tenth year.

`GET /metrics` for Prometheus, behind a token of its own. No phone number and no name is in it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Flask, Response, abort, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import Service
from joint_defense.models.incidents import Attempt, Delivery, Incident
from joint_defense.processes import queues
from joint_defense.processes.heartbeats import WELL, Kept, Vitals, read_vitals
from joint_defense.processes.runtime import RUNTIME, Runtime
from joint_defense.rules.states import Channel, DeliveryState, Purpose

WINDOW = timedelta(hours=1)
OVERDUE_AFTER = timedelta(seconds=60)
"""A delivery that is still to be sent so long after it was due: the pace is too slow, or nobody sends."""
UNDER_WAY = (DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.PLACED)


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the largest of some seconds, and how many there were."""

    median: float
    largest: float
    count: int


@dataclass(frozen=True, slots=True)
class Gauges:
    """The keys of `requests` are (channel, state), of `under_way` (channel, state), of the others channels."""

    alarms: dict[str, int]
    requests: dict[tuple[str, str], int]
    find_first_request: Spread
    last_request: Spread
    under_way: dict[tuple[str, str], int]
    overdue: dict[str, int]
    oldest_due: dict[str, float]
    callback_lag: Spread


def read_gauges(session: Session, now: datetime) -> Gauges:
    """All of them, as of `now`."""
    since = now - WINDOW
    spans = _measure_keypress_to_requests(session, since)
    return Gauges(
        alarms=_count(session, select(Incident.kind, func.count()).group_by(Incident.kind)),
        requests=_count_requests(session, since),
        find_first_request=spread([first for first, _ in spans]),
        last_request=spread([last for _, last in spans]),
        under_way=_count_under_way(session),
        overdue=_count_overdue(session, now),
        oldest_due=_measure_oldest_due(session, now),
        callback_lag=_measure_callback_lag(session, since),
    )


def spread(seconds: Sequence[float]) -> Spread:
    """Of nothing it is all zeros."""
    ordered = sorted(seconds)
    return Spread(ordered[len(ordered) // 2], ordered[-1], len(ordered)) if ordered else Spread(0.0, 0.0, 0)


def _count(session: Session, query: object) -> dict[str, int]:
    return {str(key): int(count) for key, count in session.execute(query).all()}  # type: ignore[call-overload]


def _count_requests(session: Session, since: datetime) -> dict[tuple[str, str], int]:
    rows = session.execute(
        select(Delivery.channel, Attempt.state, func.count())
        .join(Attempt.delivery)
        .join(Delivery.incident)
        .where(Incident.opened_at > since)
        .group_by(Delivery.channel, Attempt.state)
    )
    return {(str(channel), str(state)): count for channel, state, count in rows}


def _measure_keypress_to_requests(session: Session, since: datetime) -> list[tuple[float, float]]:
    """For each incident of that time: seconds from its opening to the first and the last of its first requests."""
    rows = session.execute(
        select(Incident.opened_at, func.min(Attempt.requested_at), func.max(Attempt.requested_at))
        .join(Incident.deliveries)
        .join(Delivery.attempts)
        .where(
            Incident.opened_at > since,
            Delivery.purpose == Purpose.ALARM,
            Delivery.round == 0,
            Delivery.step == 0,
            Attempt.number == 1,
        )
        .group_by(Incident.id, Incident.opened_at)
    )
    return [((first - opened).total_seconds(), (last - opened).total_seconds()) for opened, first, last in rows]


def _count_under_way(session: Session) -> dict[tuple[str, str], int]:
    found = {}
    for state in UNDER_WAY:  # each has an index of its own
        query = select(Delivery.channel, func.count()).where(Delivery.state == state).group_by(Delivery.channel)
        found.update({(channel, str(state)): count for channel, count in _count(session, query).items()})
    return found


def _count_overdue(session: Session, now: datetime) -> dict[str, int]:
    query = (
        select(Delivery.channel, func.count())
        .where(Delivery.state == DeliveryState.WAITING, Delivery.due_at < now - OVERDUE_AFTER)
        .group_by(Delivery.channel)
    )
    return _count(session, query)


def _measure_oldest_due(session: Session, now: datetime) -> dict[str, float]:
    rows = session.execute(
        select(Delivery.channel, func.min(Delivery.due_at))
        .where(Delivery.state == DeliveryState.WAITING, Delivery.due_at <= now)
        .group_by(Delivery.channel)
    )
    return {str(channel): (now - due_at).total_seconds() for channel, due_at in rows}


def _measure_callback_lag(session: Session, since: datetime) -> Spread:
    lags = session.scalars(
        select(Attempt.callback_lag_ms)
        .join(Attempt.delivery)
        .join(Delivery.incident)
        .where(Incident.opened_at > since, Attempt.callback_lag_ms.is_not(None))
    ).all()
    return spread([lag / 1000 for lag in lags if lag is not None])


metrics = Blueprint("metrics", __name__)
Question = Callable[[Session, datetime], Mapping[str, tuple[str, float]]]
"""By a gauge's name what it is and its value."""
MORE = Service[list[Question]]("more_gauges")
Family = GaugeMetricFamily | CounterMetricFamily
PREFIX = "joint_defence_"


@metrics.get("/metrics")
def show_figures() -> Response:
    """The figures, for whoever has the token `METRICS_TOKEN` (`Authorization: Bearer …`); without one, for nobody."""
    runtime = RUNTIME.of()
    token = runtime.settings.metrics_token
    said = request.headers.get("Authorization", "").encode("utf-8", "replace")
    if not token or not hmac.compare_digest(said, f"Bearer {token}".encode()):
        abort(403)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(list(_list_families(runtime))))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Collected:
    """What was read, as prometheus_client wants it handed over."""

    def __init__(self, families: list[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        return self._families


def add(app: Flask, question: Question) -> None:
    """Show the gauges that a room which is not of alarms tells of, too."""
    MORE.of(app).append(question)


def _list_families(runtime: Runtime) -> Iterator[Family]:
    up, vitals = {"database": 1, "redis": 1}, None
    try:
        with runtime.database.begin(reads=True) as session:
            now = read_clock(session)
            gauges = read_gauges(session, now)
            vitals = read_vitals(session, runtime.settings.accounts, now)
            more = {name: told for ask in MORE.of() for name, told in ask(session, now).items()}
    except SQLAlchemyError:
        up["database"] = 0
    else:
        up["carrier"] = int(vitals.account == WELL)
        accounts = {name: int(word == WELL) for name, word in vitals.accounts.items()}
        yield _make_gauge(
            "account_up", "Whether an account of a carrier is in order (1) or not (0).", "account", accounts
        )
        yield from _list_of_alarms(gauges)
        yield from _list_of_deliveries(gauges)
        yield from _list_of_processes(vitals)
        for name, (words, value) in more.items():
            yield GaugeMetricFamily(PREFIX + name, words, value=value)
    try:
        lengths = {name: len(queues.get_queue(name, runtime.redis)) for name in (queues.ALARM, queues.BULK)}
    except RedisError:
        up["redis"] = 0
    else:
        yield _make_gauge("queue_jobs", "Jobs that wait in a queue.", "queue", lengths)
    paces = {str(channel): pace for channel, pace in runtime.pace.items()}
    rates = {channel: pace.rate() for channel, pace in paces.items()}
    yield _make_gauge("pace_per_second", "Requests a second that may leave now; 0 is no limit.", "channel", rates)
    slowed = {channel: max(pace.factors().values()) for channel, pace in paces.items()}
    yield _make_gauge("pace_slowed", "How many times slower the carrier's complaints have made us.", "channel", slowed)
    yield from _list_of_spools(runtime.spool.kept(), vitals.kept if vitals is not None else {})
    yield _make_gauge("up", "Whether a part is there (1) or away (0).", "part", up)


def _list_of_alarms(gauges: Gauges) -> Iterator[Family]:
    counter = CounterMetricFamily(PREFIX + "alarms", "Incidents opened, by kind.", labels=["kind"])
    for kind, count in gauges.alarms.items():
        counter.add_metric([kind], count)
    yield counter
    yield _spread("keypress_to_first_request_seconds", "Of the last hour's incidents.", gauges.find_first_request)
    yield _spread("keypress_to_last_request_seconds", "Of the last hour's incidents.", gauges.last_request)
    yield _spread("callback_lag_seconds", "From the carrier's time stamp to us, last hour.", gauges.callback_lag)


def _list_of_deliveries(gauges: Gauges) -> Iterator[Family]:
    for name, words, counts in (
        ("requests", "Requests for the last hour's incidents, by what has become of them.", gauges.requests),
        ("deliveries", "Deliveries not over yet, by whose turn it is.", gauges.under_way),
    ):
        family = GaugeMetricFamily(PREFIX + name, words, labels=["channel", "state"])
        for (channel, state), count in counts.items():
            family.add_metric([channel, state], count)
        yield family
    none = dict.fromkeys(map(str, Channel), 0)
    yield _make_gauge("deliveries_overdue", "Not sent a minute after they were due.", "channel", none | gauges.overdue)
    yield _make_gauge("oldest_due_seconds", "Since when the oldest is due.", "channel", none | gauges.oldest_due)


def _list_of_processes(vitals: Vitals) -> Iterator[Family]:
    ages = {str(role): age.total_seconds() for role, age in vitals.ages.items() if age is not None}
    yield _make_gauge("heartbeat_age_seconds", "Since a process of this role last said that it lives.", "role", ages)
    yield _make_gauge("processes", "Processes that live.", "role", {str(role): n for role, n in vitals.living.items()})
    missing = {str(role): count for role, count in vitals.missing.items()}
    yield _make_gauge("processes_missing", "Processes that died and have no successor.", "role", missing)


def _list_of_spools(here: Kept, places: Mapping[str, Kept]) -> Iterator[Family]:
    """Of this machine as it is now, also without the database; of each place as its processes have said last."""
    for name, words, of_here, of_all in (
        ("spooled_events", "What waits on a disk to be taken in.", here.wait, {p: k.wait for p, k in places.items()}),
        ("set_aside_events", "What only a person can see to.", here.aside, {p: k.aside for p, k in places.items()}),
    ):
        family = GaugeMetricFamily(PREFIX + name, f"{words} On this machine.")
        family.add_metric([], of_here)
        yield family
        yield _make_gauge(f"{name}_by_place", f"{words} As each place has said last.", "place", of_all)


def _make_gauge(name: str, words: str, label: str, values: dict[str, int] | dict[str, float]) -> Family:
    family = GaugeMetricFamily(PREFIX + name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _spread(name: str, words: str, values: Spread) -> Family:
    return _make_gauge(
        name, words, "stat", {"median": values.median, "max": values.largest, "count": float(values.count)}
    )


def register(app: Flask) -> None:
    """Add the page."""
    MORE.keep(app, [])
    app.register_blueprint(metrics)
