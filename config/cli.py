"""Commands about the database's schema: `db upgrade`, `db check`."""

from __future__ import annotations

from collections.abc import Callable

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError

from config import migrations

db = AppGroup("db", help="The database's schema.")


def register(app: Flask) -> None:
    """Add the `db` commands to an app that keeps its settings in `app.extensions["settings"]`."""
    app.cli.add_command(db)


@db.command("upgrade")
def upgrade() -> None:
    """Bring the schema up to date; safe to run twice, and by two releases at once."""
    applied = _answer(migrations.upgrade)
    click.echo(f"applied {', '.join(applied)}" if applied else "up to date")


@db.command("check")
def check() -> None:
    """Fail unless the schema is up to date and is what the code expects."""
    if lacking := _answer(migrations.pending):
        raise click.ClickException(f"the database lacks {', '.join(lacking)}: run `flask --app app db upgrade`")
    if unlike := _answer(migrations.differences):
        raise click.ClickException(f"the models differ from the migrations ({len(unlike)}): {unlike[0]}")
    click.echo("up to date")


def _answer(ask: Callable[[str], list[str]]) -> list[str]:
    try:
        return ask(current_app.extensions["settings"].database_url)
    except migrations.NewerDatabase as error:
        raise click.ClickException(str(error)) from None
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise click.ClickException(f"the database does not answer: {reason}") from None
