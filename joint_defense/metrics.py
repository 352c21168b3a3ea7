"""`GET /metrics` for Prometheus, behind a token of its own. No phone number and no name is in it."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator

from flask import Blueprint, Flask, Response, abort, current_app, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from config.database import clock
from joint_defense import queues
from joint_defense.gauges import Gauges, Spread, read_gauges
from joint_defense.rules.delivery import Channel
from joint_defense.runtime import Runtime
from joint_defense.vitals import ROLES, WELL, Vitals, read_vitals

metrics = Blueprint("metrics", __name__)
Family = GaugeMetricFamily | CounterMetricFamily
PREFIX = "joint_defence_"


@metrics.get("/metrics")
def figures() -> Response:
    """The figures, for whoever has the token `METRICS_TOKEN` (`Authorization: Bearer …`); without one, for nobody."""
    runtime: Runtime = current_app.extensions["runtime"]
    token = runtime.settings.metrics_token
    if not token or not hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {token}"):
        abort(403)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(list(_families(runtime))))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Collected:
    """What was read, as prometheus_client wants it handed over."""

    def __init__(self, families: list[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        return self._families


def _families(runtime: Runtime) -> Iterator[Family]:
    up = {"database": 1, "redis": 1}
    try:
        with runtime.database.begin(reads=True) as session:
            now = clock(session)
            gauges = read_gauges(session, now)
            vitals = read_vitals(session, runtime.settings.twilio_account_sid, now)
    except SQLAlchemyError:
        up["database"] = 0
    else:
        up["carrier"] = int(vitals.account == WELL)
        yield from _of_alarms(gauges)
        yield from _of_deliveries(gauges)
        yield _of_processes(vitals)
    try:
        lengths = {name: len(queues.queue(name, runtime.redis)) for name in (queues.ALARM, queues.BULK)}
    except RedisError:
        up["redis"] = 0
    else:
        yield _gauge("queue_jobs", "Jobs that wait in a queue.", "queue", lengths)
    paces = {str(channel): pace for channel, pace in runtime.pace.items()}
    rates = {channel: pace.rate() for channel, pace in paces.items()}
    yield _gauge("pace_per_second", "Requests a second that may leave now; 0 is no limit.", "channel", rates)
    slowed = {channel: max(pace.factors().values()) for channel, pace in paces.items()}
    yield _gauge("pace_slowed", "How many times slower the carrier's complaints have made us.", "channel", slowed)
    spooled = GaugeMetricFamily(PREFIX + "spooled_events", "What waits on this machine's disk for the database.")
    spooled.add_metric([], runtime.spool.count())
    yield spooled
    yield _gauge("up", "Whether a part is there (1) or away (0).", "part", up)


def _of_alarms(gauges: Gauges) -> Iterator[Family]:
    counter = CounterMetricFamily(PREFIX + "alarms", "Incidents opened, by kind.", labels=["kind"])
    for kind, count in gauges.alarms.items():
        counter.add_metric([kind], count)
    yield counter
    yield _spread("keypress_to_first_request_seconds", "Of the last hour's incidents.", gauges.first_request)
    yield _spread("keypress_to_last_request_seconds", "Of the last hour's incidents.", gauges.last_request)
    yield _spread("callback_lag_seconds", "From the carrier's time stamp to us, last hour.", gauges.callback_lag)


def _of_deliveries(gauges: Gauges) -> Iterator[Family]:
    for name, words, counts in (
        ("requests", "Requests for the last hour's incidents, by what has become of them.", gauges.requests),
        ("deliveries", "Deliveries not over yet, by whose turn it is.", gauges.under_way),
    ):
        family = GaugeMetricFamily(PREFIX + name, words, labels=["channel", "state"])
        for (channel, state), count in counts.items():
            family.add_metric([channel, state], count)
        yield family
    none = dict.fromkeys(map(str, Channel), 0)
    yield _gauge("deliveries_overdue", "Not sent a minute after they were due.", "channel", none | gauges.overdue)
    yield _gauge("oldest_due_seconds", "Since when the oldest is due.", "channel", none | gauges.oldest_due)


def _of_processes(vitals: Vitals) -> Family:
    ages = {role: age.total_seconds() for role in ROLES if (age := vitals.ages[role]) is not None}
    return _gauge("heartbeat_age_seconds", "Since a process of this role last said that it lives.", "role", ages)


def _gauge(name: str, words: str, label: str, values: dict[str, int] | dict[str, float]) -> Family:
    family = GaugeMetricFamily(PREFIX + name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _spread(name: str, words: str, values: Spread) -> Family:
    return _gauge(name, words, "stat", {"median": values.median, "max": values.largest, "count": float(values.count)})


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(metrics)
