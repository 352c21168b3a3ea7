"""How often one may ask: counted in Redis for all processes, and in this one alone while Redis is away.

    @limit(GUESSES_PER_ADDRESS)                       # a view, by whoever guesses
    check_limit("120 per minute", key)                  # any other key

Counting is `limits`' own. Its extension for Flask would come along with every command (an entry point of `flask`), with
a table printer and an event loop: a quarter of their start.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, request
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis import RedisError
from werkzeug.exceptions import TooManyRequests

from config.services import SETTINGS, Service
from groups.web.shell import known_browsers

P = ParamSpec("P")
R = TypeVar("R")

_AWAY = 5.0
"""Seconds for which a Redis that did not answer is not asked again: each time may take half a second."""
_log = logging.getLogger(__name__)


class Limits:
    """What was asked, of one app."""

    def __init__(self, redis_url: str) -> None:
        address = f"redis+{redis_url}" if redis_url.startswith("unix://") else redis_url
        redis = RedisStorage(address, key_prefix="web", socket_connect_timeout=0.25, socket_timeout=0.5)
        self._shared = FixedWindowRateLimiter(redis)
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._away_until = 0.0

    def check(self, limits: str, *key: str) -> None:
        """Count one more by this key. Raises TooManyRequests, which says for how long, where it is one too many.

        `limits`: as many as hold together, `20 per minute; 200 per hour`.
        """
        for limit in parse_many(limits):
            if not self._hit(limit, key):
                raise TooManyRequests(retry_after=limit.get_expiry())

    def _hit(self, limit: RateLimitItem, key: tuple[str, ...]) -> bool:
        if time.monotonic() >= self._away_until:
            try:
                return self._shared.hit(limit, *key)
            except RedisError:
                _log.warning("Redis is away: tries are counted by each process for itself")
                self._away_until = time.monotonic() + _AWAY
        return self._own.hit(limit, *key)


LIMITS = Service[Limits]("limits")


def register(app: Flask) -> None:
    """Let the app count."""
    LIMITS.keep(app, Limits(SETTINGS.of(app).redis_url))


def check_limit(limits: str, *key: str) -> None:
    """Count one more by this key, for what is asked now. Raises TooManyRequests."""
    LIMITS.of().check(limits, *key, request.endpoint or "")


def limit(limits: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a view be asked no more often than this: by a known browser, or else by all of an address together."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def serve_checked(*args: P.args, **kwargs: P.kwargs) -> R:
            check_limit(limits, known_browsers.make_guesser_key())
            return view(*args, **kwargs)

        return serve_checked

    return guard
