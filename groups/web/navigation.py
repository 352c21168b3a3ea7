"""The links at the top of every page. Packages add theirs when they register their pages."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app, request
from flask_babel import LazyString

from groups.account_models import AccountRole
from groups.web.access import signed_in


@dataclass(frozen=True, slots=True)
class Link:
    """A page, its name in the reader's language, its drawing, and who sees it."""

    endpoint: str
    label: LazyString
    icon: str
    roles: frozenset[AccountRole]
    also: tuple[str, ...] = ()
    """Other blueprints whose pages belong to this link."""

    @property
    def here(self) -> bool:
        """Whether the page shown belongs to this link."""
        return request.blueprint is not None and request.blueprint in {self.endpoint.split(".")[0], *self.also}


def register(app: Flask) -> None:
    """Let templates ask `navigation()`."""
    app.extensions["navigation"] = []
    app.jinja_env.globals["navigation"] = links


def add(
    app: Flask,
    endpoint: str,
    label: LazyString,
    icon: str,
    roles: frozenset[AccountRole],
    *,
    also: tuple[str, ...] = (),
) -> None:
    """Add a link, after those that stand already; `also` names other blueprints whose pages belong to it."""
    app.extensions["navigation"].append(Link(endpoint, label, icon, roles, also))


def links() -> list[Link]:
    """The links for whoever is signed in."""
    account = signed_in()
    known: list[Link] = current_app.extensions["navigation"]
    return [link for link in known if account is not None and account.role in link.roles]
