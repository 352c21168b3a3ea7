"""What an app keeps for as long as it lives, each by a name and with a type: its database, its settings, and more.

Whoever makes such a thing says so beside it, once:

    WAKER = Service[Waker]("waker")
    WAKER.keep(app, Waker(runtime))     # when the app is put together
    WAKER.of().wake(incident_id)        # in a request, a command or a job of it
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from flask import Flask, current_app

from config.database import Database
from config.settings import Settings

T = TypeVar("T")


class Service(Generic[T]):
    """One of these things."""

    def __init__(self, name: str) -> None:
        self._name = name

    def keep(self, app: Flask, what: T) -> None:
        """Let the app keep it."""
        app.extensions[self._name] = what

    def of(self, app: Flask | None = None) -> T:
        """The one of this app, or of the app that is at work. Raises KeyError where it keeps none."""
        found: T = (app or current_app).extensions[self._name]
        return found


DATABASE = Service[Database]("database")
SETTINGS = Service[Settings]("settings")
WARM_UP = Service[Callable[[], None]]("warm_up")
"""What a process does before its first request."""


def get_database() -> Database:
    """The database of the app that is at work."""
    return DATABASE.of()


def get_settings() -> Settings:
    """Its settings."""
    return SETTINGS.of()
