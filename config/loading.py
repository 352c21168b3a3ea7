"""Loading without looking for garbage: what is loaded stays, and Python would look through all of it time and again.

A tenth of every start. Whoever begins to load (`app`, `engine`) imports this first; whoever has an app put together
says that it is loaded.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

gc.disable()
_has_ended = False


def end_loading() -> None:
    """From here on garbage is looked for, and never among what was loaded."""
    global _has_ended  # noqa: PLW0603 - of the process, as the garbage is
    # Of a second app in one process, as tests have them, no garbage may be kept with what stays. That is asked once:
    # to count what stays, Python goes through all of it.
    if not _has_ended and not gc.get_freeze_count():
        gc.freeze()
    _has_ended = True
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
