"""Pages of accounts: signing in, one's own account, and everybody's for an administrator.

Door: `register(app)`. It must not know enrolment and figures.
"""

from __future__ import annotations

from flask import Flask

from groups.web.accounts import all as all_accounts
from groups.web.accounts import first_sign_in, looks, own, second_factor, sign_in


def register(app: Flask) -> None:
    """Add the pages."""
    for part in (sign_in, own, second_factor, all_accounts, first_sign_in, looks):
        part.register(app)
