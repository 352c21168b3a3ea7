"""The door through which joint_defense sees the roster: plain, frozen values and a few questions.

It answers from the roster as it is now; whoever needs it to stay so keeps a snapshot. Responders, who live in no
household of the roster, are told apart from households and their phones by negative ids.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Update, bindparam, select, update
from sqlalchemy.orm import Session

from config.database import insert_or_skip
from groups import watch
from groups.enrolment_models import ProofKind, ReachProof
from groups.models import Group, Household, Language, Phone, PhoneKind, Village
from groups.rules import names
from groups.rules.membership import FARTHEST, Reachable, Ring, away_aside, ring_order
from groups.watch_models import Responder


class Role(StrEnum):
    """Why a phone is rung."""

    MEMBER = "member"
    LEADER = "leader"
    DEPUTY = "deputy"
    DUTY = "duty"
    """A responder of the village, on duty."""
    BACKUP = "backup"
    """The group's back-up group."""
    NEIGHBOUR = "neighbour"
    """A group beside it."""
    CENTRE = "centre"
    """A responder of the town's centre, on duty."""


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
class Recipient:
    """A phone to reach. `phone_rank` 1 is the household's first; `distance` counts doors from the caller's."""

    phone_id: int
    number: str
    language: str
    may_call: bool
    may_text: bool
    household_id: int
    household_name: str
    phone_rank: int
    distance: int
    role: Role
    call_refused: bool
    text_refused: bool


class Proof(StrEnum):
    """How a phone was reached: a person answered a call, a text was delivered, a drill was answered."""

    CALL = "call"
    TEXT = "text"
    DRILL = "drill"


class Reached(NamedTuple):
    """A phone that was reached on a local day, and whose it was then."""

    phone_id: int
    household_id: int
    on: date
    how: Proof


def find_caller(session: Session, number: str) -> Caller | None:
    """Who calls from this E.164 number: one query on the index of active phones. None for a stranger."""
    found = session.execute(
        select(Phone, Household, Village, Group)
        .join(Household, Phone.household_id == Household.id)
        .join(Village, Household.village_id == Village.id)
        .outerjoin(Group, (Household.group_id == Group.id) & Group.archived_at.is_(None))
        .where(Phone.number == number, Phone.archived_at.is_(None))
    ).one_or_none()
    if found is None:
        return None
    phone, household, village, group = found
    return _caller(phone, household, village, group)


def recipients_for(session: Session, caller: Caller, now: datetime | None = None) -> list[Recipient]:
    """Every phone that is to be reached when `caller` calls for help at `now`.

    All phones that can take a call or a text, of every other household of the group, and of leader and deputy
    wherever they live; never the caller's own household; every phone once. Order: the first phone of each household
    before second ones, within that the nearest doors first. Empty when the household is in no group.

    Whoever is away at `now` is texted, not called, and after those at home; where nobody is at home, all are reached
    as ever (ADR 13). Without `now` everybody is at home.
    """
    if caller.group_id is None:
        return []
    of_group = select(Group.leader_id, Group.deputy_id).where(Group.id == caller.group_id)
    leader = of_group.with_only_columns(Group.leader_id).scalar_subquery()
    deputy = of_group.with_only_columns(Group.deputy_id).scalar_subquery()
    whose = (Household.group_id == caller.group_id) | (Household.id == leader) | (Household.id == deputy)
    rows = session.execute(
        select(
            Household.id, Household.head, Household.group_id, Household.position, Household.away_until, leader, deputy
        ).where(whose, Household.archived_at.is_(None))
    ).all()
    households = {row[0]: _House(row[1], row[2], row[3], _away(row[4], now)) for row in rows}
    roles = {row[6]: Role.DEPUTY for row in rows[:1]} | {row[5]: Role.LEADER for row in rows[:1]}
    own = households.get(caller.household_id)
    phones, languages = _phones_to_reach(session, households)
    phones = away_aside(phones, caller.household_id, {each for each, house in households.items() if house.away})
    order = ring_order(
        phones, household_id=caller.household_id, group_id=caller.group_id, position=own.position if own else 0
    )
    return [
        _recipient(
            ring,
            households[ring.phone.household_id].head,
            languages[ring.phone.phone_id],
            roles.get(ring.phone.household_id, Role.MEMBER),
        )
        for ring in order
    ]


