"""What the pages of a household have in common."""

from __future__ import annotations

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import clock
from groups.errors import NoSuchHousehold
from groups.models import Village
from groups.roster_reading import HouseLine, house_line
from groups.web.error_pages import page_for

pages = Blueprint("household", __name__, template_folder="../templates")


@pages.errorhandler(IntegrityError)
def _at_once(error: IntegrityError) -> ResponseReturnValue:
    """Two people took the same number at the same instant, in two villages: the second looks again."""
    return page_for(409)


def house_of(session: Session, village: Village, household_id: int) -> HouseLine:
    """A household of the village as its pages show it. Raises NoSuchHousehold."""
    house = house_line(session, household_id, clock(session))
    if house is None or house.village_id != village.id:
        raise NoSuchHousehold("该户已不在名册 this household is not on the roster")
    return house


def of_group(code: str, group_id: int | None) -> str:
    """The roster of a group; without one, of those in none."""
    if group_id is None:
        return url_for("villages.ungrouped", code=code)
    return url_for("group.show", code=code, group_id=group_id)
