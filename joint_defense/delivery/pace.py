"""Pace: how many calls and message segments a second may leave, for all workers together.

A carrier queues what comes too fast, in its order and out of our reach; so we pace, the most urgent first. Each number
that we send from has a bucket (GCRA) of its own; the buckets live in Redis and run on Redis' own clock. With Redis gone
each process keeps buckets of its own at its share of the rate.

When the carrier says that it is too fast (429, 20429, 10004) that number's rate is halved for all workers, never below
1/`MOST` of what it is set to, and doubles again with every `STEP` seconds without a complaint. Complaints within `HOLD`
seconds are one: what was on its way cannot be called back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

STEP = 10.0
MOST = 16.0
HOLD = 1.0
UNPACED = 1 / 32
"""Seconds between requests from which a number that has no limit of its own is slowed down."""


@dataclass(frozen=True, slots=True)
class Slowing:
    """`factor` times slower at the moment `since` (seconds by any one clock)."""

    factor: float = 1.0
    since: float = float("-inf")

    def find_factor(self, now: float) -> float:
        """What is left of it."""
        if self.factor <= 1:
            return 1.0
        return float(max(1.0, self.factor / 2 ** ((now - self.since) // STEP)))

    def slow_further(self, now: float) -> Slowing:
        """After a further complaint."""
        if now - self.since < HOLD:
            return self
        return Slowing(min(self.find_factor(now) * 2, MOST), now)


def find_interval(base: float, factor: float) -> float:
    """Seconds between two requests of a number whose own interval is `base` (0: no limit)."""
    return (base or UNPACED) * factor if factor > 1 else base


REDIS_REST = 2.0
"""After Redis failed it is not asked again for so many seconds: an alarm must not wait for its time-outs."""
SHARE = 2
"""Without Redis: how many processes send at least, by a cautious guess; where more say that they live, so many."""

# Said once for all scripts. Of a sender Redis keeps when its next request may leave, in seconds, and how much it has
# been slowed down, "factor since". `rules.slowing` says the same in Python.
_RULES = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local function slowed(kept, step)
  local factor, since = string.match(kept or '', '^(%S+) (%S+)$')
  if not factor then return 1, 0 end
  return math.max(1, factor / 2 ^ math.floor((now - since) / step)), tonumber(since)
end
local function spacing(base, factor, unpaced)
  if base == 0 and factor > 1 then base = unpaced end
  return base * factor
end
"""
# KEYS: of each sender its bucket and its slowing. ARGV: how many are wanted, step, unpaced, each sender's interval.
# Returns how many may leave from each now, and in how many seconds (as text) the next one may. Whoever has been free
# for longest goes first, so that several senders share the work by what each can do.
_TAKE = (
    _RULES
    + """
local kept = redis.call('MGET', unpack(KEYS))
local free, every, granted = {}, {}, {}
for i = 1, #KEYS / 2 do
  every[i] = spacing(tonumber(ARGV[3 + i]), slowed(kept[2 * i], tonumber(ARGV[2])), tonumber(ARGV[3]))
  free[i] = tonumber(kept[2 * i - 1] or '0')
  granted[i] = 0
end
local function next_free()
  local best = 1
  for i = 2, #free do
    if math.max(free[i], now) < math.max(free[best], now)
      or (math.max(free[i], now) == math.max(free[best], now)
          and (granted[i] < granted[best] or (granted[i] == granted[best] and free[i] < free[best]))) then
      best = i
    end
  end
  return best
end
for _ = 1, tonumber(ARGV[1]) do
  local i = next_free()
  if free[i] > now then break end
  free[i] = math.max(free[i], now) + every[i]
  granted[i] = granted[i] + 1
end
for i = 1, #free do
  if granted[i] > 0 and every[i] > 0 then
    local left = math.ceil((free[i] - now + every[i]) * 1000) + 1000
    redis.call('SET', KEYS[2 * i - 1], string.format('%.6f', free[i]), 'PX', left)
  end
end
granted[#granted + 1] = string.format('%.6f', math.max(free[next_free()] - now, 0))
return granted
"""
)
# KEYS: bucket, slowing. ARGV: tokens by which the next request is put off (segments beyond the first) or moved up
# (tokens not used), step, unpaced, interval.
_SHIFT = (
    _RULES
    + """
local free_at = tonumber(redis.call('GET', KEYS[1]) or '0')
if free_at > 0 then
  local every = spacing(tonumber(ARGV[4]), slowed(redis.call('GET', KEYS[2]), tonumber(ARGV[2])), tonumber(ARGV[3]))
  free_at = free_at + tonumber(ARGV[1]) * every
  local left = math.ceil(math.max(free_at - now, 0) * 1000) + 2000
  redis.call('SET', KEYS[1], string.format('%.6f', free_at), 'PX', left)
end
return 1
"""
)
# KEYS: bucket, slowing. ARGV: step, most, hold, unpaced, interval. Returns the factor, as text. What was on its way
# when the carrier first complained does not count again.
_SLOW = (
    _RULES
    + """
local factor, since = slowed(redis.call('GET', KEYS[2]), tonumber(ARGV[1]))
if now - since >= tonumber(ARGV[3]) then
  factor = math.min(factor * 2, tonumber(ARGV[2]))
  local left = math.ceil(tonumber(ARGV[1]) * (math.log(factor) / math.log(2) + 1) * 1000)
  redis.call('SET', KEYS[2], string.format('%.17g %.6f', factor, now), 'PX', left)
  local free_at = now + spacing(tonumber(ARGV[5]), factor, tonumber(ARGV[4]))
  if free_at > tonumber(redis.call('GET', KEYS[1]) or '0') then
    redis.call('SET', KEYS[1], string.format('%.6f', free_at), 'PX', math.ceil((free_at - now) * 1000) + 2000)
  end
end
return string.format('%.17g', factor)
"""
)
# KEYS: each sender's slowing. ARGV: step. Returns the factors, as text.
_SLOWED = (
    _RULES
    + """
local factors = {}
for i, key in ipairs(KEYS) do
  local factor = slowed(redis.call('GET', key), tonumber(ARGV[1]))
  factors[i] = string.format('%.17g', factor)
end
return factors
"""
)


