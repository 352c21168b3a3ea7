"""Places on others' pages that a package may fill: a village's home, a group's page, a household's, the villages'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flask import Flask
from flask_babel import LazyString

from config.services import Service
from groups.models.accounts import AccountRole


class Button(NamedTuple):
    """A way to a page: its endpoint, its name in the reader's language, its drawing, and who sees it."""

    endpoint: str
    label: LazyString
    icon: str
    roles: frozenset[AccountRole]


@dataclass
class Slots:
    """What others have put there."""

    banner: Callable[[int], str] | None = None
    village_notes: list[Callable[[int, str], str]] = field(default_factory=list)
    group_notes: list[Callable[[str, int], str]] = field(default_factory=list)
    village_buttons: list[Button] = field(default_factory=list)
    village_links: list[Button] = field(default_factory=list)
    town_links: list[Button] = field(default_factory=list)
    phone_buttons: list[Button] = field(default_factory=list)
    api_paths: dict[str, Any] = field(default_factory=dict)
    api_schemas: dict[str, Any] = field(default_factory=dict)

    def list_phone_buttons(self, role: AccountRole) -> list[Button]:
        """Those that somebody with this role sees."""
        return [each for each in self.phone_buttons if role in each.roles]


SLOTS = Service[Slots]("slots")


def set_banner(app: Flask, banner: Callable[[int], str]) -> None:
    """Let `banner(village_id)` say, in HTML, whether all is calm in a village."""
    SLOTS.of(app).banner = banner


def add_note(app: Flask, note: Callable[[int, str], str]) -> None:
    """Let `note(village_id, code)` say something, in HTML, on a village's home; empty: nothing."""
    SLOTS.of(app).village_notes.append(note)


def add_group_note(app: Flask, note: Callable[[str, int], str]) -> None:
    """Let `note(code, group_id)` say something, in HTML, on a group's page; empty: nothing."""
    SLOTS.of(app).group_notes.append(note)


def add_button(app: Flask, endpoint: str, label: LazyString, icon: str, roles: frozenset[AccountRole]) -> None:
    """Add a large button to every village's home; its page takes the village's `code`."""
    SLOTS.of(app).village_buttons.append(Button(endpoint, label, icon, roles))


def add_link(app: Flask, endpoint: str, label: LazyString, icon: str, roles: frozenset[AccountRole]) -> None:
    """Add a small link to every village's home; its page takes the village's `code`."""
    SLOTS.of(app).village_links.append(Button(endpoint, label, icon, roles))


def add_phone_button(app: Flask, endpoint: str, label: LazyString, icon: str, roles: frozenset[AccountRole]) -> None:
    """Add a button beside every phone on its household's page; its form is sent with `code` and `phone_id`."""
    SLOTS.of(app).phone_buttons.append(Button(endpoint, label, icon, roles))


def describe_api(app: Flask, paths: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Add addresses, and the shapes that they name, to the API's description in OpenAPI."""
    SLOTS.of(app).api_paths.update(paths)
    SLOTS.of(app).api_schemas.update(schemas)


def add_town_link(app: Flask, endpoint: str, label: LazyString, icon: str, roles: frozenset[AccountRole]) -> None:
    """Add a link to the list of villages, to what belongs to the town and to no village."""
    SLOTS.of(app).town_links.append(Button(endpoint, label, icon, roles))
