"""Phone numbers: from what people write in a list to E.164.

Only `phonenumbers`' number rules are used. Its geocoder, carrier and time-zone tables would cost 191 MB a process.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from phonenumbers.phonenumberutil import (
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    country_code_for_region,
    format_number,
    is_valid_number,
    length_of_geographical_area_code,
    national_significant_number,
    number_type,
    parse,
)

from groups.errors import InvalidNumber, say

LONGEST_TEXT = 40
LONGEST_READ = 200
"""Blanks around a number count for nothing; of what is longer no more is looked at."""
LOCAL_LANDLINE = re.compile(r"[2-9]\d{6,7}")

Kind = Literal["mobile", "landline"]

_KINDS: dict[int, Kind] = {
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.VOIP: "landline",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.PERSONAL_NUMBER: "mobile",
}

# What people put between digits, after NFKC made full-width forms plain: dashes of every kind, brackets, dots, quotes.
_BETWEEN_DIGITS = re.compile(r"[\s\-‐-―−ー_~·.,()\[\]【】「」'\"’‘`´\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")
# What carriers say of a withheld number: a word as it stands on the keys (ANONYMOUS, RESTRICTED, UNAVAILABLE, UNKNOWN,
# BLOCKED, PRIVATE), and shorter ones of the same kind.
_NOBODY = frozenset(
    {"+266696687", "266696687", "+7378742833", "7378742833", "+86282452253", "86282452253", "+8656696", "+2562533"}
    | {"+7748283", "+86256", "86256", "+464", "464"}
)
_LONGEST_E164 = 16
_AS_A_FRACTION = re.compile(r"(\+?\d{5,})\.0+")
_AS_A_POWER = re.compile(r"\+?\d+(\.\d*)?[eE]\+?\d+")
_EXTENSION = re.compile(r"\d\s*(转|轉|分机|ext|x|#)\s*\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that can be dialled: E.164, and whether it is a mobile (takes texts) or a landline."""

    e164: str
    kind: Kind


def normalise(text: str, region: str, area_code: str) -> PhoneNumber:
    """The number that `text` means in `region` (ISO country); a local landline gets `area_code` (without the 0).

    Takes full-width digits, blanks, dashes, brackets, +86, a leading apostrophe and `13800138000.0`. Raises
    InvalidNumber with the reason: above all for `1.38E+10`, whose digits a spreadsheet has thrown away.
    """
    digits = _read_digits(text)
    if LOCAL_LANDLINE.fullmatch(digits):
        digits = f"+{country_code_for_region(region)}{area_code}{digits}"
    try:
        number = parse(digits, region)
    except NumberParseException:
        raise InvalidNumber(say("not_phone_number")) from None
    type_ = number_type(number)
    if type_ == PhoneNumberType.UNKNOWN:  # which is what is_valid_number asks as well, at twice the price
        raise InvalidNumber(say("no_such_number"))
    kind = _KINDS.get(type_)
    if kind is None:
        raise InvalidNumber(say("service_number_not_households_phone"))
    return PhoneNumber(format_number(number, PhoneNumberFormat.E164), kind)


def is_called(e164: str, countries: Collection[str]) -> bool:
    """Whether a number is in one of the countries that may be called and texted (`+86`); with none named, any is."""
    return not countries or e164.startswith(tuple(countries))


def read_called_number(text: str, region: str, area_code: str, countries: Collection[str]) -> PhoneNumber:
    """As `normalise`; InvalidNumber besides for a number in a country that is not called."""
    number = normalise(text, region, area_code)
    if not is_called(number.e164, countries):
        raise InvalidNumber(say("country_is_not_called", known=tuple(countries)))
    return number


def read_line_number(text: str, region: str, area_code: str) -> str:
    """The number that a carrier or gateway names as one end of a line, in E.164 where it is one.

    Gateways write it in many ways: `+86138…`, `86138…`, `0086138…`, `0138…`, `138…`, `0574…`, a local number,
    `sip:+86138…@host`, `tel:+86138…`. "" for a withheld number and for what is no number at all; other digits, such as
    a service's short number, come back as they are: no household has them.
    """
    digits = _find_digits_on_line(text)
    if not digits or digits in _NOBODY:
        return ""
    bare = digits.lstrip("+")
    # In this order: with its own sign, as it is dialled here, and as a foreign one whose sign got lost.
    local = f"+{country_code_for_region(region)}{area_code}{bare}" if LOCAL_LANDLINE.fullmatch(bare) else ""
    for written in (digits, bare, f"+{bare}", local):
        with suppress(NumberParseException):
            number = parse(written, region)
            if is_valid_number(number):
                return format_number(number, PhoneNumberFormat.E164)
    return digits[:_LONGEST_E164]


def _find_digits_on_line(text: str) -> str:
    """Of an address on a line its digits, with a leading + where there is one; "" where it has none."""
    plain = unicodedata.normalize("NFKC", unquote(text[:LONGEST_READ])).strip()
    if bracketed := re.search(r"<([^>]*)>", plain):
        plain = bracketed[1]
    user = re.sub(r"^(?:sips?|tel):", "", plain.strip(), flags=re.IGNORECASE)
    user = re.split(r"[@;]", user, maxsplit=1)[0]
    digits = _BETWEEN_DIGITS.sub("", user)
    return digits if re.fullmatch(r"\+?[0-9]{3,20}", digits) else ""


def find_kind(e164: str) -> Kind:
    """What an E.164 number is; one of a kind that no household has counts as a mobile."""
    return _KINDS.get(number_type(parse(e164, None)), "mobile")


def split_number(e164: str) -> tuple[str, str, str]:
    """Country's code, area's code ("" for a mobile) and what is left of an E.164 number, each in digits."""
    number = parse(e164, None)
    own = national_significant_number(number)
    area = length_of_geographical_area_code(number) if find_kind(e164) == "landline" else 0
    return str(number.country_code), own[:area], own[area:]


def as_written_here(e164: str, region: str) -> str:
    """An E.164 number as people in `region` write it: `199 9222 2367`, `0574 8880 5255`; foreign ones with their +.

    The blanks matter: they keep a spreadsheet from taking the number for a figure and rounding it.
    """
    number = parse(e164, None)
    at_home = number.country_code == country_code_for_region(region)
    style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return format_number(number, style)


def find_digits(text: str) -> str:
    """The digits of what somebody types to find a number; empty where there is anything else in it."""
    try:
        return _read_digits(text).lstrip("+")
    except InvalidNumber:
        return ""


def mask(e164: str) -> str:
    """A number as logs and messages may show it: `+86199****0571`."""
    return f"{e164[:-8]}****{e164[-4:]}" if len(e164) > 10 else "****"


def _read_digits(text: str) -> str:
    """The digits of `text`, with a leading + where it has one. Raises InvalidNumber where anything else is in it."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST_READ]).strip()
    if len(plain) > LONGEST_TEXT:
        raise InvalidNumber(say("too_long_for_one_number"))
    unquoted = plain.lstrip("'’‘`\"")
    if _AS_A_POWER.fullmatch(unquoted):
        raise InvalidNumber(say("spreadsheet_rounded_its_digits_gone"))
    if _EXTENSION.search(unquoted):
        raise InvalidNumber(say("extension_cannot_rung_directly"))
    if fraction := _AS_A_FRACTION.fullmatch(unquoted):
        unquoted = fraction[1]
    digits = _BETWEEN_DIGITS.sub("", unquoted)
    if not digits:
        raise InvalidNumber(say("no_number"))
    if not re.fullmatch(r"\+?[0-9]+", digits):
        raise InvalidNumber(say("characters_no_digits"))
    return digits
