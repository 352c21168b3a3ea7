"""Commands that are imported when one of them is called: whoever exports a roster waits for no other command."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup

from config.loading import pause_collection


class CommandsByPlace(AppGroup):
    """A group whose commands are known by where they stand: name → `module:attribute`."""

    def __init__(self, places: Mapping[str, str], **given: Any) -> None:
        super().__init__(**given)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self.places})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is None and cmd_name in self.places:
            module, _, attribute = self.places[cmd_name].partition(":")
            with pause_collection():
                found = getattr(import_module(module), attribute)
        return found


def add_commands(app: Flask, places: Mapping[str, str]) -> None:
    """Give the app these commands, and no others."""
    app.cli = CommandsByPlace(places, name=app.name)
