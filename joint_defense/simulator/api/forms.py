"""Reading a posted form. TwiML in Chinese is nearly all percent signs, and the standard library takes it one by one."""

from __future__ import annotations

import re

_ESCAPES = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")


def read_form(raw: bytes) -> dict[str, list[str]]:
    """The values of each name in an application/x-www-form-urlencoded body, empty ones too."""
    form: dict[str, list[str]] = {}
    for pair in raw.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            form.setdefault(_unquote(name), []).append(_unquote(value))
    return form


def _unquote(quoted: bytes) -> str:
    return _ESCAPES.sub(_run, quoted.replace(b"+", b" ")).decode("utf-8", "replace")


def _run(escapes: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escapes[0].replace(b"%", b"").decode())
