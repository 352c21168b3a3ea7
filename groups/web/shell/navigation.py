"""The links at the top of every page. Packages add theirs when they register their pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, request
from flask_babel import LazyString

from config.services import Service
from groups.models.accounts import AccountRole
from groups.web.shell.access import find_signed_in


@dataclass(frozen=True, slots=True)
class Link:
    """A page, its name in the reader's language, its drawing, and who sees it."""

    endpoint: str
    label: LazyString
    icon: str
    roles: frozenset[AccountRole]
    also: tuple[str, ...] = ()
    """Other blueprints whose pages belong to this link."""
    place: int = 50
    """Links stand in ascending order of their places; of equal ones, the one that was added first stands first."""

    @property
    def here(self) -> bool:
        """Whether the page shown belongs to this link."""
        return request.blueprint is not None and request.blueprint in {self.endpoint.split(".")[0], *self.also}


_LINKS = Service[list[Link]]("navigation")
_HELP = Service[list[Callable[[], str]]]("help")


def register(app: Flask) -> None:
    """Let templates ask `navigation()` and `find_help()`."""
    _LINKS.keep(app, [])
    _HELP.keep(app, [])
    app.jinja_env.globals.update(navigation=list_links, find_help=_find_help)


def add(
    app: Flask,
    endpoint: str,
    label: LazyString,
    icon: str,
    roles: frozenset[AccountRole],
    *,
    also: tuple[str, ...] = (),
    place: int = 50,
) -> None:
    """Add a link at its place; `also` names other blueprints whose pages belong to it."""
    known = _LINKS.of(app)
    known.append(Link(endpoint, label, icon, roles, also, place))
    known.sort(key=lambda link: link.place)


def set_help(app: Flask, find_address: Callable[[], str]) -> None:
    """Lead from the header to the help for the page that is shown."""
    _HELP.of(app)[:] = [find_address]


def _find_help() -> str:
    return next((find_address() for find_address in _HELP.of()), "")


def list_links() -> list[Link]:
    """The links for whoever is signed in."""
    account = find_signed_in()
    return [link for link in _LINKS.of() if account is not None and account.role in link.roles]
