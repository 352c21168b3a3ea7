"""Health: is the process up, and can an alarm get through. Open to all, and says nothing of people."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, jsonify
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from config.database import read_clock
from joint_defense.processes.heartbeats import ROLES, WELL, read_vitals, write_spool
from joint_defense.processes.runtime import RUNTIME

health = Blueprint("health", __name__)


@health.get("/healthz")
def show_process() -> Response:
    """200 while this process answers."""
    return jsonify(status="ok")


@health.get("/readyz")
def show_readiness() -> tuple[Response, int]:
    """200 while all is well, else 503; each with its word: database, Redis, worker, clock, the carrier's account, the
    spools of all machines, and every other kind of process of which one has died.

    With several accounts, `accounts` has the word of each and `carries` which of them carry calls and texts: one that
    is out makes nobody unready as long as another carries. `numbers` says of which account the carrier has refused how
    many numbers that calls or texts go out from; the page names them. The carrier is not asked here: the sender asks it
    every minute and keeps its word in the database.
    """
    runtime = RUNTIME.of()
    found = {"database": WELL, "redis": WELL}
    carriers: dict[str, object] = {}
    try:
        with runtime.database.begin() as session:
            vitals = read_vitals(session, runtime.settings.accounts, read_clock(session))
        found.update({role: vitals.word(role) for role in ROLES}, carrier=vitals.account)
        found.update({role: vitals.word(role) for role, count in vitals.missing.items() if count})
        found["spool"] = vitals.spool
        if len(vitals.accounts) > 1:
            carries = {str(channel): list(names) for channel, names in vitals.carries.items()}
            carriers = {"accounts": vitals.accounts, "carries": carries}
        if vitals.numbers:
            carriers["numbers"] = vitals.refused_numbers
    except SQLAlchemyError as error:
        found.update(dict.fromkeys((*ROLES, "carrier"), "unknown"), database=type(error).__name__)
        found["spool"] = write_spool(runtime.spool.kept())
    try:
        runtime.redis.ping()
    except RedisError as error:
        found["redis"] = type(error).__name__
    ready = all(word == WELL for word in found.values())
    return jsonify(status="ok" if ready else "unready", **found, **carriers), 200 if ready else 503


def register(app: Flask) -> None:
    """Add the two pages."""
    app.register_blueprint(health)
