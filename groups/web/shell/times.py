"""Times as people read them: in the town's zone, and in the reader's language."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import gettext
from markupsafe import Markup

from config.services import settings as the_settings


def register(app: Flask) -> None:
    """Give templates the filters `clock_time`, `day` and `day_and_time`, each of which makes a `<time>`."""
    app.jinja_env.filters.update(clock_time=clock_time, day=day, day_and_time=day_and_time)


def clock_time(moment: datetime) -> Markup:
    """12:03:07"""
    return _time(moment, f"{local(moment):%H:%M:%S}")


def day(moment: datetime) -> Markup:
    """2026年11月23日 or 2026-11-23."""
    return _time(moment, day_words(moment))


def day_and_time(moment: datetime) -> Markup:
    """2026年11月23日 12:03 or 2026-11-23 12:03."""
    return _time(moment, f"{day_words(moment)} {local(moment):%H:%M}")


def local(moment: datetime) -> datetime:
    """The moment in the town's zone."""
    return moment.astimezone(zone())


def zone() -> ZoneInfo:
    """The town's zone."""
    settings = the_settings()
    return settings.zone


def day_words(moment: datetime) -> str:
    """The local day, with its year, in words."""
    there = local(moment)
    words: str = gettext(
        "%(year)s-%(month)s-%(day)s", year=there.year, month=f"{there.month:02}", day=f"{there.day:02}"
    )
    return words


def _time(moment: datetime, words: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(local(moment).isoformat(timespec="seconds"), words)
