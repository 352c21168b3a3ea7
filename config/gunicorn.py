"""How gunicorn serves the web process: `gunicorn --config config/gunicorn.py "app:create_app()"`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import structlog
from gunicorn.config import Config
from gunicorn.glogging import Logger

from config import logging, settings
from config.logging import READY, tell

# gunicorn would say that it serves before its workers have loaded: a worker says so.
_notify = settings.take_variable("NOTIFY_SOCKET")
SHARED = (
    *("waitress.server", "flask", "sqlalchemy.orm", "psycopg", "redis", "rq", "aiohttp", "twilio.rest", "pypinyin"),
    *("app", "groups.web", "joint_defense.webhooks"),
)

try:
    _settings = settings.load()
except settings.SettingsError as error:
    sys.exit(str(error))


class JsonLogger(Logger):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's own lines among ours: JSON, numbers masked."""

    def setup(self, cfg: Config) -> None:
        logging.configure(_settings.log_level)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True


def on_starting(_server: object) -> None:
    """Load the modules once, before the workers are forked: a start is quicker, and they share the memory.

    Modules only: an application opens connections that must not be shared. New code comes by a new master (USR2).
    """
    for module in SHARED:
        importlib.import_module(module)


# Where systemd listens for us, neither counts.
bind = f"{_settings.bind}:{_settings.port}"
workers = _settings.web_workers
worker_class = "config.front.BufferedWorker"
threads = _settings.web_threads
logger_class = JsonLogger
# A carrier gives up after 15 s; a worker that says nothing for 30 s is replaced.
timeout = 30
# A webhook is answered in milliseconds; what takes longer at a restart is a page.
graceful_timeout = 3
control_socket_disable = True
# A worker's sign of life must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def post_worker_init(worker: Any) -> None:
    """Before the first alarm comes: what it would otherwise wait half a second for."""
    from config.services import WARM_UP  # noqa: PLC0415 - the process that only watches workers needs none of it

    WARM_UP.of(worker.wsgi)()
    tell(_notify, READY)
    # Who deploys by USR2 waits for this before the old processes are told to end.
    structlog.stdlib.get_logger(__name__).info("web_worker_ready", pid=worker.pid)
