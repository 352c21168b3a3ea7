"""The worker processes: RQ's SimpleWorker (no fork), kept alive through Redis' absences."""

from __future__ import annotations

import logging
import os
import threading
import time
from types import FrameType

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from joint_defense import jobs, queues
from joint_defense.runtime import Runtime
from joint_defense.waking import DispatcherThread

REDIS_RETRY = 1.0
log = structlog.stdlib.get_logger(__name__)


class PatientWorker(SimpleWorker):
    """A SimpleWorker that is back within a second of Redis' return (RQ's own patience grows to 23 s and more)."""

    max_connection_wait_time = 1.0
    told_to_stop = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Whoever stops says goodbye to Redis: where that fails, it was told to stop all the same."""
        self.told_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def work(runtime: Runtime, queue_name: str) -> None:
    """Serve one queue until told to stop; the alarm queue's process is also the sender."""
    if queue_name != queues.ALARM:
        _serve(runtime, queue_name)
        return
    dispatcher = DispatcherThread(runtime, "worker")
    jobs.serve_with(dispatcher)
    dispatcher.start()
    threading.Thread(target=_end_with, args=(dispatcher,), name="dispatcher-guard", daemon=True).start()
    try:
        _serve(runtime, queue_name)
    finally:
        dispatcher.stop()


def _end_with(dispatcher: DispatcherThread) -> None:
    """A worker whose sender has died is no worker: end at once, so that the supervisor starts a whole one."""
    dispatcher.join()
    if not dispatcher.stopping:
        log.critical("dispatcher_died")
        os._exit(70)


def _serve(runtime: Runtime, queue_name: str) -> None:
    try:
        while not _served(runtime, queue_name):
            time.sleep(REDIS_RETRY)
    except StopRequested:
        # Between two workers, where the last one's signal handler still stands.
        return


def _served(runtime: Runtime, queue_name: str) -> bool:
    """Whether a worker served the queue until it was told to stop; False where Redis went away before that."""
    worker: PatientWorker | None = None
    connection = Redis.from_url(runtime.settings.redis_url, socket_connect_timeout=1.0, health_check_interval=15)
    try:
        worker = PatientWorker(
            [queues.queue(queue_name, connection)],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=20,
            maintenance_interval=60,
            log_job_description=False,
        )
        worker.work(logging_level=logging.getLevelName(logging.WARNING), with_scheduler=False)
    except (RedisError, OSError) as error:
        if worker is None or not worker.told_to_stop:
            log.error("redis_away", queue=queue_name, error=type(error).__name__)
            return False
    finally:
        connection.close()
    return True
