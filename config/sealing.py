"""Sealing: what lies on a disk, or in the database as a file, is encrypted where `DATA_KEYS` is set (age, X25519).

    seal = Seal(settings.data_keys)
    kept = seal.close(content)     with the first key; as it is where there is none
    content = seal.open(kept)      with any of the keys; what was kept before there were keys is as it was

The first key closes and all of them open, so that a key is changed by putting a new one in front, and taken away once
everything has been closed anew (`flask --app app data-keys rotate`).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

_SEALED = b"\0sealed:1\0"
_SEALED_TEXT = "sealed:1:"


class How(StrEnum):
    """How something is kept."""

    OPEN = "open"
    FIRST = "first"
    LATER = "later"
    UNOPENED = "unopened"


class WrongKey(Exception):
    """No key in DATA_KEYS opens this. Nothing is lost by it: it is as it was."""

    def __init__(self) -> None:
        super().__init__("no key in DATA_KEYS opens this: put the key back that it was closed with")


class Seal:
    """Closes with the first of some keys of age, opens with any. Without keys it closes nothing."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._keys = tuple(keys)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def close(self, content: bytes) -> bytes:
        """The content as it is kept."""
        if not self._keys:
            return content
        import pyrage  # noqa: PLC0415 - for whoever has keys

        closed: bytes = pyrage.encrypt(content, [self._identities[0].to_public()])
        return _SEALED + closed

    def open(self, kept: bytes) -> bytes:
        """What was closed. Raises WrongKey."""
        if not kept.startswith(_SEALED):
            return kept
        import pyrage  # noqa: PLC0415 - as above

        try:
            opened: bytes = pyrage.decrypt(kept.removeprefix(_SEALED), self._identities)
        except pyrage.DecryptError:
            raise WrongKey from None
        return opened

    def close_text(self, text: str) -> str:
        """A text as a column keeps it."""
        return _SEALED_TEXT + base64.b64encode(self.close(text.encode())).decode() if self._keys else text

    def open_text(self, kept: str) -> str:
        """The text that was closed. Raises WrongKey."""
        if not kept.startswith(_SEALED_TEXT):
            return kept
        return self.open(base64.b64decode(kept.removeprefix(_SEALED_TEXT))).decode()

    def find_how(self, kept: bytes) -> How:
        """As it is, or closed with the first key, with a later one, or with none of them."""
        if not kept.startswith(_SEALED):
            return How.OPEN
        for seal, how in ((Seal(self._keys[:1]), How.FIRST), (self, How.LATER)):
            with suppress(WrongKey):
                seal.open(kept)
                return how
        return How.UNOPENED

    def find_how_text(self, kept: str) -> How:
        """The same for a text of a column."""
        return (
            self.find_how(base64.b64decode(kept.removeprefix(_SEALED_TEXT)))
            if kept.startswith(_SEALED_TEXT)
            else How.OPEN
        )

    @cached_property
    def _identities(self) -> list[Any]:
        import pyrage  # noqa: PLC0415 - as above

        return [pyrage.x25519.Identity.from_str(key) for key in self._keys]


def make_key() -> str:
    """A new key for DATA_KEYS."""
    import pyrage  # noqa: PLC0415 - as above

    return str(pyrage.x25519.Identity.generate())


def check_keys(keys: Sequence[str]) -> None:
    """Raises ValueError for what is no key of age; the message never holds one."""
    import pyrage  # noqa: PLC0415 - as above

    try:
        for key in keys:
            pyrage.x25519.Identity.from_str(key)
    except pyrage.IdentityError:
        raise ValueError("must be secret keys of age with commas between them: data-keys create makes one") from None


def get_seal(session: Session) -> Seal:
    """The seal of the database that a session belongs to."""
    found: Seal = session.info.get("seal") or Seal()
    return found
