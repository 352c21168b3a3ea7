"""The commands of `DATA_KEYS`: a key is made, and everything that is sealed is closed anew with the first one."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from config.sealing import make_key
from groups.errors import say
from groups.errors.words import write_both
from joint_defense.processes.runtime import Runtime, get_runtime

data_keys = AppGroup("data-keys", help="The keys that lists, second factors and kept events are sealed with.")


@data_keys.command("create", help="Print a new key, to be put in front of DATA_KEYS.")
def create_key() -> None:
    """A new key, alone on its line."""
    click.echo(make_key())


@data_keys.command("rotate", help="Close everything anew with the first key; then the others may go.")
def rotate() -> None:
    """Lists and secrets in the database, and this machine's kept events. Ends with 1 where a key is lacking."""
    from groups.directory import people  # noqa: PLC0415 - for this command alone

    runtime = get_runtime()
    with runtime.database.begin() as session:
        ids = people.list_sealed_lists(session)
    lists = []
    for upload_id in ids:
        # One at a time: each may have 10 MB, and an alarm may be waiting.
        with runtime.database.begin() as session:
            lists.append(people.close_list_anew(session, upload_id))
    with runtime.database.begin() as session:
        secrets, secrets_left = people.close_secrets_anew(session)
    events, events_left = _close_spool(runtime)
    left = lists.count(False) + secrets_left + events_left
    click.echo(write_both(say("closed_anew", lists=lists.count(True), secrets=secrets, events=events)))
    if left:
        click.echo(write_both(say("no_key_opens", count=left)), err=True)
        sys.exit(1)


def _close_spool(runtime: Runtime) -> tuple[int, int]:
    spool = runtime.spool
    if not spool.kept().wait and not spool.kept().aside:
        return 0, 0
    with spool.turn() as mine:
        if mine:
            return spool.close_anew()
    raise click.ClickException(write_both(say("events_being_taken_in")))
