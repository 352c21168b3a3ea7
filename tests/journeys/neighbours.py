"""Neighbours with telephones, as in GoAlert's mocktwilio: whatever rings or texts them without being expected, fails.

    wang, li, chen = neighbours.settle("王建国", "李大明", "陈小红").phones
    li.answers("1")
    wang.calls_for_help()
    li.gets_call("王建国家求助")
    li.gets_text("王建国家求助")
    ...

At the end of a test every call and text that a telephone of it got must have been asked for by `gets_…`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.database import read_clock
from groups.models.roster import Group, Household, Language, Phone, PhoneKind, Village
from joint_defense.incidents.record import read_record
from joint_defense.models.incidents import Acknowledgement, Alert, Delivery, Incident
from joint_defense.rules.states import FINAL, DeliveryState
from tests.journeys.town import Town
from tests.support.handsets import Handset, NetworkError, eventually
from tests.support.handsets import answers as answering
from tests.support.telephony import Call, Text

VILLAGE = "墙下陶村"
# A telephone that waits for the test rings and listens so many times longer than the sped-up network's others.
PATIENCE = 8
Found = TypeVar("Found")


@dataclass(frozen=True)
class House:
    """A household to settle. `mobiles` and `landlines` say how many telephones it has, in that order."""

    head: str
    mobiles: int = 1
    landlines: int = 0
    silent: bool = False
    english: bool = False


class Telephone:
    """A telephone of a household, and what it expects."""

    def __init__(self, town: Town, house: House, number: str) -> None:
        self.house = house
        self.number = number
        self.home = f"{house.head}家"
        self.handset: Handset = town.network.handset(number)
        self._town = town
        self._known: set[str] = set()
        self._tolerated: list[str] = []
        self._may_be_rung = False

    def answers(self, press: str | None = None, **plan: Any) -> None:
        """Pick up (after 2 s) and press a key (1.5 s later), if any."""
        self.handset.script(answering(press, **plan))

    def waits(self) -> None:
        """Ring until the test picks up, and wait for the test's keys: the test takes its time on a busy machine."""
        self.handset.script({"do": "manual", "patience": PATIENCE})

    def picks_up(self) -> None:
        """Pick up, as soon as it rings."""
        eventually(lambda: self.handset.state == "ringing", f"{self.number} rings")
        self.handset.answer()

    def picks_up_and_presses(self, keys: str) -> None:
        self.picks_up()
        self.handset.press(keys)

    def presses(self, keys: str) -> None:
        self.handset.press(keys)

    def hangs_up(self) -> None:
        self.handset.hang_up()

    def calls_for_help(self, keys: str = "#9", **plan: Any) -> None:
        """Call our number, press #9, and stay on the line."""
        self.handset.dial(press=keys, **plan)

    def gets_call(self, words: str = "", status: str | None = None) -> Call:
        """The next call to it, once these words were heard in it, and it has that status."""

        def found() -> Call | None:
            for call in self.handset.incoming:
                if call.sid not in self._known and words in call.text and status in (None, call.status):
                    return call
            return None

        call = self._awaited(found, lambda: [(call.status, call.text) for call in self.handset.incoming], words)
        self._known.add(call.sid)
        return call

    def gets_text(self, words: str) -> str:
        """The next text to it that holds these words."""

        def found() -> Text | None:
            for text in self.handset.received:
                if text.direction == "outbound-api" and text.sid not in self._known and words in text.body:
                    return text
            return None

        text = self._awaited(found, lambda: [text.body for text in self.handset.received], words)
        self._known.add(text.sid)
        return text.body

    def is_alerted(self, words: str = "求助") -> None:
        """By a call, and by a text where it takes one."""
        if not self.is_landline:
            self.gets_text(words)
        self.gets_call()

    @property
    def is_landline(self) -> bool:
        return self.number.startswith("+86574")

    def may_get(self, words: str) -> None:
        """A text with these words may come, and need not."""
        self._tolerated.append(words)

    def may_be_rung(self) -> None:
        """A call may come, and need not."""
        self._may_be_rung = True

    def texts(self, body: str) -> str | None:
        """Text our number. What it answers at once."""
        return self.handset.text(body)

    def own_call(self, status: str | None = None) -> Call:
        """The last call it made itself, once it has that status."""
        mine = [call for call in self.handset.calls if call.direction == "inbound"]
        return self.handset.wait_for_own_call(status, nth=len(mine))

    def hears(self, words: str) -> Call:
        """The call in which it hears these words, be it rung or its own."""
        return self.handset.wait_until_hears(words)

    def unexpected(self) -> list[str]:
        """Whatever reached it that nobody has asked for."""
        calls = [call for call in self.handset.incoming if call.sid not in self._known and not self._may_be_rung]
        asked = self._town.network.requests(kind="message", to=self.number)
        texts = [
            entry["body"]
            for entry in asked
            if entry["sid"]
            and entry["sid"] not in self._known
            and not any(words in entry["body"] for words in self._tolerated)
        ]
        found = [f"{self.home} {self.number}: an unexpected call ({call.status}): {call.text}" for call in calls]
        return found + [f"{self.home} {self.number}: an unexpected text: {body}" for body in texts]

    def put_down(self) -> None:
        """End whatever call it is in. It may be over a moment before."""
        if self.handset.state != "idle":
            with suppress(NetworkError):
                self.handset.hang_up()

    def _awaited(self, look: Callable[[], Found | None], there: Callable[[], object], words: str) -> Found:
        try:
            return eventually(look, "")
        except AssertionError:
            raise AssertionError(f"{self.home} {self.number} waited in vain for {words!r}; it got {there()}") from None


