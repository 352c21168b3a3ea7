"""The queues: they make an alarm fast, never correct. What is still to do is in the database alone.

Jobs are named by their dotted path and carry ids only, as JSON. One queue a process: a worker that listens on two
loses a job for good when it is killed right after taking it.
"""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

ALARM = "alarm"
BULK = "bulk"
UPLOAD_JOB = "groups.uploads.jobs.work_on_upload"
DISPATCH_JOB = "joint_defense.processes.worker.dispatch_incident"
BOOKS_JOB = "groups.coverage.jobs.check_books"
FORMER_JOBS = {
    "groups.jobs.work_on_upload": UPLOAD_JOB,
    "joint_defense.jobs.dispatch_incident": DISPATCH_JOB,
    "groups.list_jobs.work_on_list": UPLOAD_JOB,
}
"""Names of release 0.1, which its web processes may still queue while this one is being put in place."""
UPLOAD_SECONDS = 600
"""So long a list of 20,000 rows may take at the very most."""
BOOKS_SECONDS = 900
BOOKS_KEPT_SECONDS = 1700
"""The clock asks for a look at the books every half an hour; one that nobody has taken by then is asked for again."""
JOB_KEPT_SECONDS = 60
"""A wake-up that nobody took for a minute is pointless: the senders' own sweep has long been there."""


def connect_briefly(url: str) -> Redis:
    """A connection that gives up at once: whoever answers a caller cannot wait for Redis (default: up to 59 s)."""
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=0.25, socket_timeout=0.5)


def get_queue(name: str, connection: Redis) -> Queue:
    """The queue of this name."""
    return Queue(name, connection=connection, serializer=JSONSerializer)


def wake(connection: Redis, incident_id: int) -> None:
    """Tell the worker that an incident has something to send. Raises redis.exceptions.RedisError."""
    get_queue(ALARM, connection).enqueue(
        DISPATCH_JOB, incident_id, ttl=JOB_KEPT_SECONDS, result_ttl=0, failure_ttl=JOB_KEPT_SECONDS
    )


def enlist_upload(connection: Redis, upload_id: int) -> bool:
    """Have the bulk worker look a list through, or write it; False while Redis is away."""
    try:
        get_queue(BULK, connection).enqueue(
            UPLOAD_JOB,
            upload_id,
            ttl=JOB_KEPT_SECONDS,
            job_timeout=UPLOAD_SECONDS,
            result_ttl=0,
            failure_ttl=JOB_KEPT_SECONDS,
        )
    except RedisError:
        return False
    return True


def enlist_books_check(connection: Redis, *, again: bool = False) -> bool:
    """Have the bulk worker look at the books, which it does once a day, or `again`; False while Redis is away."""
    try:
        get_queue(BULK, connection).enqueue(
            BOOKS_JOB,
            again=again,
            ttl=BOOKS_KEPT_SECONDS,
            job_timeout=BOOKS_SECONDS,
            result_ttl=0,
            failure_ttl=JOB_KEPT_SECONDS,
        )
    except RedisError:
        return False
    return True
