"""Who calls, and who is told: what joint_defense asks about the people of a household or group, and about overseers.

Overseers are village heads and operators as an alarm reaches them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from groups.directory.phone_verdicts import OPTED_OUT
from groups.directory.recipients import (
    FARTHEST,
    House,
    Recipient,
    Role,
    is_away,
    make_recipient,
    put_away_aside,
    read_phones_to_reach,
    ring_order,
)
from groups.models.accounts import Account, AccountRole
from groups.models.responders import Responder, Team
from groups.models.roster import Group, Household, Language, Phone, PhoneKind, Village
from groups.responders import on_duty as responders_on_duty
from groups.rules import names
from groups.rules.phone import find_kind


@dataclass(frozen=True, slots=True)
class Caller:
    """A phone of the roster, its household, and where a neighbour goes to find it.

    `household_name` is how neighbours call the house ("王建国家"); `place` is how they find it
    ("墙下陶村3组·桥东第2家"). `group_id` is None for a household that no group has taken in yet. `first_help` is why
    the household needs help first: "alone", "disabled", "other", or empty.
    """

    phone_id: int
    number: str
    language: str
    may_call: bool
    may_text: bool
    household_id: int
    household_name: str
    household_name_en: str
    place: str
    place_en: str
    door: str
    silent: bool
    village_id: int
    village_name: str
    group_id: int | None
    group_name: str
    first_help: str = ""


@dataclass(frozen=True, slots=True)
class HouseholdPhone:
    """A phone that a household has now. `takes_texts`: it is a mobile, whatever its household wishes."""

    household_id: int
    phone_id: int
    number: str
    language: str
    rank: int
    may_call: bool
    may_text: bool
    takes_texts: bool


def find_caller(session: Session, number: str) -> Caller | None:
    """Who calls from this E.164 number: one query on the index of active phones. None for a stranger."""
    return _find(session, _BY_NUMBER, {"number": number})


def find_caller_and_lock(session: Session, number: str) -> Caller | None:
    """The same, with the caller's group held as by `lock_group`: what is read after this is as whoever held it before
    has left it. The caller is as they were when the wait began.
    """
    if session.get_bind().dialect.name != "sqlite":
        return _find(session, _BY_NUMBER_LOCKED, {"number": number})
    return _find(session, _BY_NUMBER, {"number": number})


def find_phone(session: Session, phone_id: int) -> Caller | None:
    """The same by the phone's id; None where it is not on the roster any more."""
    return _find(session, _BY_ID, {"phone_id": phone_id})


def list_by_ids(session: Session, phone_ids: Collection[int]) -> list[Caller]:
    """The same of several, by id; without those that are not on the roster any more."""
    found = session.execute(_select_callers(Phone.id.in_(phone_ids)).order_by(Phone.id)).all()
    return [_make_caller(row) for row in found]


def _find(session: Session, which: Select[Any], of: dict[str, str | int]) -> Caller | None:
    found = session.execute(which, of).one_or_none()
    return None if found is None else _make_caller(found)


def _select_callers(which: ColumnElement[bool]) -> Select[Any]:
    # Columns, no entities: a caller waits, and four entities take as long as all the rest of the question.
    none: Select[Any] = select()
    return (
        none.add_columns(
            *(Phone.id.label("phone_id"), Phone.number, Phone.language, Phone.may_call, Phone.may_text),
            *(Household.id.label("household_id"), Household.head, Household.landmark, Household.door),
            *(Household.silent, Household.first_help),
            *(Village.id.label("village_id"), Village.name.label("village_name"), Village.name_en),
            *(Group.id.label("group_id"), Group.name.label("group_name")),
        )
        .join(Household, Phone.household_id == Household.id)
        .join(Village, Household.village_id == Village.id)
        .outerjoin(Group, (Household.group_id == Group.id) & Group.archived_at.is_(None))
        .where(which, Phone.archived_at.is_(None))
    )