@dataclass
class Street:
    """A group whose households stand in a row. `phones` has the first telephone of each, in the row's order."""

    town: Town
    group_id: int
    name: str
    houses: list[list[Telephone]] = field(default_factory=list)

    @property
    def phones(self) -> list[Telephone]:
        return [house[0] for house in self.houses]

    @property
    def every_phone(self) -> list[Telephone]:
        return [phone for house in self.houses for phone in house]

    def others(self, *callers: Telephone) -> list[Telephone]:
        """Every telephone of the other households."""
        return [phone for phone in self.every_phone if phone.house not in {caller.house for caller in callers}]

    def record(self) -> dict[str, Any]:
        """The group's newest incident, as `alarm show` has it."""
        with self.town.database.begin() as session:
            incident_id = session.scalar(select(func.max(Incident.id)).where(Incident.group_id == self.group_id))
            assert incident_id is not None, "this group has no incident"
            found = read_record(session, incident_id, ZoneInfo("Asia/Shanghai"))
        assert found is not None
        return found

    def answers(self) -> list[tuple[str, str]]:
        """Who has answered what, in the order of the answers."""
        return [(each["household"], str(each["answer"])) for each in self.record()["acknowledgements"]]

    def wait_for_answers(self, *expected: tuple[str, str]) -> None:
        """Until these answers are on record, in this order."""
        eventually(lambda: self.answers() == list(expected), f"{expected} is on record")

    def states(self, purpose: str = "alarm") -> dict[tuple[str, str], tuple[str, str | None]]:
        """Every delivery's state and failure, by household and channel; of several phones the last."""
        return {
            (each["household"], str(each["channel"])): (str(each["state"]), each["failure"])
            for each in self.record()["deliveries"]
            if each["purpose"] == purpose
        }

    def wait_until_over(self) -> None:
        """Until every attempt of the newest incident has come to a final state."""

        def all_over() -> bool:
            return all(
                each["state"] in FINAL for delivery in self.record()["deliveries"] for each in delivery["attempts"]
            )

        eventually(all_over, "every attempt has come to its end")

    def caller_has_gone(self) -> bool:
        """Whether the service knows that the first caller is not on the line any more."""
        with self.town.database.begin() as session:
            until = session.scalar(self._first_alert(Alert.on_line_until))
            return until is not None and until <= read_clock(session)

    def heard_answers(self) -> int:
        """How many answers the first caller has certainly heard on the line."""
        with self.town.database.begin() as session:
            heard = session.scalar(self._first_alert(Alert.heard_answer_id)) or 0
            counted = select(func.count()).where(
                Acknowledgement.incident_id.in_(select(Incident.id).where(Incident.group_id == self.group_id)),
                Acknowledgement.id <= heard,
            )
            return session.scalar(counted) or 0

    def _first_alert(self, column: Any) -> Any:
        return select(column).join(Incident).where(Incident.group_id == self.group_id).order_by(Alert.id).limit(1)

    def incidents(self) -> int:
        with self.town.database.begin() as session:
            return session.scalar(select(func.count()).where(Incident.group_id == self.group_id)) or 0


