"""What can be made to go wrong on request. Each knob is independent, and goes back to None by itself or by hand.

status          this HTTP status (500 with code 20500, 429 with 20429, 401 with 20003) instead of carrying a request
                out
hang_seconds    the request is carried out at once, its answer is held back so long
for_seconds     `status` and `hang_seconds` end after so long; without it they stay
count           they end after so many requests
drop_after_accept   the next n creates are carried out, then the connection is cut without an answer
drop_before_accept  the next n creates are cut before anything is done
paths           "calls" or "messages": the knobs above touch only these
callbacks       of status callbacks: "lose" (true, or "all_but_final"), "double", "delay_ms", "shuffle_ms" (each waits a
                random part of it). Spans here and above are real time, whatever the network's speed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


class BadFault(ValueError):
    """The knob does not exist or does not turn so far. The message is one line that names it."""


@dataclass(slots=True)
class CallbackFaults:
    """How status callbacks go astray."""

    lose: bool | str | None = None
    double: bool | None = None
    shuffle_ms: float | None = None
    delay_ms: float | None = None

    def loses(self, final: bool) -> bool:
        """Whether this callback never arrives."""
        return self.lose is True or (self.lose == "all_but_final" and not final)

    def wait(self) -> float:
        """Seconds this callback is late."""
        # Not a secret: which callback overtakes which.
        return ((self.delay_ms or 0) + random.random() * (self.shuffle_ms or 0)) / 1000  # noqa: S311


@dataclass(slots=True)
class Faults:
    """The knobs as they stand."""

    status: int | None = None
    hang_seconds: float | None = None
    for_seconds: float | None = None
    count: int | None = None
    drop_after_accept: int | None = None
    drop_before_accept: int | None = None
    paths: str | None = None
    callbacks: CallbackFaults = field(default_factory=CallbackFaults)
    _until: float | None = None

    def turn(self, given: Mapping[str, Any]) -> None:
        """Set the knobs that are given; None takes one back. Raises BadFault, and then turns none."""
        callbacks = given.get("callbacks", {})
        settings = {name: value for name, value in given.items() if name != "callbacks"}
        _check(settings, _KNOBS)
        if callbacks is not None:
            if not isinstance(callbacks, Mapping):
                raise BadFault("callbacks must be an object")
            _check(callbacks, _CALLBACK_KNOBS)
        for name, value in settings.items():
            setattr(self, name, value)
        if callbacks is None:
            self.callbacks = CallbackFaults()
        else:
            for name, value in callbacks.items():
                setattr(self.callbacks, name, value)
        if "for_seconds" in settings:
            self._until = None if self.for_seconds is None else time.monotonic() + self.for_seconds

    def describe(self) -> dict[str, Any]:
        """The knobs that are turned, as they were given."""
        self._expire()
        knobs = {name: value for name, value in asdict(self).items() if value is not None and not name.startswith("_")}
        knobs["callbacks"] = {name: value for name, value in knobs["callbacks"].items() if value is not None}
        return {name: value for name, value in knobs.items() if value != {}}

    def strike(self, resource: str) -> tuple[int | None, float]:
        """The status and the delay in seconds that this request meets."""
        self._expire()
        if (self.status is None and self.hang_seconds is None) or not self._touches(resource):
            return None, 0.0
        met = self.status, self.hang_seconds or 0.0
        if self.count is not None:
            self.count -= 1
        return met

    def drop(self, resource: str) -> str | None:
        """Whether this create is cut off, "before" or "after" it is carried out."""
        if not self._touches(resource):
            return None
        if self.drop_before_accept:
            self.drop_before_accept = self.drop_before_accept - 1 or None
            return "before"
        if self.drop_after_accept:
            self.drop_after_accept = self.drop_after_accept - 1 or None
            return "after"
        return None

    def _touches(self, resource: str) -> bool:
        return self.paths is None or self.paths == resource

    def _expire(self) -> None:
        late = self._until is not None and time.monotonic() >= self._until
        if late or (self.count is not None and self.count <= 0):
            self.status = self.hang_seconds = self.for_seconds = self.count = self._until = None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_span(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


_KNOBS = {
    "status": lambda value: value in (401, 429, 500),
    "hang_seconds": _is_span,
    "for_seconds": _is_span,
    "count": _is_count,
    "drop_after_accept": _is_count,
    "drop_before_accept": _is_count,
    "paths": lambda value: value in ("calls", "messages"),
}
_CALLBACK_KNOBS = {
    "lose": lambda value: isinstance(value, bool) or value == "all_but_final",
    "double": lambda value: isinstance(value, bool),
    "shuffle_ms": _is_span,
    "delay_ms": _is_span,
}


def _check(given: Mapping[str, Any], knobs: Mapping[str, Any]) -> None:
    for name, value in given.items():
        if name not in knobs:
            raise BadFault(f"{name} is not a fault")
        if value is not None and not knobs[name](value):
            raise BadFault(f"{name} cannot be {value!r}")