def leader_phones(session: Session, group_id: int, now: datetime | None = None) -> list[Recipient]:
    """The phones of the group's leader, or of its deputy where no leader is set or at home; empty where neither is."""
    led: list[tuple[Role, int, _House]] = []
    for role, office in ((Role.LEADER, Group.leader_id), (Role.DEPUTY, Group.deputy_id)):
        found = session.execute(
            select(Household.id, Household.head, Household.group_id, Household.position, Household.away_until)
            .join(Group, office == Household.id)
            .where(Group.id == group_id, Household.archived_at.is_(None))
        ).one_or_none()
        if found is not None:
            led.append((role, found[0], _House(*found[1:4], away=_away(found[4], now))))
    for role, household_id, house in sorted(led, key=lambda each: each[2].away)[:1]:
        phones, languages = _phones_to_reach(session, {household_id: house})
        in_turn = sorted(phones, key=lambda phone: (phone.rank, phone.phone_id))
        return [
            _recipient(Ring(phone, turn, 0), house.head, languages[phone.phone_id], role)
            for turn, phone in enumerate(in_turn, start=1)
        ]
    return []


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


def phones_of(session: Session, household_ids: Collection[int]) -> list[HouseholdPhone]:
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


def officers(session: Session, group_id: int, now: datetime) -> list[Recipient]:
    """The phones of the group's leader and deputy as they are now, wherever they live: the leader's first."""
    found = session.execute(select(Group.leader_id, Group.deputy_id).where(Group.id == group_id)).one_or_none()
    roles = {} if found is None else {found.deputy_id: Role.DEPUTY, found.leader_id: Role.LEADER}
    reached = _of_households(session, Household.id.in_([each for each in roles if each is not None]), now, roles)
    return sorted(reached, key=lambda each: each.role is not Role.LEADER)


def backup_of(session: Session, group_id: int, now: datetime) -> list[Recipient]:
    """The phones of the group's back-up group (支援组); empty where it has none."""
    backup = select(Group.backup_group_id).where(Group.id == group_id).scalar_subquery()
    standing = select(Group.id).where(Group.id == backup, Group.archived_at.is_(None))
    return _of_households(session, Household.group_id.in_(standing), now, {}, Role.BACKUP)


def neighbours_of(session: Session, group_id: int, now: datetime) -> list[Recipient]:
    """The phones of the groups beside this one: those of its grid, and the ones before and after it."""
    beside = watch.groups_beside(session, group_id)
    return _of_households(session, Household.group_id.in_(beside), now, {}, Role.NEIGHBOUR)


def on_duty(session: Session, village_id: int | None, local: datetime) -> list[Recipient]:
    """The village's responders that are on duty at this minute of local time; without a village, the town centre's."""
    role = Role.CENTRE if village_id is None else Role.DUTY
    return [_responder(each, role) for each in watch.on_duty(session, village_id, local)]


def village_by_code(session: Session, code: str) -> tuple[int, str] | None:
    """A village's id and name; None where no village has this code."""
    row = session.execute(
        select(Village.id, Village.name).where(Village.code == code, Village.archived_at.is_(None))
    ).one_or_none()
    return None if row is None else (row.id, row.name)


def cameras_of(session: Session, group_id: int) -> list[tuple[str, str]]:
    """The camera places of the grid that a group lies in: (name, landmark), by name."""
    return watch.cameras_of_group(session, group_id)