class Neighbours:
    """The streets of one test."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.streets: list[Street] = []

    def settle(
        self, *houses: str | House, leader: int | Telephone | None = None, deputy: int | Telephone | None = None
    ) -> Street:
        """A new group; leader and deputy by their place in the row, or a telephone of another street."""
        with self.town.database.begin() as session:
            village = session.scalars(select(Village)).first() or Village(code="T1", name=VILLAGE)
            session.add(village)
            count = session.scalar(select(func.count()).select_from(Group)) or 0
            group = Group(village=village, name=f"{count + 1}组", position=count)
            session.add(group)
            session.flush()
            street = Street(self.town, group.id, group.name)
            households = []
            for position, house in enumerate(houses, start=1):
                spec = House(house) if isinstance(house, str) else house
                households.append(self._move_in(session, group, street, spec, position))
            session.flush()
            group.leader_id = _household_id(session, households, leader)
            group.deputy_id = _household_id(session, households, deputy)
        self.streets.append(street)
        return street

    def _move_in(self, session: Session, group: Group, street: Street, house: House, position: int) -> Household:
        household = Household(
            village=group.village,
            group=group,
            head=house.head,
            door=str(position),
            landmark=f"桥东第{position}家",
            position=position,
            silent=house.silent,
        )
        session.add(household)
        kinds = [PhoneKind.MOBILE] * house.mobiles + [PhoneKind.LANDLINE] * house.landlines
        for rank, kind in enumerate(kinds, start=1):
            mobile = kind is PhoneKind.MOBILE
            tail = f"{group.position:04}{position:02}{rank}"
            household.phones.append(
                Phone(
                    number=f"+86138{tail:0>8}" if mobile else f"+86574{tail:8>8}",
                    rank=rank,
                    kind=kind,
                    may_text=mobile,
                    language=Language.ENGLISH if house.english else Language.CHINESE,
                )
            )
        street.houses.append([Telephone(self.town, house, phone.number) for phone in household.phones])
        return household

    def every_phone(self) -> Iterator[Telephone]:
        for street in self.streets:
            yield from street.every_phone

    def wait_until_all_is_sent(self) -> None:
        """Until nothing waits to be sent, and no sender has anything of theirs in hand."""
        numbers = [phone.number for phone in self.every_phone()]
        unsent = select(func.count()).where(
            Delivery.number.in_(numbers), Delivery.state.in_([DeliveryState.WAITING, DeliveryState.CLAIMED])
        )

        def nothing_left() -> bool:
            with self.town.database.begin() as session:
                return session.scalar(unsent) == 0

        eventually(nothing_left, "everything is sent")

    def surprises(self) -> list[str]:
        """Whatever reached a telephone and was not expected."""
        self.wait_until_all_is_sent()
        return [line for phone in self.every_phone() for line in phone.unexpected()]

    def go_home(self) -> None:
        """The test is over: nobody is on the phone any more, and no incident is open."""
        groups = [street.group_id for street in self.streets]
        with self.town.database.begin() as session:
            session.execute(
                update(Incident)
                .where(Incident.group_id.in_(groups), Incident.closed_at.is_(None))
                .values(closed_at=read_clock(session))
            )
        for phone in self.every_phone():
            phone.put_down()


def _household_id(session: Session, households: list[Household], office: int | Telephone | None) -> int | None:
    if isinstance(office, Telephone):
        return session.scalars(select(Phone.household_id).where(Phone.number == office.number)).one()
    return None if office is None else households[office].id
