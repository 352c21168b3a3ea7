"""Pages of accounts: signing in, one's own account, and everybody's for an administrator.

Door: `register(app)`. It must not know enrolment and figures.
"""

from __future__ import annotations

from flask import Flask

from groups.web.accounts import access_log, first_sign_in, own, second_factor, sign_in, texted_code
from groups.web.accounts import all as all_accounts


def register(app: Flask) -> None:
    """Add the pages."""
    for part in (sign_in, own, second_factor, all_accounts, first_sign_in, texted_code, access_log):
        part.register(app)
