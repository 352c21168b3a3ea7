"""What an enrolment must be: its days, its consent, and one at a time a household. Days are the town's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

from groups.errors import EndsBeforeStart, InvalidDevice, NoConsent, StartsInFuture, SubscriptionOverlaps, UnlikelyStart
from groups.rules.days import Period
from groups.rules.texts import LONGEST_NAME, flaw, tidied

LONGEST_PLAN = 32
_SERIAL = re.compile(r"[A-Z0-9][A-Z0-9./-]{2,31}")


def check_period(wanted: Period, today: date) -> None:
    """Raises StartsInFuture, EndsBeforeStart. An end may lie ahead: a cancellation is often told in advance."""
    if wanted.starts_on > today:
        raise StartsInFuture(
            f"{wanted.starts_on}尚未到来，开通日不能晚于今天（{today}） it would start after today",
            day=str(wanted.starts_on),
            today=str(today),
        )
    if wanted.ends_on is not None and wanted.ends_on < wanted.starts_on:
        raise EndsBeforeStart(
            f"结束日{wanted.ends_on}早于开通日{wanted.starts_on} it would end before it starts",
            end=str(wanted.ends_on),
            start=str(wanted.starts_on),
        )


def check_likely(starts_on: date, today: date, meant: str) -> None:
    """Raises UnlikelyStart for a day more than ten years ago, unless somebody has said that this day is `meant`."""
    if starts_on < date(today.year - 10, 1, 1) and meant != starts_on.isoformat():
        raise UnlikelyStart(
            f"开通日{starts_on}已是十多年前；若确属实，请再提交一次 "
            "this is more than ten years ago: if it is meant, send it once more"
        )


def overlap(wanted: Period, others: Iterable[Period]) -> Period | None:
    """The first of the others that shares a day with `wanted`."""
    return next(
        (other for other in sorted(others, key=lambda period: period.starts_on) if _share_a_day(wanted, other)), None
    )


def check_free(wanted: Period, others: Iterable[Period]) -> None:
    """Raises SubscriptionOverlaps where the household has one of the others on a day of `wanted`."""
    other = overlap(wanted, others)
    if other is not None:
        until = f"至{other.ends_on}" if other.ends_on else "起"
        raise SubscriptionOverlaps(
            f"该户已于{other.starts_on}{until}开通，一户只计一次 "
            f"the household is signed up since {other.starts_on} already, and counts once",
            start=str(other.starts_on),
            end=str(other.ends_on or ""),
        )


def consent(by: str, given_on: date, starts_on: date) -> tuple[str, date]:
    """Who agreed, and when, as it is kept. Raises NoConsent where nobody did, or only after it began."""
    name = tidied(by)
    if not name or flaw(name):
        raise NoConsent(f"须写明同意人（1至{LONGEST_NAME}个字） say who of the household agreed")
    if given_on > starts_on:
        raise NoConsent(
            f"同意日{given_on}不能晚于开通日{starts_on} the consent is later than the start",
            given=str(given_on),
            start=str(starts_on),
        )
    return name, given_on


def serial_of(text: str) -> str:
    """A serial as it is kept: capitals and digits, however a scanner or a hand gave it. Raises InvalidDevice."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text[:80])).upper()
    if not _SERIAL.fullmatch(plain):
        shown = "".join(sign for sign in plain[:20] if sign.isprintable())
        raise InvalidDevice(
            f"“{shown}”不是设备编号（3至32位字母、数字或“-”） not a serial: 3 to 32 letters, digits or -", serial=shown
        )
    return plain


def _share_a_day(one: Period, other: Period) -> bool:
    if one.ends_on == one.starts_on or other.ends_on == other.starts_on:
        return False
    return (other.ends_on is None or one.starts_on < other.ends_on) and (
        one.ends_on is None or other.starts_on < one.ends_on
    )
