"""What the pages of a household have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import clock
from groups import roster_households
from groups.changes import Batch
from groups.errors import NoSuchHousehold
from groups.models import Household
from groups.roster_reading import HouseLine, house_line
from groups.web.error_pages import page_for
from groups.web.roster_admission import database, new_batch, own_village

pages = Blueprint("household", __name__, template_folder="../templates")


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
        yield roster_households.household_of(session, village.id, household_id), new_batch(session, action)


def house_of(session: Session, village_id: int, household_id: int) -> HouseLine:
    """A household of the village as its pages show it. Raises NoSuchHousehold."""
    house = house_line(session, household_id, clock(session))
    if house is None or house.village_id != village_id:
        raise NoSuchHousehold("该户已不在名册 this household is not on the roster")
    return house


def of_group(code: str, group_id: int | None) -> str:
    """The roster of a group; without one, of those in none."""
    if group_id is None:
        return url_for("villages.ungrouped", code=code)
    return url_for("group.show", code=code, group_id=group_id)
