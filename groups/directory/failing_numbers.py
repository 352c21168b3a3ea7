"""Numbers that fail, as those see them who have them mended: which they are, whose, and whom to ask."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, literal_column, or_, select
from sqlalchemy.orm import Session

from groups.directory.phone_verdicts import OPTED_OUT
from groups.directory.recipients import House, Recipient, Ring, Role, make_recipient, read_phones_to_reach
from groups.models.figures import ReachProof
from groups.models.roster import Group, Household, Phone, PhoneKind, Village
from groups.roster.proofs import select_last_proof
from groups.roster.rules.health import FAILURES_TO_CHECK
from groups.rules import names


@dataclass(frozen=True, slots=True)
class FailingPhone:
    """A phone of the roster that cannot be reached. `refused`: for good, by the carrier; else it failed repeatedly."""

    phone_id: int
    household_id: int
    village_id: int
    refused: bool


@dataclass(frozen=True, slots=True)
class PhoneOnRecord:
    """A phone that is or was on the roster. `active`: it still is; `failing`: it still cannot be reached.

    `proven_on` is the last local day on which a person answered there, `proof_noted_at` when we came to know the last
    such sign (None: a release that did not say, or none at all).
    """

    phone_id: int
    number: str
    is_mobile: bool
    active: bool
    failing: bool
    text_refused: bool
    proven_on: date | None
    proof_noted_at: datetime | None
    household_id: int
    household_name: str
    household_name_en: str
    village_id: int
    village_code: str
    village_name: str
    group_id: int | None
    group_name: str


# Written out as the partial index has it: for a parameter PostgreSQL would not take it.
_SUSPECT = Phone.archived_at.is_(None) & or_(
    Phone.failures >= literal_column(str(FAILURES_TO_CHECK)),
    Phone.call_refused_code.is_not(None),
    Phone.text_refused_code.is_not(None),
)


def match_failing() -> ColumnElement[bool]:
    """Of a phone on the roster: no call gets through to it, or, where it takes texts alone, no text.

    Whoever wants no texts has said so, and nothing is to be mended.
    """
    calls = Phone.may_call & or_(Phone.call_refused_code.is_not(None), Phone.failures >= FAILURES_TO_CHECK)
    texts = and_(~Phone.may_call, Phone.may_text, Phone.text_refused_code != OPTED_OUT)
    return or_(calls, texts)


def list_failing(session: Session, besides: Select[int], limit: int) -> list[FailingPhone]:
    """Failing phones of active households, but those whose ids `besides` selects."""
    rows = session.execute(
        select(
            *(Phone.id, Phone.household_id, Household.village_id),
            # Of a phone that takes texts alone it is a text that was refused.
            or_(Phone.call_refused_code.is_not(None), ~Phone.may_call),
        )
        .join(Household, Household.id == Phone.household_id)
        .where(_SUSPECT, match_failing(), Household.archived_at.is_(None), Phone.id.not_in(besides))
        .order_by(Phone.id)
        .limit(limit)
    )
    return [
        FailingPhone(phone_id, household_id, village_id, bool(refused))
        for phone_id, household_id, village_id, refused in rows
    ]


def read_phones(session: Session, phone_ids: Collection[int]) -> dict[int, PhoneOnRecord]:
    """These phones by their ids, on the roster or not any more."""
    rows = session.execute(
        select(Phone, Household, Village, Group, select_last_proof(), _select_last_noted(), match_failing())
        .join(Household, Phone.household_id == Household.id)
        .join(Village, Household.village_id == Village.id)
        .outerjoin(Group, (Household.group_id == Group.id) & Group.archived_at.is_(None))
        .where(Phone.id.in_(phone_ids))
    ).all()
    return {
        phone.id: PhoneOnRecord(
            phone_id=phone.id,
            number=phone.number,
            is_mobile=phone.kind is PhoneKind.MOBILE,
            active=phone.archived_at is None and household.archived_at is None,
            failing=bool(failing),
            text_refused=phone.text_refused_code is not None,
            proven_on=proven,
            proof_noted_at=noted,
            household_id=household.id,
            household_name=names.name_household(household.head),
            household_name_en=names.name_household_in_english(household.head),
            village_id=village.id,
            village_code=village.code,
            village_name=village.name,
            group_id=None if group is None else group.id,
            group_name="" if group is None else group.name,
        )
        for phone, household, village, group, proven, noted, failing in rows
    }


def _select_last_noted() -> ScalarSelect[datetime | None]:
    found = select(func.max(ReachProof.noted_at)).where(ReachProof.phone_id == Phone.id)
    return found.correlate(Phone).scalar_subquery()


def list_other_phones(session: Session, household_id: int, phone_id: int) -> list[Recipient]:
    """The household's other phones that a text may be expected to reach, in their order."""
    household = session.get(Household, household_id)
    if household is None or household.archived_at is not None:
        return []
    fine = session.scalars(
        select(Phone.id).where(
            Phone.household_id == household_id,
            Phone.id != phone_id,
            Phone.archived_at.is_(None),
            Phone.text_refused_code.is_(None),
            Phone.failures < FAILURES_TO_CHECK,
            Phone.call_refused_code.is_(None),
        )
    ).all()
    house = House(household.head, household.group_id, household.position)
    phones, languages = read_phones_to_reach(session, {household_id: house})
    return [
        make_recipient(Ring(each, each.rank, 0), household.head, languages[each.phone_id], Role.MEMBER)
        for each in sorted(phones, key=lambda phone: (phone.rank, phone.phone_id))
        if each.phone_id in set(fine) and each.may_text
    ]
