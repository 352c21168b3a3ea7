"""A village with a group of ten households, and an alarm in it with something of everything that a board may show."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import read_clock
from groups.models.accounts import Account, AccountRole
from groups.models.enrolment import Device, DeviceKind, Subscription
from groups.models.responders import Camera, Responder, Team
from groups.models.roster import Grid, Group, Household, Phone, PhoneKind, Village
from groups.models.uploads import Upload, UploadKind, UploadState
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.intake import Trigger, raise_alarm
from joint_defense.incidents.record import note_update
from joint_defense.models.greetings import Greeting
from joint_defense.models.incidents import Attempt, Delivery, Incident
from joint_defense.models.upkeep import PhoneTask
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, DeliveryState, IncidentKind
from joint_defense.rules.tasks import TaskReason, TaskStage
from joint_defense.rules.timeline import UpdateKind

Ids = dict[str, Any]
"""What stands at the places of an address, by their names there."""
HEADS = ("王建国", "李国强", "陈桂芳", "张志明", "赵阿根", "周美华", "吴文斌", "徐小红", "孙德才", "欧阳立新")


def number(door: int, phone: int = 1) -> str:
    return f"+861380000{phone}{door:03}"


def settle_group(session: Session, village_code: str, name: str = "3组") -> Group:
    """Ten households in a row; each has a mobile, the second also a landline, the fourth a second mobile."""
    village = session.scalars(select(Village).where(Village.code == village_code)).one()
    group = Group(village_id=village.id, name=name)
    session.add(group)
    session.flush()
    for door, head in enumerate(HEADS, start=1):
        household = Household(
            village_id=village.id,
            group_id=group.id,
            head=head,
            door=f"{door}号",
            landmark=f"桥东第{door}家",
            position=door,
        )
        household.phones = [Phone(number=number(door), kind=PhoneKind.MOBILE)]
        if door == 4:
            household.phones.append(Phone(number=number(door, 2), kind=PhoneKind.MOBILE, rank=2))
        if door == 2:
            household.phones.append(Phone(number="+8657488805255", kind=PhoneKind.LANDLINE, rank=2, may_text=False))
        session.add(household)
    session.flush()
    group.leader_id = session.scalars(
        select(Household.id).where(Household.head == HEADS[1], Household.group_id == group.id)
    ).one()
    session.flush()
    return group


def raise_from(session: Session, door: int, now: datetime, *, key: str = "CA1", text: str = "") -> int:
    """The household behind `door` presses #9, or texts. Returns the incident."""
    channel = Channel.SMS if text else Channel.CALL
    answer = raise_alarm(session, Trigger(key, number(door), channel, text=text), now)
    assert answer.incident_id is not None
    return answer.incident_id


def deliveries_to(session: Session, incident_id: int, door: int) -> list[Delivery]:
    return list(
        session.scalars(
            select(Delivery)
            .where(Delivery.incident_id == incident_id, Delivery.household_name == f"{HEADS[door - 1]}家")
            .order_by(Delivery.id)
        )
    )


def attempt(
    session: Session,
    delivery: Delivery,
    state: AttemptState,
    then: DeliveryState,
    now: datetime,
    *,
    code: str | None = None,
) -> None:
    """What the carrier has said of a delivery's next attempt."""
    delivery.attempt_count += 1
    delivery.state, delivery.failure = then, code
    rang = state not in {AttemptState.QUEUED, AttemptState.REFUSED, AttemptState.BUSY}
    took = state in {AttemptState.COMPLETED, AttemptState.IN_PROGRESS}
    session.add(
        Attempt(
            delivery_id=delivery.id,
            number=delivery.attempt_count,
            state=state,
            sid=f"CA{delivery.id}-{delivery.attempt_count}",
            error_code=code,
            requested_at=now,
            accepted_at=now,
            rang_at=now + timedelta(seconds=1) if rang and delivery.channel is Channel.CALL else None,
            answered_at=now + timedelta(seconds=7) if took and delivery.channel is Channel.CALL else None,
            ended_at=None,
        )
    )
    session.flush()


