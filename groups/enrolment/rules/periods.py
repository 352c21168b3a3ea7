"""What an enrolment must be: its days, its consent, and one at a time a household. Days are the town's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from datetime import date

from groups.errors import (
    EndsBeforeStart,
    InvalidDay,
    InvalidDevice,
    NoConsent,
    StartsInFuture,
    SubscriptionOverlaps,
    UnlikelyStart,
    say,
)
from groups.rules.days import Period, is_far_ahead, is_unlikely, read_day
from groups.rules.typed_text import LONGEST_NAME, judge_name, tidy

LONGEST_PLAN = 32
_SERIAL = re.compile(r"[A-Z0-9][A-Z0-9./-]{2,31}")


def check_period(wanted: Period, today: date) -> None:
    """Raises StartsInFuture, EndsBeforeStart. An end may lie ahead: a cancellation is often told in advance."""
    if wanted.starts_on > today:
        raise StartsInFuture(
            say("starts_after_today", starts_on=wanted.starts_on, today=today),
            day=str(wanted.starts_on),
            today=str(today),
        )
    if wanted.ends_on is not None and wanted.ends_on < wanted.starts_on:
        raise EndsBeforeStart(
            say("would_end_before_it_starts", ends_on=wanted.ends_on, starts_on=wanted.starts_on),
            end=str(wanted.ends_on),
            start=str(wanted.starts_on),
        )


def check_likely(starts_on: date, today: date, meant: str) -> None:
    """Raises UnlikelyStart for a day more than ten years ago, unless somebody has said that this day is `meant`."""
    if is_unlikely(starts_on, today) and not _says(meant, starts_on):
        raise UnlikelyStart(say("starts_long_ago", starts_on=starts_on))


def check_soon(day: date | None, today: date, meant: str) -> None:
    """Raises UnlikelyStart for a day more than three years ahead, unless somebody has said that this day is `meant`."""
    if day is not None and is_far_ahead(day, today) and not _says(meant, day):
        raise UnlikelyStart(say("day_far_ahead", day=day))


def _says(text: str, day: date) -> bool:
    """Whether the text means the day, in whichever form it was typed."""
    with suppress(InvalidDay):
        return read_day(text) == day
    return False


def find_overlap(wanted: Period, others: Iterable[Period]) -> Period | None:
    """The first of the others that shares a day with `wanted`."""
    return next(
        (other for other in sorted(others, key=lambda period: period.starts_on) if _share_a_day(wanted, other)), None
    )


def check_free(wanted: Period, others: Iterable[Period]) -> None:
    """Raises SubscriptionOverlaps where the household has one of the others on a day of `wanted`."""
    other = find_overlap(wanted, others)
    if other is not None:
        raise SubscriptionOverlaps(
            say("signed_up_in_these_days", starts_on=other.starts_on, ends_on=other.ends_on)
            if other.ends_on
            else say("signed_up_from_this_day", starts_on=other.starts_on),
            start=str(other.starts_on),
            end=str(other.ends_on or ""),
        )


def check_consent(by: str, given_on: date, starts_on: date) -> tuple[str, date]:
    """Who agreed, and when, as it is kept. Raises NoConsent where nobody did, or only after it began."""
    name = tidy(by)
    if wrong := judge_name(name, say("say_who_agreed", most=LONGEST_NAME)):
        raise NoConsent(wrong)
    if given_on > starts_on:
        raise NoConsent(
            say("consent_after_start", given_on=given_on, starts_on=starts_on),
            given=str(given_on),
            start=str(starts_on),
        )
    return name, given_on


def read_serial(text: str) -> str:
    """A serial as it is kept: capitals and digits, however a scanner or a hand gave it. Raises InvalidDevice."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text[:80])).upper()
    if not _SERIAL.fullmatch(plain):
        shown = "".join(sign for sign in plain[:20] if sign.isprintable())
        raise InvalidDevice(say("no_serial", text=shown), serial=shown)
    return plain


def _share_a_day(one: Period, other: Period) -> bool:
    if one.ends_on == one.starts_on or other.ends_on == other.starts_on:
        return False
    return (other.ends_on is None or one.starts_on < other.ends_on) and (
        one.ends_on is None or other.starts_on < one.ends_on
    )
