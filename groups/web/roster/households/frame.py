"""What the pages of a household have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database
from groups.errors import NoSuchHousehold, say
from groups.models.batch import Batch
from groups.models.roster import Household
from groups.roster import households
from groups.roster.reading import HouseLine, find_house
from groups.web.roster.common import make_batch
from groups.web.shell.access import get_own_village
from groups.web.shell.error_pages import show_error

pages = Blueprint("household", __name__)


@pages.errorhandler(IntegrityError)
def _answer_at_once(error: IntegrityError) -> ResponseReturnValue:
    """Two people took the same number at the same instant, in two villages: the second looks again."""
    return show_error(409)


@contextmanager
def hold_household(code: str, household_id: int, action: str) -> Iterator[tuple[Household, Batch]]:
    """A household whose village nobody else changes meanwhile, and the batch for what is done to it.

    Raises NoSuchHousehold.
    """
    with get_database().begin() as session:
        village = get_own_village(session, code, hold=True)
        yield households.get_household(session, village.id, household_id), make_batch(session, action)


def get_house(session: Session, village_id: int, household_id: int) -> HouseLine:
    """A household of the village as its pages show it. Raises NoSuchHousehold."""
    house = find_house(session, household_id, read_clock(session))
    if house is None or house.village_id != village_id:
        raise NoSuchHousehold(say("household_not_on_roster"))
    return house


def draw_group(code: str, group_id: int | None) -> str:
    """The roster of a group; without one, of those in none."""
    if group_id is None:
        return url_for("villages.show_ungrouped", code=code)
    return url_for("group.show", code=code, group_id=group_id)
