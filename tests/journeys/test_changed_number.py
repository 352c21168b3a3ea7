"""A number is changed on the web page: at the next #9 the new one rings, and the old one stays silent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count

import requests
from sqlalchemy import select

from config.database import read_clock
from groups.accounts.accounts import create_account
from groups.accounts.passwords import hash_password
from groups.models.accounts import AccountRole
from groups.models.roster import Household, Phone, Village
from tests.journeys.neighbours import House, Neighbours, Telephone
from tests.journeys.town import Town

PASSWORD = "seven camphor trees"
_SERIAL = count(1)


@dataclass
class VillageHead:
    """A village head's browser at the service's own address."""

    town: Town
    browser: requests.Session = field(default_factory=requests.Session)

    def sign_in(self) -> None:
        name = f"村干部{next(_SERIAL)}"
        with self.town.database.begin() as session:
            code = session.scalars(select(Village.code)).first()
            create_account(
                session, name, AccountRole.VILLAGE_HEAD, hash_password(PASSWORD), read_clock(session), village_code=code
            )
        self.fill_in("/sign-in", "/sign-in", login=name, password=PASSWORD)

    def fill_in(self, page: str, action: str, **fields: str) -> str:
        """Send a form of a page; the page that comes of it."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.browser.get(self.town.url + page).text)
        assert token is not None, page
        answer = self.browser.post(self.town.url + action, {"csrf_token": token[1], **fields})
        assert answer.ok, answer.text
        return answer.text


def _roster_page(town: Town, telephone: Telephone) -> tuple[str, str]:
    """The page of the telephone's group, and the address that its 改号 sends to."""
    with town.database.begin() as session:
        code, group_id, house_id, phone_id = session.execute(
            select(Village.code, Household.group_id, Household.id, Phone.id)
            .join(Household, Phone.household_id == Household.id)
            .join(Village, Household.village_id == Village.id)
            .where(Phone.number == telephone.number, Phone.archived_at.is_(None))
        ).one()
    return f"/villages/{code}/groups/{group_id}", f"/villages/{code}/households/{house_id}/phones/{phone_id}/number"


def test_the_number_changed_on_the_page_rings_at_the_next_alarm_and_the_old_one_stays_silent(
    town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, old, chen = street.phones
    new = Telephone(town, House("李大明"), old.number.replace("+86138", "+86137"))
    head = VillageHead(town)
    head.sign_in()
    group, change = _roster_page(town, old)
    assert change in head.browser.get(town.url + group).text, "改号 stands on the group's page"
    page = head.fill_in(group, change, number=new.number.removeprefix("+86"))
    assert "新号码：137" in page

    new.answers("1")
    chen.answers(hang_up_after=15)
    wang.calls_for_help()
    new.is_alerted()
    chen.is_alerted()
    street.wait_for_answers(("李大明家", "coming"))
    street.wait_until_over()
    # What `neighbours` asks of every telephone, said here because it is the point.
    assert old.unexpected() == []
    assert town.network.requests(to=old.number) == []
    new.may_get("")
    new.put_down()