def full_scene(session: Session, village_code: str, now: datetime) -> int:
    """An open incident: a second voice, an account error, and every state but the calm ones at once."""
    settle_group(session, village_code)
    incident_id = raise_from(session, 1, now)
    calls = {
        2: (AttemptState.COMPLETED, DeliveryState.REACHED, None),
        3: (AttemptState.COMPLETED, DeliveryState.REACHED, None),
        4: (AttemptState.NO_ANSWER, DeliveryState.UNREACHED, "no_answer"),
        5: (AttemptState.REFUSED, DeliveryState.UNREACHED, "21211"),
        6: (AttemptState.RINGING, DeliveryState.PLACED, None),
        7: (AttemptState.IN_PROGRESS, DeliveryState.PLACED, None),
        9: (AttemptState.COMPLETED, DeliveryState.REACHED, None),
        10: (AttemptState.COMPLETED, DeliveryState.REACHED, None),
    }
    for door, (state, then, code) in calls.items():
        for delivery in deliveries_to(session, incident_id, door):
            if delivery.channel is Channel.CALL:
                attempt(session, delivery, state, then, now, code=code)
            elif door == 5:
                attempt(session, delivery, AttemptState.UNDELIVERED, DeliveryState.UNREACHED, now, code="30005")
            else:
                attempt(session, delivery, AttemptState.DELIVERED, DeliveryState.REACHED, now)
    for door, answer, seconds in ((2, Answer.COMING, 9), (9, Answer.CANNOT, 12), (10, Answer.ON_SCENE, 95)):
        told = deliveries_to(session, incident_id, door)[0]
        acknowledge(session, told, answer, Channel.CALL, now + timedelta(seconds=seconds))
    raise_from(session, 8, now + timedelta(seconds=40), key="SM2", text="着火了快来人")
    note_update(session, incident_id, UpdateKind.ACCOUNT_TROUBLE, now + timedelta(seconds=41), code="20003")
    note_update(
        session,
        incident_id,
        UpdateKind.REFUSED,
        now + timedelta(seconds=2),
        household="赵阿根家",
        number="138****1005",
        channel="call",
        code="21211",
    )
    session.flush()
    return incident_id


def settle_with_all(session: Session, code: str, *, theirs: bool) -> Ids:
    """A village with one of everything that has an id; of the other one, names and numbers that stand nowhere else."""
    now = read_clock(session)
    if not theirs:
        incident_id = full_scene(session, code, now - timedelta(seconds=100))
        group = session.scalars(select(Group).join(Village).where(Village.code == code)).one()
    else:
        group = settle_group(session, code, "外村组")
        incident_id = 0
    village_id = group.village_id
    houses = session.scalars(select(Household).where(Household.village_id == village_id).order_by(Household.id)).all()
    mark, number = ("外村", "+861390007") if theirs else ("本村", "+861390005")
    for at, house in enumerate(houses if theirs else []):
        house.head, house.landmark = f"{mark}户{at}", f"{mark}桥东"
        for rank, phone in enumerate(house.phones):
            phone.number = f"{number}{rank}{at:03}"
    session.flush()
    house, phone = houses[0], houses[0].phones[0]
    by = session.scalars(select(Account).where(Account.role == AccountRole.ADMIN)).one()
    grid = Grid(village_id=village_id, name=f"{mark}网格")
    session.add(grid)
    session.flush()
    rows: Ids = {
        "row_id": Responder(village_id=village_id, team=Team.PATROL, name=f"{mark}队员", number=f"{number}9001"),
        "camera": Camera(village_id=village_id, name=f"{mark}探头", landmark=f"{mark}桥", grid_id=grid.id),
        "device_id": Device(
            household_id=house.id, kind=DeviceKind.KEY, serial=f"{mark}K1", given_on=date(2026, 1, 1)
        ),
        "subscription_id": Subscription(
            household_id=house.id, plan="A", number=phone.number, starts_on=date(2026, 1, 1),
            consent_by=f"{mark}同意", consent_on=date(2026, 1, 1),
        ),
        "greeting_id": Greeting(
            village_id=village_id, household_id=house.id, phone_id=phone.id, channel=Channel.CALL, minute=450,
            contact_name=f"{mark}亲戚", contact_number=f"{number}9002", contact_texts=True, alarms=True,
            consent_by=f"{mark}同意", consent_on=date(2026, 1, 1), words_version=1, made_at=now, made_by="a",
            account_id=by.id,
        ),
        "task_id": PhoneTask(
            village_id=village_id, household_id=house.id, phone_id=phone.id, reason=TaskReason.REFUSED,
            stage=TaskStage.HEAD, opened_at=now,
        ),
        "drill_id": Incident(
            kind=IncidentKind.DRILL, village_id=village_id, group_id=group.id, village_name=f"{mark}村",
            group_name=f"{mark}组", opened_at=now,
        ),
        "key": Upload(
            key=f"k{village_id}", kind=UploadKind.ROSTER, brought_by="a", account_id=by.id, village_id=village_id,
            name=f"{mark}.csv", content=b"x", state=UploadState.READY, asked_at=now, created_at=now,
        ),
    }  # fmt: skip
    session.add_all(rows.values())
    session.flush()
    ids = {name: row.key if name == "key" else row.id for name, row in rows.items()}
    return ids | {
        "code": code, "group_id": group.id, "household_id": house.id, "phone_id": phone.id, "day": "2026-01-01",
        "incident_id": incident_id or ids["drill_id"], "list_id": 1, "account_id": by.id, "village_id": village_id,
        "mute_id": 1, "number": 1,
    }  # fmt: skip
