"""What an alarm finds out about phones: refused by the carrier, out of reach, or with somebody at the other end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, CompoundSelect, and_, bindparam, or_, select, union_all, update
from sqlalchemy.orm import Session

from config.database import insert_or_skip, read_clock
from groups.models.accounts import Account
from groups.models.figures import ProofKind, ReachProof
from groups.models.responders import Responder
from groups.models.roster import Phone

OPTED_OUT = "21610"
"""As a refusal of texts: the phone itself wants none. It is called as ever, and texted by no carrier."""


class Proof(StrEnum):
    """How a phone was reached: a person answered or made a call, sent a text, answered a drill."""

    CALL = "call"
    TEXT = "text"
    DRILL = "drill"


class Reached(NamedTuple):
    """A phone that was reached on a local day, and whose it was then."""

    phone_id: int
    household_id: int
    on: date
    how: Proof


def mark_refused(
    session: Session,
    *,
    phone_id: int | None = None,
    responder_id: int | None = None,
    number: str = "",
    text: bool,
    code: str,
    now: datetime,
) -> None:
    """Note that the carrier refused this phone, or this responder's, for good: texts or calls. The roster shows it.

    Of a phone that is neither's the account of this `number` keeps what was refused of texts.

    Later alarms still try it, after all others: a wrong verdict must not silence a neighbour for ever.
    """
    refusal = (
        {"text_refused_code": code, "text_refused_at": now}
        if text
        else {"call_refused_code": code, "call_refused_at": now}
    )
    if phone_id is not None:
        session.execute(update(Phone).where(Phone.id == phone_id).values(refusal))
    if responder_id is not None:
        session.execute(update(Responder).where(Responder.id == responder_id).values(refusal))
    if text and number and phone_id is None and responder_id is None:
        session.execute(update(Account).where(Account.phone == number, Account.archived_at.is_(None)).values(refusal))


def find_opted_out(session: Session, numbers: Collection[str]) -> set[str]:
    """Those of these numbers that have told us to send no more texts."""
    return set(session.scalars(_OPTED_OUT, {"numbers": sorted(numbers)})) if numbers else set()


def _ask_who_opted_out() -> CompoundSelect[str | None]:
    asked: BindParameter[Any] = bindparam("numbers", expanding=True)
    return union_all(
        select(Phone.number).where(
            Phone.number.in_(asked), Phone.archived_at.is_(None), Phone.text_refused_code == OPTED_OUT
        ),
        select(Responder.number).where(Responder.number.in_(asked), Responder.text_refused_code == OPTED_OUT),
        select(Account.phone).where(Account.phone.in_(asked), Account.text_refused_code == OPTED_OUT),
    )


# Put together once: before each portion of texts leaves, and at each that arrives, they are asked.
_OPTED_OUT = _ask_who_opted_out()
_HELD_AGAINST = select(Phone.id).where(
    Phone.id.in_(bindparam("phones", expanding=True)),
    or_(Phone.text_refused_code.is_not(None), Phone.call_refused_code.is_not(None), Phone.failures > 0),
)


def list_numbers_outside(session: Session, countries: Collection[str]) -> list[str]:
    """The numbers of phones, responders and accounts that begin with none of these; in order, each once."""
    found: set[str] = set()
    for number, archived_at in (
        (Phone.number, Phone.archived_at),
        (Responder.number, Responder.archived_at),
        (Account.phone, Account.archived_at),
    ):
        outside = and_(number != "", *(number.not_like(f"{each}%") for each in countries))
        found.update(each for each in session.scalars(select(number).where(archived_at.is_(None), outside)) if each)
    return sorted(found)


def mark_failed(session: Session, phone_id: int, now: datetime) -> None:
    """Note that no call could be put through to this phone in an alarm; the second time, the roster asks for it.

    A ring that somebody answers starts the count anew; one that nobody picks up proves nothing of who is there.
    """
    session.execute(update(Phone).where(Phone.id == phone_id).values(failures=Phone.failures + 1, failed_at=now))


def clear_refused(
    session: Session,
    phones: Collection[int],
    responders: Collection[int] = (),
    *,
    text: bool,
    accounts: Collection[str] = (),
) -> None:
    """Rings or texts got through to these ids: their numbers are not refused on that channel any more.

    `accounts` are numbers of phones that only an account has.
    """
    nothing = dict.fromkeys(
        ("text_refused_code", "text_refused_at") if text else ("call_refused_code", "call_refused_at")
    )
    if accounts and text:
        session.execute(
            update(Account).where(Account.phone.in_(accounts), Account.text_refused_code.is_not(None)).values(nothing)
        )
    # Most rings get through to numbers that never were refused: those rows are left alone.
    if responders:
        refused_code = Responder.text_refused_code if text else Responder.call_refused_code
        session.execute(
            update(Responder).where(Responder.id.in_(responders), refused_code.is_not(None)).values(nothing)
        )
    phones = session.scalars(_HELD_AGAINST, {"phones": sorted(phones)}).all() if phones else ()
    if phones:
        refused_code = Phone.text_refused_code if text else Phone.call_refused_code
        session.execute(update(Phone).where(Phone.id.in_(phones), refused_code.is_not(None)).values(nothing))
    if phones and not text:
        session.execute(update(Phone).where(Phone.id.in_(phones), Phone.failures > 0).values(failures=0))


def note_reached(session: Session, reached: Collection[Reached]) -> int:
    """Keep what has proven that these phones are reached; how much of it was news. Safe to call again."""
    noted = 0
    wanted = sorted(reached)
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        phones = {proof.phone_id for proof in some}
        # A phone that is not in the roster any more has nothing to be proven.
        there = set(session.scalars(select(Phone.id).where(Phone.id.in_(phones))))
        noted_before = select(ReachProof.phone_id, ReachProof.proven_on, ReachProof.kind).where(
            ReachProof.phone_id.in_(phones), ReachProof.proven_on >= min(proof.on for proof in some)
        )
        known = {(phone_id, day, kind.value) for phone_id, day, kind in session.execute(noted_before)}
        for proof in some:
            if proof.phone_id not in there or (proof.phone_id, proof.on, proof.how.value) in known:
                continue
            values = {"phone_id": proof.phone_id, "household_id": proof.household_id, "proven_on": proof.on}
            values["noted_at"] = read_clock(session)
            statement = insert_or_skip(session, ReachProof, values | {"kind": ProofKind(proof.how.value)})
            noted += len(session.execute(statement.returning(ReachProof.id)).all())
    return noted