def _lock_in_passing(callers: Select[Any], number: ColumnElement[str]) -> Select[Any]:
    """On PostgreSQL: the row of the caller's group is held from then on."""
    group_id = select(Household.group_id).join(Phone).where(Phone.number == number, Phone.archived_at.is_(None))
    group = select(Group.id).where(Group.id == group_id.scalar_subquery())
    held = group.with_for_update(key_share=True).cte("held")
    return callers.add_columns(held.c.id.label("held")).outerjoin(held, held.c.id == Household.group_id)


_NUMBER = bindparam("number", type_=Phone.number.type)
# Put together once: at each call it is asked who that is.
_BY_NUMBER = _select_callers(Phone.number == _NUMBER)
_BY_NUMBER_LOCKED = _lock_in_passing(_BY_NUMBER, _NUMBER)
_BY_ID = _select_callers(Phone.id == bindparam("phone_id", type_=Phone.id.type))


def list_recipients(session: Session, caller: Caller, now: datetime | None = None) -> list[Recipient]:
    """Every phone that is to be reached when `caller` calls for help at `now`.

    All phones that can take a call or a text, of every other household of the group, and of leader and deputy
    wherever they live; never the caller's own household; every phone once. Order: the first phone of each household
    before second ones, within that the nearest doors first. Empty when the household is in no group.

    Whoever is away at `now` is texted, not called, and after those at home; where nobody is at home, all are reached
    as ever (ADR 13). Without `now` everybody is at home.
    """
    if caller.group_id is None:
        return []
    rows = session.execute(_HOUSES, {"group_id": caller.group_id}).all()
    households = {row[0]: House(row[1], row[2], row[3], is_away(row[4], now)) for row in rows}
    roles = {row[6]: Role.DEPUTY for row in rows[:1]} | {row[5]: Role.LEADER for row in rows[:1]}
    own = households.get(caller.household_id)
    phones, languages = read_phones_to_reach(session, households)
    phones = put_away_aside(phones, caller.household_id, {each for each, house in households.items() if house.away})
    order = ring_order(
        phones, household_id=caller.household_id, group_id=caller.group_id, position=own.position if own else 0
    )
    return [
        make_recipient(
            ring,
            households[ring.phone.household_id].head,
            languages[ring.phone.phone_id],
            roles.get(ring.phone.household_id, Role.MEMBER),
        )
        for ring in order
    ]


def _select_houses() -> Select[Any]:
    """The households that an alarm of a group reaches, with the ids of its leader's and deputy's."""
    group_id = bindparam("group_id", type_=Group.id.type)
    of_group = select(Group.leader_id, Group.deputy_id).where(Group.id == group_id)
    leader = of_group.with_only_columns(Group.leader_id).scalar_subquery()
    deputy = of_group.with_only_columns(Group.deputy_id).scalar_subquery()
    whose = (Household.group_id == group_id) | (Household.id == leader) | (Household.id == deputy)
    told = (Household.id, Household.head, Household.group_id, Household.position, Household.away_until)
    return select(*told, leader, deputy).where(whose, Household.archived_at.is_(None))


_HOUSES = _select_houses()


def list_phones(session: Session, household_ids: Collection[int]) -> list[HouseholdPhone]:
    """All phones that these households have now, whether or not they are usually rung, in the households' order."""
    rows = session.execute(
        select(
            *(Phone.household_id, Phone.id, Phone.number, Phone.language, Phone.rank),
            *(Phone.may_call, Phone.may_text, Phone.kind),
        )
        .where(Phone.household_id.in_(household_ids), Phone.archived_at.is_(None))
        .order_by(Phone.household_id, Phone.rank, Phone.id)
    ).all()
    return [HouseholdPhone(*row[:3], row[3].value, *row[4:7], row[7] is PhoneKind.MOBILE) for row in rows]


def is_on_roster(session: Session, household_id: int) -> bool:
    """Whether this household is there still."""
    there = select(Household.id).where(Household.id == household_id, Household.archived_at.is_(None))
    return session.scalar(there) is not None


def select_numbers(household_ids: Collection[int]) -> Select[str]:
    """The numbers of all phones that these households have now, for a statement of the caller's."""
    return select(Phone.number).where(Phone.household_id.in_(household_ids), Phone.archived_at.is_(None))


