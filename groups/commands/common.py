"""What the roster's commands share: a transaction, the settings, files in and out.

Every trouble that is somebody's to mend is one line on stderr and exit code 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from config.services import database
from groups.errors import GroupsError, RosterFileError
from groups.words import in_both


@contextmanager
def transaction(*, reads: bool = False) -> Iterator[Session]:
    """A transaction for a command, which answers every trouble that is somebody's to mend in one line.

    `reads`: nothing is written in it.
    """
    with in_one_line(), database().begin(reads=reads) as session:
        yield session


@contextmanager
def in_one_line() -> Iterator[None]:
    """End the command with a line on stderr where anything is in the way that is somebody's to mend."""
    try:
        yield
    except GroupsError as error:
        raise click.ClickException(in_both(error.message)) from None
    except (OperationalError, ProgrammingError) as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise click.ClickException(
            f"数据库不可用，是否已运行 db upgrade the database does not answer: {reason}"
        ) from None


def content_of(file: Path) -> bytes:
    """A file's bytes. Raises RosterFileError where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise RosterFileError(f"无法读取 cannot read {file}: {error.strerror}") from None


def write(output: Path, content: bytes) -> None:
    """Write a file, or end the command with what is in the way."""
    try:
        output.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"无法写入 cannot write {output}: {error.strerror}") from None
