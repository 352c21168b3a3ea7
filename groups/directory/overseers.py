"""Overseers: village heads and operators as an alarm reaches them, and whether somebody is one still."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from groups.directory.phone_verdicts import OPTED_OUT
from groups.directory.recipients import FARTHEST, Recipient, Role
from groups.models.accounts import Account, AccountRole
from groups.models.responders import Responder, Team
from groups.models.roster import Group, Household, Language, Phone
from groups.responders import on_duty as responders_on_duty
from groups.rules import names
from groups.rules.phone import find_kind


def find_overseers(session: Session, village_id: int, local: datetime) -> list[Recipient]:
    """The village's heads, and the operators on duty at this minute of local time, whether or not they take texts.

    Operators are the duty phones of the town's centre that are on duty; where none of these takes texts, everybody
    with an operator's account. An account without a phone is left out. Each number once, a head before an operator.
    """
    of_accounts = _list_accounts(session, village_id)
    heads = [each for each in of_accounts if each.role is Role.HEAD]
    on_duty = [
        _make_operator(each) for each in responders_on_duty.list_on_duty(session, None, local) if _is_station(each)
    ]
    operators = on_duty if any(each.may_text for each in on_duty) else [*on_duty, *of_accounts]
    operators = [each for each in operators if each.role is Role.OPERATOR]
    return list({each.number: each for each in reversed([*heads, *operators])}.values())[::-1]


def is_overseer(
    session: Session,
    *,
    number: str,
    village_id: int,
    group_id: int | None,
    household_id: int | None,
    responder_id: int | None,
    account_id: int | None,
) -> bool:
    """Whether whoever was told at this number is still a head, leader, deputy or operator for this village and group.

    A number that has become somebody else's is not theirs any more.
    """
    account = exists().where(
        Account.id == account_id,
        Account.phone == number,
        Account.archived_at.is_(None),
        or_(
            Account.role == AccountRole.OPERATOR,
            and_(Account.role == AccountRole.VILLAGE_HEAD, Account.village_id == village_id),
        ),
    )
    leads = (
        select(Group.id)
        .join(Household, or_(Group.leader_id == Household.id, Group.deputy_id == Household.id))
        .join(Phone, Phone.household_id == Household.id)
        .where(Group.id == group_id, Household.id == household_id, Household.archived_at.is_(None))
        .where(Phone.number == number, Phone.archived_at.is_(None))
        .exists()
    )
    station = exists().where(
        Responder.id == responder_id,
        Responder.number == number,
        Responder.village_id.is_(None),
        Responder.team == Team.STATION,
        Responder.archived_at.is_(None),
    )
    return bool(session.scalar(select(or_(account, leads, station))))


def find_uncalled(session: Session, numbers: Collection[str], responder_ids: Collection[int]) -> set[str]:
    """Of overseers' phones those that may not be called, by the roster and the lists as they are now.

    An account's or a duty phone that answered STOP was told that it hears of no call for help any more.
    """
    uncalled = or_(Phone.may_call.is_(False), Phone.call_refused_code.is_not(None))
    found = set(
        session.scalars(select(Phone.number).where(Phone.number.in_(numbers), Phone.archived_at.is_(None), uncalled))
    )
    stopped = select(Account.phone).where(Account.phone.in_(numbers), Account.text_refused_code == OPTED_OUT)
    refusing = or_(
        Responder.may_call.is_(False),
        Responder.call_refused_code.is_not(None),
        Responder.text_refused_code == OPTED_OUT,
    )
    listed = select(Responder.number).where(Responder.id.in_(responder_ids), refusing)
    return found | {each for each in session.scalars(stopped) if each} | set(session.scalars(listed))


def is_of_account(session: Session, number: str) -> bool:
    """Whether this is the phone of an overseer's account."""
    found = select(Account.id).where(
        Account.phone == number,
        Account.archived_at.is_(None),
        Account.role.in_((AccountRole.OPERATOR, AccountRole.VILLAGE_HEAD)),
    )
    return session.scalar(found.limit(1)) is not None


def _list_accounts(session: Session, village_id: int) -> list[Recipient]:
    of_village = and_(Account.role == AccountRole.VILLAGE_HEAD, Account.village_id == village_id)
    rows = session.execute(
        select(Account, Phone)
        .outerjoin(Phone, and_(Phone.number == Account.phone, Phone.archived_at.is_(None)))
        .where(
            Account.archived_at.is_(None),
            Account.phone.is_not(None),
            or_(Account.role == AccountRole.OPERATOR, of_village),
        )
        .order_by(Account.id)
    )
    return [_make_of_account(account, phone) for account, phone in rows]


def _make_of_account(account: Account, phone: Phone | None) -> Recipient:
    number = account.phone or ""
    refused = account.text_refused_code if phone is None else phone.text_refused_code
    takes_texts = find_kind(number) == "mobile" if phone is None else phone.may_text
    return Recipient(
        number=number,
        language=(phone.language if phone is not None else Language.CHINESE).value,
        may_call=False,
        may_text=takes_texts and refused != OPTED_OUT,
        household_name=account.name,
        household_name_en=account.name if account.name.isascii() else names.romanise(account.name),
        phone_rank=1,
        distance=FARTHEST,
        role=Role.HEAD if account.role is AccountRole.VILLAGE_HEAD else Role.OPERATOR,
        call_refused=False,
        text_refused=refused is not None,
        household_id=None if phone is None else phone.household_id,
        phone_id=None if phone is None else phone.id,
        account_id=account.id,
    )


def _is_station(responder: Responder) -> bool:
    return responder.team is Team.STATION


def _make_operator(responder: Responder) -> Recipient:
    return Recipient(
        number=responder.number,
        language=responder.language.value,
        may_call=False,
        may_text=responder.may_text and responder.text_refused_code != OPTED_OUT,
        household_name=responders_on_duty.name_of(responder),
        household_name_en=responders_on_duty.name_in_english(responder),
        phone_rank=1,
        distance=FARTHEST,
        role=Role.OPERATOR,
        call_refused=False,
        text_refused=responder.text_refused_code is not None,
        responder_id=responder.id,
    )