def lock_group(session: Session, group_id: int) -> None:
    """Hold the group's row until the transaction ends, so that two neighbours' alarms come one after the other."""
    # NO KEY UPDATE: alarms wait for each other, but nobody who only refers to the group waits for them. SQLite knows
    # no row locks and needs none: its transactions are one after the other from their beginning.
    session.execute(select(Group.id).where(Group.id == group_id).with_for_update(key_share=True))


def mark_refused(session: Session, phone_id: int, *, text: bool, code: str, now: datetime) -> None:
    """Note that the carrier refused this number for good, for texts or for calls; the roster shows it.

    Later alarms still try it, after all others: a wrong verdict must not silence a neighbour for ever.
    """
    refusal = (
        {"text_refused_code": code, "text_refused_at": now}
        if text
        else {"call_refused_code": code, "call_refused_at": now}
    )
    session.execute(_phone_or_responder(phone_id).values(refusal))


def mark_failed(session: Session, phone_id: int, now: datetime) -> None:
    """Note that no call could be put through to this phone in an alarm; twice in a row, and the roster asks for it."""
    session.execute(update(Phone).where(Phone.id == phone_id).values(failures=Phone.failures + 1, failed_at=now))


def clear_refused(session: Session, phone_ids: Collection[int], *, text: bool) -> None:
    """Rings or texts got through: these numbers are not refused on that channel any more."""
    nothing = dict.fromkeys(
        ("text_refused_code", "text_refused_at") if text else ("call_refused_code", "call_refused_at")
    )
    # Most rings get through to numbers that never were refused: those rows are left alone.
    phones = [id_ for id_ in phone_ids if id_ > 0]
    responders = [-id_ for id_ in phone_ids if id_ < 0]
    if responders:
        refused_code = Responder.text_refused_code if text else Responder.call_refused_code
        session.execute(
            update(Responder).where(Responder.id.in_(responders), refused_code.is_not(None)).values(nothing)
        )
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
        # Whose phone is not in the roster (a responder's) has nothing to be proven.
        there = set(session.scalars(select(Phone.id).where(Phone.id.in_(phones))))
        noted_before = select(ReachProof.phone_id, ReachProof.proven_on, ReachProof.kind).where(
            ReachProof.phone_id.in_(phones), ReachProof.proven_on >= min(proof.on for proof in some)
        )
        known = {(phone_id, day, kind.value) for phone_id, day, kind in session.execute(noted_before)}
        for proof in some:
            if proof.phone_id not in there or (proof.phone_id, proof.on, proof.how.value) in known:
                continue
            values = {"phone_id": proof.phone_id, "household_id": proof.household_id, "proven_on": proof.on}
            statement = insert_or_skip(session, ReachProof, values | {"kind": ProofKind(proof.how.value)})
            noted += len(session.execute(statement.returning(ReachProof.id)).all())
    return noted


def household_name_in(language: str, household_name: str) -> str:
    """How a household that is kept by its Chinese name is called in a language: 李月芳家, the Li Yuefang household.

    And a responder: 治保陈国平, Chen Guoping (security).
    """
    if language == "zh":
        return household_name
    return watch.name_in_english(household_name) or names.household_name_en(household_name.removesuffix("家"))


def warm_up() -> None:
    """Load what the first question would otherwise wait 0.2 s for: the pinyin of the English names."""
    names.load_pinyin()


def _phone_or_responder(phone_id: int) -> Update:
    if phone_id > 0:
        return update(Phone).where(Phone.id == phone_id)
    return update(Responder).where(Responder.id == -phone_id)


