"""What a process tells: its log; and whoever supervises it (systemd), where somebody does, that it serves and lives.

The log has one JSON object a line, with ids, with every phone number masked before it is written,
and without the rows that a database's errors quote.
"""

from __future__ import annotations

import logging
import re
import socket
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import structlog

from config import settings

# +8619912340571, 8619912340571, 057488805255, 13800138000: ten digits or more that stand for themselves, and are no
# part of an identifier or of a fraction.
_NUMBER = re.compile(r"(?<![0-9A-Za-z])(?<![0-9]\.)(\+?[0-9]{3,5})([0-9]{3,9})([0-9]{4})(?![0-9A-Za-z]|\.[0-9])")
# What PostgreSQL adds to an error: the whole row that it refused, names and doors too.
_ROW_OF_AN_ERROR = re.compile(r"^DETAIL: .*?(?=\n\n|\n\[SQL|\n\(Background|\Z)", re.DOTALL | re.MULTILINE)


def mask_numbers(text: str) -> str:
    """The text with the middle of every phone number replaced: `+8619912340571` -> `+8619****0571`."""
    return _NUMBER.sub(lambda match: f"{match[1]}****{match[3]}", text)


def _mask_event(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in entry.items():
        if key != "timestamp":
            entry[key] = _mask(value)
    return entry


def _mask(value: Any) -> Any:
    if isinstance(value, str):
        return mask_numbers(_ROW_OF_AN_ERROR.sub("DETAIL: …", value))
    if isinstance(value, dict):
        return {_mask(key): _mask(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_mask(each) for each in value]
    return value


def configure(level: str = "INFO") -> None:
    """Send structlog's and the standard library's records to standard error as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask_event,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(level)
    for chatty in ("twilio.http_client", "urllib3", "aiohttp.access", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


READY, ALIVE = "READY=1", "WATCHDOG=1"


def say_ready() -> None:
    """It serves from now on."""
    tell(settings.read_variable("NOTIFY_SOCKET"), READY)


def say_alive() -> None:
    """Its loop goes round. Where this stops for `WatchdogSec`, systemd starts another."""
    tell(settings.read_variable("NOTIFY_SOCKET"), ALIVE)


def tell(address: str, word: str) -> None:
    """Say it at this address; "" for nobody. Whoever supervises may be gone: that is no reason to stop."""
    if not address:
        return
    # "@" begins an address that is no file.
    where = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
        line.connect(where)
        line.sendall(word.encode())
