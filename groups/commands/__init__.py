"""Commands of the roster's side: villages, rosters, the directory, enrolment, coverage, accounts, responders.

Door: `register(app)`. Commands open the transaction, call a use case and print; no rule lives here.
"""

from __future__ import annotations

from flask import Flask

from groups.commands import accounts, coverage, directory, enrolment, responders, roster


def register(app: Flask) -> None:
    """Add the commands."""
    for part in (roster, accounts, directory, coverage, enrolment, responders):
        part.register(app)
