"""A household moves to another group or village, comes home, or leaves the roster."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from groups.enrolment import subscriptions
from groups.errors import GroupsError, NoSuchHousehold
from groups.models.accounts import AccountRole
from groups.models.roster import Group
from groups.roster import households
from groups.roster.search import get_village_meant
from groups.web.roster.common import find_way_back, tell
from groups.web.roster.households.frame import draw_group, hold_household, pages
from groups.web.shell.access import KEEPERS, require
from groups.web.shell.forms import Form, IdField, TextField
from groups.web.shell.languages import write_error


class ToGroupForm(Form):
    """The group that a household moves to; none named: into none."""

    group = IdField()


class ToVillageForm(Form):
    """The village that a household moves to, by code or name, and its door there."""

    village = TextField(most=64)
    door = TextField(most=65)


@pages.post("/villages/<code>/households/<int:household_id>/move")
@require(*KEEPERS)
def move(code: str, household_id: int) -> ResponseReturnValue:
    """Into another group, or into none."""
    group_id = ToGroupForm.sent().group.data or None
    try:
        with hold_household(code, household_id, "move_household") as (household, batch):
            households.move_household(batch, household, group_id)
            group = None if group_id is None else batch.session.get(Group, group_id)
            where = gettext("no group") if group is None else group.name
    except NoSuchHousehold:
        raise
    except GroupsError as error:
        flash(write_error(error), "danger")
        return redirect(url_for("household.show", code=code, household_id=household_id), 303)
    tell(gettext("%(head)s was moved to %(group)s.", head=household.head, group=where), batch, code)
    return redirect(draw_group(code, group_id), 303)


@pages.post("/villages/<code>/households/<int:household_id>/village")
@require(AccountRole.ADMIN)
def move_village(code: str, household_id: int) -> ResponseReturnValue:
    """Into another village, named by its code or its name; its phones and its subscription go along."""
    here, sent = url_for("household.show", code=code, household_id=household_id), ToVillageForm.sent()
    try:
        with hold_household(code, household_id, "move_village") as (household, batch):
            group_id = household.group_id
            wanted = get_village_meant(batch.session, sent.village.data)
            subscriptions.move(batch, household.id, wanted.code, sent.door.data)
    except NoSuchHousehold:
        raise
    except GroupsError as error:
        flash(write_error(error), "danger")
        return redirect(f"{here}#move-village", 303)
    tell(gettext("%(head)s lives in %(village)s now.", head=household.head, village=wanted.name), batch, code)
    return redirect(draw_group(code, group_id), 303)


@pages.post("/villages/<code>/households/<int:household_id>/back")
@require(*KEEPERS)
def return_home(code: str, household_id: int) -> ResponseReturnValue:
    """They are at home again."""
    with hold_household(code, household_id, "back_home") as (household, batch):
        households.set_away(batch, household, None)
    tell(gettext("%(head)s is at home again.", head=household.head), batch, code)
    return redirect(find_way_back(draw_group(code, household.group_id)), 303)


@pages.post("/villages/<code>/households/<int:household_id>/archive")
@require(*KEEPERS)
def archive(code: str, household_id: int) -> ResponseReturnValue:
    """Off the roster, its phones with it."""
    with hold_household(code, household_id, "archive_household") as (household, batch):
        group_id = household.group_id
        households.archive_household(batch, household)
    tell(gettext("%(head)s was archived. Its numbers are free for others.", head=household.head), batch, code)
    return redirect(draw_group(code, group_id), 303)
