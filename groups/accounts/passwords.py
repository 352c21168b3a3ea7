"""Hashing passwords: argon2id, and never so many at once that a carrier's webhook waits for a thread.

A hash takes 0.1 s and 64 MiB by design.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from groups.accounts.rules.passwords import fold
from groups.errors import SignInBusy, say

AT_ONCE = 2
WAITING_OR_AT_IT = 4
"""Of the eight threads that a web process has, at least half stay free for calls and texts."""
PATIENCE = 3.0
"""Seconds that one waits for its turn."""

# The hash of a password that nobody has: compared where there is no account, so that the answer takes as long.
NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$YFjXpj8reA4pXWGNg+w5Yg$51BmcTYyVwjOBKl+OYPuNgJnXJaaTqsxtQsqNvt178E"

_hasher = PasswordHasher()
_room = BoundedSemaphore(WAITING_OR_AT_IT)
_turn = BoundedSemaphore(AT_ONCE)


def hash_password(password: str) -> str:
    """The argon2id hash to keep. Raises SignInBusy."""
    with _wait_for_turn():
        return _hasher.hash(fold(password))


def matches(password_hash: str, password: str) -> bool:
    """Whether this is the password. Takes equally long either way, and where there is none. Raises SignInBusy."""
    is_a_hash = password_hash.startswith("$argon2")
    with _wait_for_turn():
        try:
            return _hasher.verify(password_hash if is_a_hash else NOBODYS, fold(password)) and is_a_hash
        except (VerificationError, InvalidHashError):
            return False


@contextmanager
def _wait_for_turn() -> Iterator[None]:
    if not _room.acquire(blocking=False):
        raise SignInBusy(say("too_many_people_sign_in_moment"))
    try:
        if not _turn.acquire(timeout=PATIENCE):
            raise SignInBusy(say("too_many_people_sign_in_moment"))
        try:
            yield
        finally:
            _turn.release()
    finally:
        _room.release()
