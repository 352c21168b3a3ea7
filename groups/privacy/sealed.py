"""What of the roster's side is sealed: the files of lists, and the secrets of second factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.sealing import How, WrongKey, get_seal
from groups.models.second_factor import SecondFactor
from groups.models.uploads import Upload


def list_sealed_lists(session: Session) -> Sequence[int]:
    """The lists whose file is kept still, by their ids."""
    return session.scalars(select(Upload.id).where(Upload.content != b"").order_by(Upload.id)).all()


def close_list_anew(session: Session, upload_id: int) -> bool:
    """Seal a list's file with the first key. False where no key opens it: it is as it was."""
    seal = get_seal(session)
    content = session.scalar(select(Upload.content).where(Upload.id == upload_id).with_for_update())
    if not content:
        return True
    try:
        closed = seal.close(seal.open(content))
    except WrongKey:
        return False
    session.execute(update(Upload).where(Upload.id == upload_id).values(content=closed))
    return True


def close_secrets_anew(session: Session) -> tuple[int, int]:
    """Seal the second factors' secrets with the first key. How many were, and how many no key opens."""
    seal, closed, left = get_seal(session), 0, 0
    for factor in session.scalars(select(SecondFactor).with_for_update()):
        try:
            factor.secret = seal.close_text(seal.open_text(factor.secret))
            closed += 1
        except WrongKey:
            left += 1
    return closed, left


@dataclass(frozen=True, slots=True)
class SealedCount:
    """How many lists and secrets are kept how: as they are, closed with the first key, with a later one, with none."""

    open: int = 0
    first: int = 0
    later: int = 0
    unopened: int = 0


def count_sealed(session: Session, most: int) -> SealedCount:
    """What is kept how, of the secrets and of the newest `most` lists, whose files are opened one after the other."""
    seal, found = get_seal(session), dict.fromkeys(How, 0)
    newest = select(Upload.id).where(Upload.content != b"").order_by(Upload.id.desc()).limit(most)
    for upload_id in session.scalars(newest).all():
        content = session.scalar(select(Upload.content).where(Upload.id == upload_id))
        found[seal.find_how(content or b"")] += 1
    for secret in session.scalars(select(SecondFactor.secret)):
        found[seal.find_how_text(secret)] += 1
    return SealedCount(found[How.OPEN], found[How.FIRST], found[How.LATER], found[How.UNOPENED])
