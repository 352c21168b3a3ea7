"""How tests are dealt out to the workers: one by one, but those that share a town go to one worker together.

A town is eight processes that take six seconds of a core to start; a worker that meets none of its tests starts none.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

_ON_A_TOWN_OF_THEIR_OWN = ("test_demo.py", "test_setup.py")
# They look at one demo town, which takes seconds to load.
_ON_THE_DEMO_TOWN = (
    "tests/edges/commands/test_coverage.py",
    "tests/edges/commands/test_demo_town.py",
    "tests/edges/coverage/test_formats.py",
)
_TOGETHER = (
    # A town of their own, which one of them starts and all of them look at.
    "tests/journeys/browser/test_watching_an_alarm.py",
    "tests/journeys/test_faults.py",
    # A web server, the same.
    "tests/edges/config/test_front.py",
)


class ByTown(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """The two towns of the journeys come first: what they wait for leaves room for the other worker's work."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, name = nodeid.partition("::")
        if file in _TOGETHER:
            return file
        if file in _ON_THE_DEMO_TOWN:
            return "demo town"
        if file.startswith("tests/journeys/test_") and not file.endswith(_ON_A_TOWN_OF_THEIR_OWN):
            if file.endswith("test_dialects.py"):
                return "somleng" if "somleng" in name else "signalwire"
            return "postgresql" if "postgresql" in name else "sqlite"
        return nodeid
