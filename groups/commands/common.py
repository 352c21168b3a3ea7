"""What the roster's commands share: a transaction, the settings, files in and out.

Every trouble that is somebody's to mend is one line on stderr and exit code 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database
from groups.errors import GroupsError, Message, RosterFileError, UnlikelyStart, say
from groups.errors.words import write_both
from groups.files.sheet import name_column
from groups.privacy.access_log import Looked, record_look
from groups.rules.days import is_far_ahead, is_unlikely
from groups.rules.findings import show

if TYPE_CHECKING:
    from groups.files.columns import LeftOutSheet

column_option = click.option(
    "--column", "columns", multiple=True, help="What a column holds, where it is guessed wrong: 电话=D."
)

meant_option = click.option(
    "--meant", is_flag=True, help="The day is meant, though it is more than ten years ago or three years ahead."
)


def check_meant(day: date, today: date, *, meant: bool) -> None:
    """Raises UnlikelyStart for a day that is mostly a slip, unless it is `meant`."""
    if not meant and (is_unlikely(day, today) or is_far_ahead(day, today)):
        raise UnlikelyStart(say("day_needs_meant", day=day))


@contextmanager
def open_transaction(*, reads: bool = False) -> Iterator[Session]:
    """A transaction for a command, which answers every trouble that is somebody's to mend in one line.

    `reads`: nothing is written in it.
    """
    with tell_in_one_line(), get_database().begin(reads=reads) as session:
        yield session


@contextmanager
def tell_in_one_line() -> Iterator[None]:
    """End the command with a line on stderr where anything is in the way that is somebody's to mend."""
    try:
        yield
    except GroupsError as error:
        raise click.ClickException(write_both(error.message)) from None
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(write_both(_explain(error))) from None


_NO_TABLE_OR_COLUMN = {"42P01", "42703", "3F000"}
"""PostgreSQL's undefined_table, undefined_column and invalid_schema_name."""


def _explain(error: OperationalError | ProgrammingError) -> Message:
    reason = str(error.orig).strip().splitlines()[0]
    state = getattr(error.orig, "sqlstate", None)
    if state in _NO_TABLE_OR_COLUMN or reason.startswith("no such "):
        return say("database_not_upgraded", reason=reason)
    return say("database_refuses" if isinstance(error, ProgrammingError) else "database_does_not_answer", reason=reason)


def note_export(session: Session, page: str, form: str, rows: int, village_id: int | None) -> None:
    """Put on record that a command gave numbers out, as `groups.models.access_log.Look` keeps it."""
    looked = Looked("command", f"command.{page}", form, rows, village_id=village_id)
    record_look(session, looked, read_clock(session))


def tell(code: str, /, **values: Any) -> None:
    """Print the message of this code with these values, in Chinese and English."""
    click.echo(write_both(say(code, **values)))


def tell_reading(
    layouts: Sequence[Mapping[str, Any]], left_out: Sequence[LeftOutSheet], words: Mapping[str, str]
) -> None:
    """Print how a list was read: each column that was guessed, and how to say it otherwise; the sheets left out.

    `layouts` as `uploads.kinds.ReadList` has them, `words` the field for each word that names one.
    """
    for layout in layouts:
        for column in layout["columns"]:
            if column["guessed"]:
                word = next((word for word, field in words.items() if field == column["field"]), column["field"])
                letter = name_column(column["index"])
                where = f"{letter} {show(column['heading'])}".strip()
                tell("column_was_guessed", where=where, field=word, letter=letter)
    tell_left_out(left_out)


def tell_left_out(sheets: Sequence[LeftOutSheet]) -> None:
    """Print which sheets of a file are not read, and why."""
    for each in sheets:
        tell("sheet_left_out", sheet=show(each.name), reason=each.reason)


def read_content(file: Path) -> bytes:
    """A file's bytes. Raises RosterFileError where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise RosterFileError(say("cannot_read_file", file=file, reason=error.strerror)) from None


def write(output: Path, content: bytes) -> None:
    """Write a file, or end the command with what is in the way."""
    try:
        output.write_bytes(content)
    except OSError as error:
        raise click.ClickException(write_both(say("cannot_write_file", file=output, reason=error.strerror))) from None
