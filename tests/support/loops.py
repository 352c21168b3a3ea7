"""Coroutines in tests."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns. In a thread of its own, for Playwright's loop is here once a browser was open."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
