"""Several things at the same instant: each in a thread of its own, let go together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def at_once(*deeds: Callable[[], Result]) -> list[Result]:
    """What each of them came to, in their order. Raises what one of them raised."""
    gate = threading.Barrier(len(deeds))

    def do(deed: Callable[[], Result]) -> Result:
        gate.wait(30)
        return deed()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return [each.result(60) for each in [threads.submit(do, deed) for deed in deeds]]
