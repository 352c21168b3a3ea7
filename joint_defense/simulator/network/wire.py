"""How the carrier writes things on the wire: ids, dates, numbers, and how long speech and texts are."""

from __future__ import annotations

import re
import secrets
import time

API_VERSION = "2010-04-01"

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# Where a country's numbers are known to have one length, a wrong length is not a number.
_NATIONAL = {"+86": re.compile(r"\+86(1[0-9]{10}|[2-9][0-9]{8,11}|10[0-9]{8})")}
_COUNTRIES = {
    "+852": "HK",
    "+853": "MO",
    "+886": "TW",
    "+86": "CN",
    "+81": "JP",
    "+82": "KR",
    "+65": "SG",
    "+49": "DE",
    "+44": "GB",
    "+33": "FR",
    "+1": "US",
}

_IDEOGRAPH = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[0-9]")
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f'’]+")
IDEOGRAPHS_PER_SECOND = 4.5
WORDS_PER_SECOND = 2.5

_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_ESCAPED = frozenset("^{}\\[~]|€\f")


def make_sid(prefix: str) -> str:
    """A fresh id: the resource's two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


def write_rfc_2822(at: float | None) -> str | None:
    """An epoch time as the API's dates are written, in whole seconds of UTC."""
    return None if at is None else time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(at))


def is_number(value: str) -> bool:
    """Whether this is a telephone number in E.164 that could exist."""
    if not _E164.fullmatch(value):
        return False
    return all(form.fullmatch(value) for prefix, form in _NATIONAL.items() if value.startswith(prefix))


def find_country(number: str) -> str:
    """The country's two letters, or nothing where this network does not know."""
    return next((country for prefix, country in _COUNTRIES.items() if number.startswith(prefix)), "")


def measure_speech(text: str) -> float:
    """How long the words take: digits are read one by one, as an ideograph each."""
    return len(_IDEOGRAPH.findall(text)) / IDEOGRAPHS_PER_SECOND + len(_WORD.findall(text)) / WORDS_PER_SECOND


def count_segments(body: str) -> int:
    """How many SMS segments a body takes: GSM-7 160, then 153 each; UCS-2 70, then 67 each."""
    if all(letter in _GSM_7 or letter in _GSM_7_ESCAPED for letter in body):
        units, single, joined = len(body) + sum(letter in _GSM_7_ESCAPED for letter in body), 160, 153
    else:
        units, single, joined = len(body.encode("utf-16-le")) // 2, 70, 67
    return 1 if units <= single else -(-units // joined)
