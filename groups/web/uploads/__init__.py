"""Pages of a list on its way, the same for every kind: progress, columns, preview, decisions, confirm, undo.

Doors: `register(app)`; `flow`, by which a kind's pages take a list in; `kinds.ListPages`, what a kind's pages offer. It
must not know what any list is about.
"""

from __future__ import annotations

from flask import Flask

from groups.web.uploads import flow


def register(app: Flask) -> None:
    """Add the pages. Before the kinds, which add themselves with `flow.add`."""
    flow.register(app)
