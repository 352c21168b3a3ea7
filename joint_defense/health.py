"""Health: is the process up, and can an alarm get through. Open to all, and says nothing of people."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Flask, Response, current_app, jsonify
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from config.database import clock
from joint_defense import owners
from joint_defense.runtime import Runtime

SILENT_AFTER = timedelta(seconds=30)
"""A worker or clock that has said nothing for so long is taken for dead."""

health = Blueprint("health", __name__)


@health.get("/healthz")
def process() -> Response:
    """200 while this process answers."""
    return jsonify(status="ok")


@health.get("/readyz")
def readiness() -> tuple[Response, int]:
    """200 while database, Redis, worker and clock are there, else 503; each with its word."""
    runtime: Runtime = current_app.extensions["runtime"]
    found = {"database": "ok", "redis": "ok", "worker": "ok", "clock": "ok"}
    try:
        with runtime.database.begin() as session:
            now = clock(session)
            for role in ("worker", "clock"):
                at = owners.last_beat(session, role)
                if at is None or now - at > SILENT_AFTER:
                    found[role] = "silent"
    except SQLAlchemyError as error:
        found.update(database=type(error).__name__, worker="unknown", clock="unknown")
    try:
        runtime.redis.ping()
    except RedisError as error:
        found["redis"] = type(error).__name__
    ready = all(word == "ok" for word in found.values())
    return jsonify(status="ok" if ready else "unready", **found), 200 if ready else 503


def register(app: Flask) -> None:
    """Add the two pages."""
    app.register_blueprint(health)
