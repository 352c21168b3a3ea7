"""Commands about the database's schema: `db upgrade`, `db check`."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from config.services import get_settings

db = AppGroup("db", help="The database's schema.")


@db.command("upgrade")
def upgrade() -> None:
    """Bring the schema up to date; safe to run twice, and by two releases at once."""
    applied = _ask(lambda migrations: migrations.upgrade)
    click.echo(f"applied {', '.join(applied)}" if applied else "up to date")


@db.command("check")
def check() -> None:
    """Fail unless the schema is up to date and is what the code expects."""
    if lacking := _ask(lambda migrations: migrations.find_pending):
        raise click.ClickException(f"the database lacks {', '.join(lacking)}: run `flask --app app db upgrade`")
    if unlike := _ask(lambda migrations: migrations.find_differences):
        raise click.ClickException(f"the models differ from the migrations ({len(unlike)}): {unlike[0]}")
    click.echo("up to date")


def _ask(question: Callable[[ModuleType], Callable[[str], list[str]]]) -> list[str]:
    # Alembic is a tenth of a second of every start, and only these commands need it.
    from config import migrations  # noqa: PLC0415

    try:
        return question(migrations)(get_settings().database_url)
    except migrations.NewerDatabase as error:
        raise click.ClickException(str(error)) from None
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise click.ClickException(f"the database does not answer: {reason}") from None
    except ProgrammingError as error:
        # Most often a database of somebody else's: `createdb --owner`.
        reason = str(error.orig).strip().splitlines()[0]
        raise click.ClickException(f"the database refuses: {reason} (does it belong to our role?)") from None
