"""Loading without looking for garbage: what is loaded stays, and Python would look through all of it time and again.

A tenth of every start. Whoever begins to load (`app`, `engine`) imports this first; whoever has an app put together
says that it is loaded.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

gc.disable()


def end_loading() -> None:
    """From here on garbage is looked for, and never among what was loaded."""
    # Of a second app in one process, as tests have them, no garbage may be kept with what stays.
    if not gc.get_freeze_count():
        gc.freeze()
    gc.enable()


@contextmanager
def pause_collection() -> Iterator[None]:
    """What is loaded within is not looked through while it is loaded."""
    looks = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looks:
            gc.enable()
