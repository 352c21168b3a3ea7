"""Pace: how many calls and message segments a second may leave, for all workers together.

A carrier queues what comes too fast, in its order and out of our reach; so we pace, the most urgent first. The bucket
(GCRA) lives in Redis and runs on Redis' own clock; with Redis gone each process keeps a bucket of its own at its
share of the rate.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError

REDIS_REST = 2.0
"""After Redis failed it is not asked again for so many seconds: an alarm must not wait for its time-outs."""
SHARE = 2
"""Without Redis: how many processes may be sending, by a cautious guess."""

# KEYS[1] the bucket: when the next request may leave, in seconds. ARGV: interval, tokens wanted.
# Returns how many may leave now, and in how many seconds (as text) the next one may.
_TAKE = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local interval = tonumber(ARGV[1])
local wanted = tonumber(ARGV[2])
local free_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local granted = 0
while granted < wanted and free_at <= now do
  free_at = free_at + interval
  granted = granted + 1
end
if granted > 0 then
  redis.call('SET', KEYS[1], string.format('%.6f', free_at), 'PX', math.ceil((free_at - now + interval) * 1000) + 1000)
end
return {granted, string.format('%.6f', math.max(free_at - now, 0))}
"""
# ARGV[1]: seconds by which the next request is put off (segments beyond the first) or moved up (tokens not used).
_SHIFT = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local free_at = tonumber(redis.call('GET', KEYS[1]) or '0')
if free_at > 0 then
  free_at = free_at + tonumber(ARGV[1])
  local kept = math.ceil(math.max(free_at - now, 0) * 1000) + 2000
  redis.call('SET', KEYS[1], string.format('%.6f', free_at), 'PX', kept)
end
return 1
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """How many requests may leave now, and in how many seconds the next one may."""

    count: int
    wait: float


class Pace:
    """One limit: `rate` a second under `name`, shared through Redis. A rate of 0 is no limit."""

    def __init__(self, redis: Redis, name: str, rate: float) -> None:
        self._redis = redis
        self._key = f"pace:{name}"
        self._interval = 1 / rate if rate else 0.0
        self._take = redis.register_script(_TAKE)
        self._shift = redis.register_script(_SHIFT)
        self._rest_until = 0.0
        self._local_free_at = 0.0
        self._lock = threading.Lock()

    @property
    def limited(self) -> bool:
        """Whether there is a limit at all."""
        return bool(self._interval)

    def take(self, wanted: int) -> Grant:
        """Ask leave for up to `wanted` requests."""
        if not self._interval:
            return Grant(wanted, 0.0)
        if time.monotonic() >= self._rest_until:
            try:
                granted, wait = self._take(keys=[self._key], args=[self._interval, wanted])
                return Grant(int(granted), float(wait))
            except RedisError:
                self._rest_until = time.monotonic() + REDIS_REST
        return self._take_locally(wanted)

    def give_back(self, unused: int) -> None:
        """Tokens taken for requests that there were none to send."""
        self._move(-unused)

    def charge(self, extra: int) -> None:
        """A message took `extra` segments beyond the one it had leave for."""
        self._move(extra)

    def _take_locally(self, wanted: int) -> Grant:
        interval = self._interval * SHARE
        with self._lock:
            now = time.monotonic()
            free_at = max(self._local_free_at, now)
            granted = 0
            while granted < wanted and free_at <= now:
                free_at += interval
                granted += 1
            self._local_free_at = free_at
            return Grant(granted, max(free_at - now, 0.0))

    def _move(self, tokens: int) -> None:
        if not self._interval or not tokens:
            return
        if time.monotonic() >= self._rest_until:
            try:
                self._shift(keys=[self._key], args=[tokens * self._interval])
                return
            except RedisError:
                self._rest_until = time.monotonic() + REDIS_REST
        with self._lock:
            self._local_free_at += tokens * self._interval * SHARE