def find_away(session: Session, household_ids: Collection[int], now: datetime) -> set[int]:
    """Those of these households that are away now."""
    asked = select(Household.id).where(Household.id.in_(household_ids), Household.away_until > now)
    return set(session.scalars(asked))


def find_village(session: Session, code: str) -> tuple[int, str] | None:
    """A village's id and name; None where no village has this code."""
    row = session.execute(
        select(Village.id, Village.name).where(Village.code == code, Village.archived_at.is_(None))
    ).one_or_none()
    return None if row is None else (row.id, row.name)


def list_cameras(session: Session, group_id: int) -> list[tuple[str, str]]:
    """The camera places of the grid that a group lies in: (name, landmark), by name."""
    return responders_on_duty.list_cameras(session, group_id)


def lock_group(session: Session, group_id: int) -> None:
    """Hold the group's row until the transaction ends, so that two neighbours' alarms come one after the other."""
    # NO KEY UPDATE: alarms wait for each other, but nobody who only refers to the group waits for them. SQLite knows
    # no row locks and needs none: its transactions are one after the other from their beginning.
    session.execute(select(Group.id).where(Group.id == group_id).with_for_update(key_share=True))


def warm_up() -> None:
    """Load what the first question would otherwise wait 0.2 s for: the pinyin of the English names."""
    names.load_pinyin()


def _make_caller(row: Row[Any]) -> Caller:
    group_name = row.group_name or ""
    return Caller(
        phone_id=row.phone_id,
        number=row.number,
        language=row.language.value,
        may_call=row.may_call,
        may_text=row.may_text,
        household_id=row.household_id,
        household_name=names.name_household(row.head),
        household_name_en=names.name_household_in_english(row.head),
        place=names.write_place(row.village_name, group_name, row.landmark, row.door),
        place_en=names.write_place_in_english(row.village_name, row.name_en, group_name, row.landmark, row.door),
        door=row.door,
        silent=row.silent,
        village_id=row.village_id,
        village_name=row.village_name,
        group_id=row.group_id,
        group_name=group_name,
        first_help=row.first_help.value if row.first_help else "",
    )


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
    return [_make_of_account(row) for row in session.execute(_ACCOUNTS, {"village_id": village_id})]


def _select_accounts() -> Select[Any]:
    """The overseers' accounts of a village, each with the phone of the roster that has its number."""
    in_village = Account.village_id == bindparam("village_id", type_=Account.village_id.type)
    of_village = and_(Account.role == AccountRole.VILLAGE_HEAD, in_village)
    none: Select[Any] = select()
    return (
        none.add_columns(
            *(Account.id, Account.name, Account.phone, Account.role, Account.text_refused_code),
            *(Phone.id.label("phone_id"), Phone.household_id, Phone.language, Phone.may_text),
            Phone.text_refused_code.label("phone_refused_code"),
        )
        .outerjoin(Phone, and_(Phone.number == Account.phone, Phone.archived_at.is_(None)))
        .where(
            Account.archived_at.is_(None),
            Account.phone.is_not(None),
            or_(Account.role == AccountRole.OPERATOR, of_village),
        )
        .order_by(Account.id)
    )


_ACCOUNTS = _select_accounts()


def _make_of_account(row: Row[Any]) -> Recipient:
    of_household = row.phone_id is not None
    refused = row.phone_refused_code if of_household else row.text_refused_code
    takes_texts = row.may_text if of_household else find_kind(row.phone) == "mobile"
    return Recipient(
        number=row.phone,
        language=(row.language if of_household else Language.CHINESE).value,
        may_call=False,
        may_text=takes_texts and refused != OPTED_OUT,
        household_name=row.name,
        household_name_en=row.name if row.name.isascii() else names.romanise(row.name),
        phone_rank=1,
        distance=FARTHEST,
        role=Role.HEAD if row.role is AccountRole.VILLAGE_HEAD else Role.OPERATOR,
        call_refused=False,
        text_refused=refused is not None,
        household_id=row.household_id,
        phone_id=row.phone_id,
        account_id=row.id,
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
