"""Health: is the process up, and can an alarm get through. Open to all, and says nothing of people."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, current_app, jsonify
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from config.database import clock
from joint_defense.processes.heartbeats import ROLES, WELL, read_vitals
from joint_defense.processes.runtime import Runtime

health = Blueprint("health", __name__)


@health.get("/healthz")
def process() -> Response:
    """200 while this process answers."""
    return jsonify(status="ok")


@health.get("/readyz")
def readiness() -> tuple[Response, int]:
    """200 while database, Redis, worker, clock and the carrier's account are there, else 503; each with its word.

    The carrier is not asked here: the sender asks it every minute and keeps its word in the database.
    """
    runtime: Runtime = current_app.extensions["runtime"]
    found = {"database": WELL, "redis": WELL}
    try:
        with runtime.database.begin() as session:
            vitals = read_vitals(session, runtime.settings.twilio_account_sid, clock(session))
        found.update({role: vitals.word(role) for role in ROLES}, carrier=vitals.account)
    except SQLAlchemyError as error:
        found.update(dict.fromkeys((*ROLES, "carrier"), "unknown"), database=type(error).__name__)
    try:
        runtime.redis.ping()
    except RedisError as error:
        found["redis"] = type(error).__name__
    ready = all(word == WELL for word in found.values())
    return jsonify(status="ok" if ready else "unready", **found), 200 if ready else 503


def register(app: Flask) -> None:
    """Add the two pages."""
    app.register_blueprint(health)
