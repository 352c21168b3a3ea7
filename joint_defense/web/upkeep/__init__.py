"""Pages that keep a village's numbers and groups in order: numbers to mend, checks, simulated nights, the summary; and
the service itself.

Door: `register(app)`. No tables. It must not know webhooks.
"""

from __future__ import annotations

from flask import Flask

from joint_defense.web.upkeep import checks, nights, numbers, service, summary


def register(app: Flask) -> None:
    """Add the pages."""
    numbers.register(app)
    checks.register(app)
    summary.register(app)
    nights.register(app)
    service.register(app)