def _of_households(
    session: Session,
    whose: ColumnElement[bool],
    now: datetime,
    roles: Mapping[int, Role],
    otherwise: Role = Role.MEMBER,
) -> list[Recipient]:
    """Every phone of these households that is to be reached: first phones first, in the order of doors.

    Whoever is away is texted, not called, as in `recipients_for`.
    """
    rows = session.execute(
        select(Household.id, Household.head, Household.group_id, Household.position, Household.away_until).where(
            whose, Household.archived_at.is_(None)
        )
    ).all()
    households = {row[0]: _House(row[1], row[2], row[3], _away(row[4], now)) for row in rows}
    if not households:
        return []
    phones, languages = _phones_to_reach(session, households)
    phones = away_aside(phones, 0, {each for each, house in households.items() if house.away})
    return [
        _recipient(
            ring,
            households[ring.phone.household_id].head,
            languages[ring.phone.phone_id],
            roles.get(ring.phone.household_id, otherwise),
        )
        for ring in ring_order(phones, household_id=0, group_id=0, position=0)
    ]


def _responder(found: Responder, role: Role) -> Recipient:
    return Recipient(
        phone_id=-found.id,
        number=found.number,
        language=found.language.value,
        may_call=found.may_call,
        may_text=found.may_text,
        household_id=-found.id,
        household_name=watch.name_of(found),
        phone_rank=1,
        distance=FARTHEST,
        role=role,
        call_refused=found.call_refused_code is not None,
        text_refused=found.text_refused_code is not None,
    )


class _House(NamedTuple):
    head: str
    group_id: int | None
    position: int
    away: bool = False


def _away(until: datetime | None, now: datetime | None) -> bool:
    return until is not None and now is not None and until > now


def _phones_to_reach(session: Session, households: Mapping[int, _House]) -> tuple[list[Reachable], dict[int, Language]]:
    """The active phones of these households that take a call or a text, and each phone's language.

    Two plain queries, no join: a database that has no statistics yet (a village just imported) joins them badly.
    Columns, no entities: a whole street may be in a group, and entities take several times as long.
    """
    # Numbers we have just read, written out: five hundred parameters would take the driver longer than the answer.
    ids: BindParameter[list[int]] = bindparam("households", list(households), expanding=True, literal_execute=True)
    rows = session.execute(
        select(
            Phone.household_id,
            Phone.id,
            Phone.number,
            Phone.rank,
            Phone.may_call,
            Phone.may_text,
            Phone.call_refused_code.is_not(None),
            Phone.text_refused_code.is_not(None),
            Phone.language,
        ).where(
            Phone.household_id.in_(ids),
            Phone.archived_at.is_(None),
            Phone.may_call.is_(True) | Phone.may_text.is_(True),
        )
    ).all()
    phones = []
    for household_id, phone_id, number, rank, *abilities, _language in rows:
        house = households[household_id]
        phones.append(Reachable(phone_id, number, household_id, house.group_id, house.position, rank, *abilities))
    return phones, {row[1]: row[8] for row in rows}


def _caller(phone: Phone, household: Household, village: Village, group: Group | None) -> Caller:
    group_name = group.name if group else ""
    return Caller(
        phone_id=phone.id,
        number=phone.number,
        language=phone.language.value,
        may_call=phone.may_call,
        may_text=phone.may_text,
        household_id=household.id,
        household_name=names.household_name(household.head),
        household_name_en=names.household_name_en(household.head),
        place=names.place(village.name, group_name, household.landmark, household.door),
        place_en=names.place_en(village.name, village.name_en, group_name, household.landmark, household.door),
        door=household.door,
        silent=household.silent,
        village_id=village.id,
        village_name=village.name,
        group_id=group.id if group else None,
        group_name=group_name,
        first_help=household.first_help.value if household.first_help else "",
    )


def _recipient(ring: Ring, head: str, language: Language, role: Role) -> Recipient:
    phone = ring.phone
    return Recipient(
        phone_id=phone.phone_id,
        number=phone.number,
        language=language.value,
        may_call=phone.may_call,
        may_text=phone.may_text,
        household_id=phone.household_id,
        household_name=names.household_name(head),
        phone_rank=ring.turn,
        distance=ring.distance,
        role=role,
        call_refused=phone.call_refused,
        text_refused=phone.text_refused,
    )
