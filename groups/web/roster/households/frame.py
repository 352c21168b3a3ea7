"""What the pages of a household have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import clock
from config.services import database
from groups.errors import NoSuchHousehold, say
from groups.models.batch import Batch
from groups.models.roster import Household
from groups.roster import households
from groups.roster.reading import HouseLine, house_line
from groups.web.roster.common import new_batch
from groups.web.shell.access import own_village
from groups.web.shell.error_pages import page_for

pages = Blueprint("household", __name__)


@pages.errorhandler(IntegrityError)
def _at_once(error: IntegrityError) -> ResponseReturnValue:
    """Two people took the same number at the same instant, in two villages: the second looks again."""
    return page_for(409)


@contextmanager
def held(code: str, household_id: int, action: str) -> Iterator[tuple[Household, Batch]]:
    """A household whose village nobody else changes meanwhile, and the batch for what is done to it.

    Raises NoSuchHousehold.
    """
    with database().begin() as session:
        village = own_village(session, code, hold=True)
        yield households.household_of(session, village.id, household_id), new_batch(session, action)


def house_of(session: Session, village_id: int, household_id: int) -> HouseLine:
    """A household of the village as its pages show it. Raises NoSuchHousehold."""
    house = house_line(session, household_id, clock(session))
    if house is None or house.village_id != village_id:
        raise NoSuchHousehold(say("household_not_on_roster"))
    return house


def of_group(code: str, group_id: int | None) -> str:
    """The roster of a group; without one, of those in none."""
    if group_id is None:
        return url_for("villages.ungrouped", code=code)
    return url_for("group.show", code=code, group_id=group_id)
