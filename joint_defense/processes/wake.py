"""Waking the senders after a commit: by a job in Redis, and by sending from here where that cannot be."""

from __future__ import annotations

import structlog
from redis.exceptions import RedisError

from config.services import Service
from joint_defense.processes import queues
from joint_defense.processes.heartbeats import Role
from joint_defense.processes.runtime import Runtime
from joint_defense.processes.stand_in import StandIn

log = structlog.stdlib.get_logger(__name__)


class Waker:
    """Wakes the workers after a commit. Where that fails, and where no worker takes it up, this process sends."""

    def __init__(self, runtime: Runtime, stand_in: StandIn | None = None) -> None:
        self._runtime = runtime
        self._stand_in = stand_in or StandIn(runtime, Role.WEB)

    def wake(self, incident_id: int) -> None:
        """Something of this incident is due. Never raises: the alarm is in the database already."""
        try:
            queues.wake(self._runtime.redis, incident_id)
        except RedisError as error:
            log.error("redis_away", incident_id=incident_id, error=type(error).__name__)
            self._stand_in.send()
        self._stand_in.expect()

    def close(self) -> None:
        """Stop sending by itself, once what is in flight has come back."""
        self._stand_in.close()


WAKER = Service[Waker]("waker")
