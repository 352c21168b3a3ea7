"""Who is called besides: leader and deputy, the groups that help another, and whoever is on duty."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.directory.recipients import (
    House,
    Recipient,
    Role,
    is_away,
    list_recipients_where,
    make_recipient,
    read_phones_to_reach,
)
from groups.directory.rules.ring_order import FARTHEST, Ring
from groups.models.responders import Responder
from groups.models.roster import Group, Household
from groups.responders import on_duty as responders_on_duty


def list_leader_phones(session: Session, group_id: int, now: datetime | None = None) -> list[Recipient]:
    """The phones of the group's leader, or of its deputy where no leader is set or at home; empty where neither is."""
    led: list[tuple[Role, int, House]] = []
    for role, office in ((Role.LEADER, Group.leader_id), (Role.DEPUTY, Group.deputy_id)):
        found = session.execute(
            select(Household.id, Household.head, Household.group_id, Household.position, Household.away_until)
            .join(Group, office == Household.id)
            .where(Group.id == group_id, Household.archived_at.is_(None))
        ).one_or_none()
        if found is not None:
            led.append((role, found[0], House(*found[1:4], away=is_away(found[4], now))))
    for role, household_id, house in sorted(led, key=lambda each: each[2].away)[:1]:
        phones, languages = read_phones_to_reach(session, {household_id: house})
        in_turn = sorted(phones, key=lambda phone: (phone.rank, phone.phone_id))
        return [
            make_recipient(Ring(phone, turn, 0), house.head, languages[phone.phone_id], role)
            for turn, phone in enumerate(in_turn, start=1)
        ]
    return []


def list_officers(session: Session, group_id: int, now: datetime) -> list[Recipient]:
    """The phones of the group's leader and deputy as they are now, wherever they live: the leader's first."""
    found = session.execute(select(Group.leader_id, Group.deputy_id).where(Group.id == group_id)).one_or_none()
    roles = {} if found is None else {found.deputy_id: Role.DEPUTY, found.leader_id: Role.LEADER}
    reached = list_recipients_where(session, Household.id.in_([each for each in roles if each is not None]), now, roles)
    return sorted(reached, key=lambda each: each.role is not Role.LEADER)


def list_backup(session: Session, group_id: int, now: datetime) -> list[Recipient]:
    """The phones of the group's back-up group (支援组); empty where it has none."""
    backup = select(Group.backup_group_id).where(Group.id == group_id).scalar_subquery()
    active = select(Group.id).where(Group.id == backup, Group.archived_at.is_(None))
    return list_recipients_where(session, Household.group_id.in_(active), now, {}, Role.BACKUP)


def list_neighbours(session: Session, group_id: int, now: datetime) -> list[Recipient]:
    """The phones of the groups beside this one: those of its grid, and the ones before and after it."""
    beside = responders_on_duty.find_groups_beside(session, group_id)
    return list_recipients_where(session, Household.group_id.in_(beside), now, {}, Role.NEIGHBOUR)


def list_on_duty(session: Session, village_id: int | None, local: datetime) -> list[Recipient]:
    """The village's responders that are on duty at this minute of local time; without a village, the town centre's."""
    role = Role.CENTRE if village_id is None else Role.DUTY
    return [_make_responder(each, role) for each in responders_on_duty.list_on_duty(session, village_id, local)]


def _make_responder(found: Responder, role: Role) -> Recipient:
    return Recipient(
        responder_id=found.id,
        number=found.number,
        language=found.language.value,
        may_call=found.may_call,
        may_text=found.may_text,
        household_name=responders_on_duty.name_of(found),
        household_name_en=responders_on_duty.name_in_english(found),
        phone_rank=1,
        distance=FARTHEST,
        role=role,
        call_refused=found.call_refused_code is not None,
        text_refused=found.text_refused_code is not None,
    )
