"""What a process tells whoever supervises it: that it serves, and that it has not hung. Without systemd, nothing."""

from __future__ import annotations

import logging

from gunicorn.systemd import sd_notify

log = logging.getLogger(__name__)


def say_ready() -> None:
    """It serves from now on."""
    sd_notify("READY=1", log)


def say_alive() -> None:
    """Its loop goes round. Where this stops for `WatchdogSec`, systemd starts another."""
    sd_notify("WATCHDOG=1", log)
