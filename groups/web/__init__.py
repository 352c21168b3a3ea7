"""The pages' frame: layout, sign-in, accounts, languages, static files, and who may see what.

Door: `register(app)`, for an app with `settings` and `database` in its extensions. Other packages' pages extend
`layout.html` and mark their views with `access.requires` or `access.open_to_all`. No tables.
"""

from __future__ import annotations

from flask import Flask

from groups.web import (
    access,
    account_pages,
    accounts_pages,
    api,
    assets,
    centre_pages,
    directory_pages,
    error_pages,
    export_pages,
    first_sign_in,
    group_pages,
    history_pages,
    households,
    import_pages,
    languages,
    navigation,
    page_warnings,
    security,
    sign_in,
    times,
    village_pages,
    watch_pages,
)


def register(app: Flask) -> None:
    """Give the app its frame. Before the blueprints of other packages, which build on it."""
    for part in (
        security,
        access,
        navigation,
        page_warnings,
        languages,
        assets,
        times,
        error_pages,
        sign_in,
        account_pages,
        api,
    ):
        part.register(app)
    for part in (
        village_pages,
        watch_pages,
        centre_pages,
        group_pages,
        households,
        history_pages,
        accounts_pages,
        first_sign_in,
    ):
        part.register(app)
    for part in (import_pages, directory_pages, export_pages):
        part.register(app)
