"""Several towns side by side, each in a process of its own; whichever is free takes the next fault."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from multiprocessing.queues import Queue
from queue import Empty

from tests.faults.acts import FAULTS
from tests.faults.run import Row, perform, stage_on
from tests.faults.stage import Stage

Part = tuple[str, str]
"""A database, and the name of a fault to be done on it."""
LOOK = 5.0


def deal(parts: Sequence[Part], runs: int, jobs: int) -> Iterator[Row | str]:
    """Each fault's row as soon as it is there; what went wrong instead of one as text."""
    # Spawned: a forked process would share this one's sockets and locks.
    context = multiprocessing.get_context("spawn")
    left: Queue[Part | None] = context.Queue()
    found: Queue[Row | str | None] = context.Queue()
    jobs = max(1, min(jobs, len(parts)))
    for part in [*parts, *[None] * jobs]:
        left.put(part)
    players = [context.Process(target=_play, args=(number, left, found, runs)) for number in range(jobs)]
    for player in players:
        player.start()
    try:
        playing = jobs
        while playing:
            try:
                each = found.get(timeout=LOOK)
            except Empty:
                if not any(player.is_alive() for player in players):
                    yield "a town has fallen with all its processes"
                    return
                continue
            if each is None:
                playing -= 1
            else:
                yield each
    finally:
        for player in players:
            player.terminate()
            player.join()


def _play(number: int, left: Queue[Part | None], found: Queue[Row | str | None], runs: int) -> None:
    """One town after the other, for as long as there are faults."""
    faults = {fault.name: fault for fault in FAULTS}
    stage: Stage | None = None
    on = ""
    with ExitStack() as town:
        while (part := left.get()) is not None:
            database, name = part
            try:
                if stage is None or database != on:
                    town.close()
                    stage, on = town.enter_context(stage_on(database, seed=number + 1)), database
                found.put(perform(stage, faults[name], database, runs))
            except Exception:
                found.put(f"{name} on {database}: {traceback.format_exc()}")
                town.close()
                stage = None
    found.put(None)
