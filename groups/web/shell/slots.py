"""TODO."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask_babel import LazyString

from groups.models.accounts import AccountRole


def set_banner(app: Flask, banner: Callable[[int], str]) -> None:
    """Let `banner(village_id)` say, in HTML, whether all is calm in a village."""
    app.extensions["village_banner"] = banner


def add_button(app: Flask, endpoint: str, label: LazyString, icon: str, roles: frozenset[AccountRole]) -> None:
    """Add a large button to every village's home; its page takes the village's `code`."""
    app.extensions["village_buttons"].append((endpoint, label, icon, roles))


def add_link(app: Flask, endpoint: str, label: LazyString, icon: str, roles: frozenset[AccountRole]) -> None:
    """Add a small link to every village's home; its page takes the village's `code`."""
    app.extensions["village_links"].append((endpoint, label, icon, roles))


def add_town_link(app: Flask, endpoint: str, label: LazyString, icon: str, roles: frozenset[AccountRole]) -> None:
    """Add a link to the list of villages, to what belongs to the town and to no village."""
    app.extensions["town_links"].append((endpoint, label, icon, roles))