@dataclass(frozen=True, slots=True)
class Grant:
    """How many requests may leave now from each number, and in how many seconds the next one may."""

    by_sender: dict[str, int]
    wait: float

    @property
    def count(self) -> int:
        """How many that are together."""
        return sum(self.by_sender.values())


@dataclass
class _Own:
    """What this process keeps of a sender while Redis is away, by its own monotonic clock."""

    free_at: float = 0.0
    slowing: Slowing = field(default_factory=Slowing)


class Pace:
    """The limits of a channel, shared through Redis: `rates` a second by sender's number; 0 is no limit."""

    def __init__(self, redis: Redis, channel: str, rates: Mapping[str, float]) -> None:
        self._redis = redis
        self._intervals = {sender: 1 / rate if rate else 0.0 for sender, rate in rates.items()}
        self._keys = {sender: (f"pace:{channel}:{sender}", f"pace:{channel}:{sender}:slow") for sender in rates}
        self._scripts = {text: redis.register_script(text) for text in (_TAKE, _SHIFT, _SLOW, _SLOWED)}
        self._rest_until = 0.0
        self._own = {sender: _Own() for sender in rates}
        self._factors = dict.fromkeys(rates, 1.0)
        self._first = 0
        self._share = SHARE
        self._lock = threading.Lock()

    @property
    def senders(self) -> tuple[str, ...]:
        """The numbers it is kept for."""
        return tuple(self._keys)

    @property
    def limited(self) -> bool:
        """Whether any number is held back at all: by its rate, or because the carrier complained."""
        return any(self._intervals.values()) or any(factor > 1 for factor in self._factors.values())

    def slowed(self, sender: str) -> bool:
        """Whether the carrier has complained of this number lately, by what was heard last: nobody is asked."""
        return self._factors[sender] > 1

    def rate(self) -> float:
        """Requests a second of all numbers together, as they are slowed down now; 0 is no limit."""
        rates = self.rates().values()
        return sum(rates) if all(rates) else 0.0

    def rates(self) -> dict[str, float]:
        """Requests a second of each number, as it is slowed down now; 0 is no limit."""
        factors = self.factors()
        every = {sender: find_interval(base, factors[sender]) for sender, base in self._intervals.items()}
        return {sender: 1 / each if each else 0.0 for sender, each in every.items()}

    def factors(self) -> dict[str, float]:
        """How many times slower than its rate each number is now: 1 when the carrier has had no complaint lately."""
        found = self._ask(_SLOWED, [slow for _, slow in self._keys.values()], [STEP])
        if found is not None:
            self._factors = dict(zip(self._keys, map(float, found), strict=True))
        else:
            now = time.monotonic()
            self._factors = {sender: own.slowing.find_factor(now) for sender, own in self._own.items()}
        return dict(self._factors)

    def share_with(self, processes: int) -> None:
        """So many processes send at present: without Redis the rate is divided among them, and at least in `SHARE`."""
        self._share = max(SHARE, processes)

    def take(self, wanted: int, senders: Sequence[str] | None = None) -> Grant:
        """Ask leave for up to `wanted` requests, from some of the numbers or (None) from all."""
        chosen = list(self._keys) if senders is None else list(senders)
        if not self.limited:
            return Grant(self._share_evenly(wanted, chosen), 0.0)
        keys = [key for sender in chosen for key in self._keys[sender]]
        found = self._ask(_TAKE, keys, [wanted, STEP, UNPACED, *(self._intervals[sender] for sender in chosen)])
        if found is None:
            return self._take_from_own(wanted, chosen)
        *granted, wait = found
        return Grant(dict(zip(chosen, map(int, granted), strict=True)), float(wait))

    def give_back(self, sender: str, unused: int) -> None:
        """Tokens taken for requests that there were none to send."""
        self._move(sender, -unused)

    def charge(self, sender: str, extra: int) -> None:
        """A message took `extra` segments beyond the one it had leave for."""
        self._move(sender, extra)

    def slow_down(self, sender: str) -> float:
        """The carrier asks for a slower pace: halve this number's, for all workers. Returns how slow it is now."""
        keys, base = self._keys[sender], self._intervals[sender]
        found = self._ask(_SLOW, [*keys], [STEP, MOST, HOLD, UNPACED, base])
        if found is not None:
            self._factors[sender] = float(found)
            return float(found)
        with self._lock:
            own, now = self._own[sender], time.monotonic()
            own.slowing = own.slowing.slow_further(now)
            factor = own.slowing.find_factor(now)
            own.free_at = max(own.free_at, now + find_interval(base, factor) * self._share)
        self._factors[sender] = factor
        return factor

    def _share_evenly(self, wanted: int, senders: list[str]) -> dict[str, int]:
        """Without a limit every number carries the same."""
        with self._lock:
            self._first %= len(senders)
            order = [*senders[self._first :], *senders[: self._first]]
            self._first = (self._first + wanted) % len(senders)
        share, over = divmod(wanted, len(senders))
        return {sender: share + (place < over) for place, sender in enumerate(order)}

    def _ask(self, script: str, keys: list[str], arguments: list[float]) -> Any:
        """Redis' answer; None while it is away."""
        if time.monotonic() < self._rest_until:
            return None
        try:
            return self._scripts[script](keys=keys, args=arguments)
        except RedisError:
            self._rest_until = time.monotonic() + REDIS_REST
            return None

    def _take_from_own(self, wanted: int, senders: list[str]) -> Grant:
        with self._lock:
            now = time.monotonic()
            every = {
                sender: find_interval(self._intervals[sender], self._own[sender].slowing.find_factor(now)) * self._share
                for sender in senders
            }
            granted = dict.fromkeys(senders, 0)

            def find_next_free() -> str:
                return min(senders, key=lambda each: (max(self._own[each].free_at, now), granted[each]))

            for _ in range(wanted):
                sender = find_next_free()
                if self._own[sender].free_at > now:
                    break
                self._own[sender].free_at = max(self._own[sender].free_at, now) + every[sender]
                granted[sender] += 1
            return Grant(granted, max(self._own[find_next_free()].free_at - now, 0.0))

    def _move(self, sender: str, tokens: int) -> None:
        base = self._intervals[sender]
        if not tokens or not (base or self.limited):
            return
        if self._ask(_SHIFT, [*self._keys[sender]], [tokens, STEP, UNPACED, base]) is None:
            with self._lock:
                own = self._own[sender]
                own.free_at += tokens * find_interval(base, own.slowing.find_factor(time.monotonic())) * self._share
