"""The worker processes: RQ's SimpleWorker (no fork), kept alive through Redis' absences.

Jobs of the queue: what RQ runs, named by dotted path, with ids for arguments.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from types import FrameType
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus
from sqlalchemy.exc import SQLAlchemyError

from config.logging import say_alive, say_ready
from joint_defense.processes import queues
from joint_defense.processes.dispatcher import DispatcherThread
from joint_defense.processes.heartbeats import Role
from joint_defense.processes.runtime import Runtime
from joint_defense.processes.stand_in import Reporter

REDIS_RETRY = 1.0
log = structlog.stdlib.get_logger(__name__)


class PatientWorker(SimpleWorker):
    """A SimpleWorker that is back within a second of Redis' return (RQ's own patience grows to 23 s and more)."""

    max_connection_wait_time = 1.0
    told_to_stop = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Note that this process is to stop, whatever Redis answers to that."""
        # Of the process: the handler may be that of the worker before, whom Redis' absence has ended.
        PatientWorker.told_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Between two jobs: stop, where the exception of the signal was caught by whatever ran then, as by the log."""
        if PatientWorker.told_to_stop and pipeline is None and self.get_state() != WorkerStatus.BUSY:
            raise StopRequested
        super().heartbeat(timeout, pipeline=pipeline)

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """Run a job; one that the release before queued is run under today's name."""
        job.func_name = queues.FORMER_JOBS.get(str(job.func_name), job.func_name)
        ran: bool = super().perform_job(job, queue, execution)
        return ran


def work(runtime: Runtime, queue_name: str) -> None:
    """Serve one queue until told to stop; the alarm queue's process is also the sender."""
    if queue_name != queues.ALARM:
        _serve_and_report(runtime, queue_name)
        return
    dispatcher = DispatcherThread(runtime, Role.WORKER)
    serve_with(dispatcher)
    dispatcher.start()
    say_ready()
    threading.Thread(target=_end_with, args=(dispatcher,), name="dispatcher-guard", daemon=True).start()
    try:
        _serve(runtime, queue_name)
    finally:
        dispatcher.stop()


def _serve_and_report(runtime: Runtime, queue_name: str) -> None:
    """Serve a queue that sends nothing, and say every few seconds that this process lives."""
    reporter, stopping = Reporter(runtime, Role.BULK), threading.Event()

    def report() -> None:
        while not stopping.wait(1.0):
            say_alive()
            try:
                reporter.report()
            except SQLAlchemyError as error:
                log.error("database_away", error=type(error).__name__)

    reporting = threading.Thread(target=report, name="reporter", daemon=True)
    reporting.start()
    say_ready()
    try:
        _serve(runtime, queue_name)
    finally:
        stopping.set()
        reporting.join(10)
        reporter.say_goodbye()


def _end_with(dispatcher: DispatcherThread) -> None:
    """A worker whose sender has died is no worker: end at once, so that the supervisor starts a whole one."""
    dispatcher.join()
    if not dispatcher.stopping:
        log.critical("dispatcher_died")
        os._exit(70)


def _serve(runtime: Runtime, queue_name: str) -> None:
    PatientWorker.told_to_stop = False
    try:
        while not _is_served(runtime, queue_name):
            time.sleep(REDIS_RETRY)
    except StopRequested:
        # Between two workers, where the last one's signal handler still stands.
        return


def _is_served(runtime: Runtime, queue_name: str) -> bool:
    """Whether a worker served the queue until it was told to stop; False where Redis went away before that."""
    connection = Redis.from_url(runtime.settings.redis_url, socket_connect_timeout=1.0, health_check_interval=15)
    try:
        worker = PatientWorker(
            [queues.get_queue(queue_name, connection)],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=20,
            maintenance_interval=60,
            log_job_description=False,
        )
        worker.work(logging_level=logging.getLevelName(logging.WARNING), with_scheduler=False)
    except (RedisError, OSError) as error:
        if not PatientWorker.told_to_stop:
            log.error("redis_away", queue=queue_name, error=type(error).__name__)
            return False
    finally:
        connection.close()
    return True


_dispatcher: DispatcherThread | None = None


class NoDispatcher(RuntimeError):
    """The job ran in a process that does not send: run `flask --app joint_defense.processes.engine worker`."""


def serve_with(dispatcher: DispatcherThread) -> None:
    """The dispatcher that this process's jobs wake."""
    global _dispatcher  # noqa: PLW0603 - RQ finds jobs by name, so their process-wide partner has to be one
    _dispatcher = dispatcher


def dispatch_incident(incident_id: int) -> int:
    """Look for due deliveries now. The job does not wait for them: many alarms at once must not queue up behind one."""
    if _dispatcher is None:
        raise NoDispatcher("this process has no dispatcher")
    _dispatcher.wake()
    return incident_id
