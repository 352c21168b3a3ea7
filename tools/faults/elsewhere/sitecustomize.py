"""On a process's PYTHONPATH it shifts its clock by CLOCK_OFF seconds, as on a machine whose clock is off."""

from __future__ import annotations

import datetime
import os
import time
from typing import Any

_OFF = float(os.environ.get("CLOCK_OFF", "0"))
_true_time = time.time
_Real: Any = datetime.datetime


class _Alike(type(_Real)):  # type: ignore[misc]
    def __instancecheck__(cls, thing: object) -> bool:
        return isinstance(thing, _Real)


class _Shifted(_Real, metaclass=_Alike):  # type: ignore[misc]
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return _Real.now(tz) + datetime.timedelta(seconds=_OFF)

    @classmethod
    def utcnow(cls) -> Any:
        return _Real.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(seconds=_OFF)


if _OFF:
    time.time = lambda: _true_time() + _OFF
    datetime.datetime = _Shifted  # type: ignore[misc]
