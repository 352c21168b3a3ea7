"""Several towns side by side, each in a process of its own; whichever is free takes the next fault.

Most faults are waited out and cost little. Those whose processes start again cost all the processor there is, and that
start is part of their gap: they are one town's, one after the other, and never meet each other nor a town's own start.
"""

from __future__ import annotations

import multiprocessing
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from multiprocessing.queues import Queue
from queue import Empty
from typing import Any

from tools.faults.acts import FAULTS
from tools.faults.run import Row, perform, stage_on
from tools.faults.stage import Stage

Part = tuple[str, str]
"""A database, and the name of a fault to be done on it."""
LOOK = 5.0
_BY_NAME = {fault.name: fault for fault in FAULTS}


@dataclass
class _Pile:
    """Faults still to be done. `taken`, shared by the towns, counts those that are not here any more."""

    parts: list[Part]
    taken: Any
    until: float | None = None
    """The moment, by this machine's watch, after which none is taken."""

    def take(self) -> Part | None:
        if self.until is not None and time.monotonic() > self.until:
            return None
        with self.taken.get_lock():
            number = self.taken.value
            self.taken.value += 1
        return self.parts[number] if number < len(self.parts) else None


def deal(parts: Sequence[Part], runs: int, jobs: int, minutes: float | None = None) -> Iterator[Row | str]:
    """Each fault's row as soon as it is there; what went wrong instead of one as text.

    `minutes`: none is begun after so many.
    """
    # Spawned: a forked process would share this one's sockets and locks.
    context = multiprocessing.get_context("spawn")
    until = time.monotonic() + minutes * 60 if minutes else None
    starts, waits = (
        _Pile([part for part in parts if _BY_NAME[part[1]].starts is wanted], context.Value("i", 0), until)
        for wanted in (True, False)
    )
    busy, found = context.Lock(), context.Queue()
    jobs = max(1, min(jobs, len(parts)))
    players = [
        context.Process(
            target=_play, args=(number, (starts, waits) if number == 0 else (waits, starts), busy, found, runs)
        )
        for number in range(jobs)
    ]
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


def _play(number: int, piles: tuple[_Pile, _Pile], busy: Any, found: Queue[Row | str | None], runs: int) -> None:
    """In one town after the other, for as long as there are faults; `busy` is held by who needs the processor."""
    stage: Stage | None = None
    on = ""
    with ExitStack() as town:
        while (part := piles[0].take() or piles[1].take()) is not None:
            database, name = part
            try:
                if stage is None or database != on:
                    town.close()
                    with busy:
                        stage, on = town.enter_context(stage_on(database, seed=number + 1)), database
                with busy if _BY_NAME[name].starts else nullcontext():
                    found.put(row := perform(stage, _BY_NAME[name], database, runs))
                if row.fell:
                    town.close()
                    stage = None
            except Exception:
                found.put(f"{name} on {database}: {traceback.format_exc()}")
                town.close()
                stage = None
    found.put(None)
