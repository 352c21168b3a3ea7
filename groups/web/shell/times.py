"""Times as people read them: in the town's zone, and in the reader's language."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import gettext
from markupsafe import Markup

from config.services import get_settings as the_settings


def register(app: Flask) -> None:
    """Give templates the filters `write_clock_time`, `day` and `write_day_and_time`, each of which makes a `<time>`."""
    app.jinja_env.filters.update(clock_time=write_clock_time, day=write_day, day_and_time=write_day_and_time)


def write_clock_time(moment: datetime) -> Markup:
    """12:03:07"""
    return _write_time(moment, f"{move_to_zone(moment):%H:%M:%S}")


def write_day(moment: datetime) -> Markup:
    """2026年11月23日 or 2026-11-23."""
    return _write_time(moment, name_day(moment))


def write_day_and_time(moment: datetime) -> Markup:
    """2026年11月23日 12:03 or 2026-11-23 12:03."""
    return _write_time(moment, f"{name_day(moment)} {move_to_zone(moment):%H:%M}")


def move_to_zone(moment: datetime) -> datetime:
    """The moment in the town's zone."""
    return moment.astimezone(get_zone())


def get_zone() -> ZoneInfo:
    """The town's zone."""
    settings = the_settings()
    return settings.zone


def name_day(moment: datetime) -> str:
    """The local day, with its year, in words."""
    there = move_to_zone(moment)
    words: str = gettext(
        "%(year)s-%(month)s-%(day)s", year=there.year, month=f"{there.month:02}", day=f"{there.day:02}"
    )
    return words


def _write_time(moment: datetime, words: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(move_to_zone(moment).isoformat(timespec="seconds"), words)
