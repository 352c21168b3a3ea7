"""Programs that may read figures or raise alarms: each has a token, shown once and kept as a digest, and scopes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.errors import InvalidClient, say
from groups.models.accounts import ApiClient
from groups.rules.typed_text import judge_name, tidy

PREFIX = "jd_"
"""What a token begins with, so that one that leaks is known for what it is."""
USUAL_PACE, FASTEST_PACE = 60, 6000
"""Requests a minute."""


class Scope(StrEnum):
    """What a token is good for."""

    COVERAGE = "coverage:read"
    VILLAGES = "villages:read"
    ALARMS = "alarms:write"
    """Raise alarms for households, follow and close them: those of its own, and no others."""


READ_ONLY = (Scope.COVERAGE, Scope.VILLAGES)
"""What a client may do unless it is given more."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client as a request sees it."""

    id: int
    name: str
    scopes: frozenset[str]
    requests_per_minute: int


def create_client(
    session: Session, name: str, scopes: Collection[Scope], requests_per_minute: int, by: str, now: datetime
) -> tuple[ApiClient, str]:
    """Add a client; its token, which stands nowhere else. Raises InvalidClient."""
    name = tidy(name)
    if wrong := judge_name(name, say("clients_name_1_64_characters")):
        raise InvalidClient(wrong)
    if not scopes:
        raise InvalidClient(say("client_needs_scope"))
    if not 1 <= requests_per_minute <= FASTEST_PACE:
        raise InvalidClient(say("requests_minute_1", fastest_pace=FASTEST_PACE))
    taken = select(ApiClient.id).where(ApiClient.name == name, ApiClient.revoked_at.is_(None))
    if session.scalar(taken) is not None:
        raise InvalidClient(say("client_with_name"))
    token = PREFIX + secrets.token_urlsafe(32)
    client = ApiClient(
        name=name,
        token_digest=_hash(token),
        scopes=" ".join(sorted(scopes)),
        requests_per_minute=requests_per_minute,
        created_at=now,
        created_by=by[:64],
    )
    session.add(client)
    session.flush()
    return client, token


def list_clients(session: Session) -> Sequence[ApiClient]:
    """All clients, the newest first, the revoked ones too."""
    return session.scalars(select(ApiClient).order_by(ApiClient.id.desc())).all()


def revoke_client(session: Session, name: str, now: datetime) -> ApiClient:
    """Let the client's token be good for nothing from now on. Raises InvalidClient."""
    client = session.scalar(select(ApiClient).where(ApiClient.name == name, ApiClient.revoked_at.is_(None)))
    if client is None:
        raise InvalidClient(say("no_such_client"))
    client.revoked_at = now
    session.flush()
    return client


def find_client(session: Session, token: str) -> Client | None:
    """Whose token this is; None for one that is nobody's, or not any more."""
    found = session.scalar(
        select(ApiClient).where(ApiClient.token_digest == _hash(token), ApiClient.revoked_at.is_(None))
    )
    if found is None:
        return None
    return Client(found.id, found.name, frozenset(found.scopes.split()), found.requests_per_minute)


def _hash(token: str) -> str:
    # A token of 256 random bits needs no slow hash: nobody guesses it.
    return hashlib.sha256(token.encode()).hexdigest()
