"""A group's roster: its households in a row of doors, who leads it, how it is split, merged and put in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from config.database import read_clock
from config.services import get_database
from groups.errors import GroupsError, NoSuchHousehold
from groups.models.batch import Batch
from groups.models.changes import Action
from groups.models.roster import Group
from groups.roster import groups
from groups.roster.reading import list_group_names, list_house_names, list_houses, read_group_card
from groups.rules.days import find_local_day
from groups.web.roster.common import find_way_back, make_batch, tell, wants_fragment
from groups.web.shell import slots
from groups.web.shell.access import KEEPERS, READERS, get_own_village, require
from groups.web.shell.forms import Form, IdField, IdsField, TextField
from groups.web.shell.languages import write_error
from groups.web.shell.times import get_zone


class SettingsForm(Form):
    """A group's name, its leader and deputy (households), and its back-up group, by their ids."""

    name = TextField(most=65, stripped=False)
    leader_id = IdField()
    deputy_id = IdField()
    backup_group_id = IdField()


class SplitForm(Form):
    """The households that leave, and the name of their group."""

    household = IdsField()
    name = TextField(most=65, stripped=False)


class MergeForm(Form):
    """The group that takes the households."""

    into = IdField()


class OrderForm(Form):
    """A household that goes up or down by one, or all in their new order."""

    up = IdField()
    down = IdField()
    household = IdsField()


pages = Blueprint("group", __name__)

_OFFICES = ("leader_id", "deputy_id", "backup_group_id")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)


@pages.get("/villages/<code>/groups/<int:group_id>")
@require(*READERS)
def show(code: str, group_id: int) -> ResponseReturnValue:
    """The group's households door by door."""
    return _draw_roster(code, group_id)


@pages.get("/villages/<code>/groups/<int:group_id>/settings")
@require(*KEEPERS)
def show_settings_form(code: str, group_id: int) -> ResponseReturnValue:
    """Name, leader, deputy, back-up group; splitting, merging, archiving."""
    return _draw_settings(code, group_id)


@pages.post("/villages/<code>/groups/<int:group_id>/settings")
@require(*KEEPERS)
def save_settings(code: str, group_id: int) -> ResponseReturnValue:
    """Change name, leader, deputy and back-up group."""
    form = SettingsForm.sent()
    offices = {name: form[name].data or None for name in _OFFICES}
    try:
        with _hold(code, group_id, Action.EDIT_GROUP) as (group, batch):
            groups.rename_group(batch, group, form.name.data)
            groups.set_offices(batch, group, **offices)
    except NoSuchHousehold:
        raise
    except GroupsError as error:
        return _draw_settings(code, group_id, wrong=write_error(error), sent="settings"), 422
    tell(gettext("%(group)s was changed.", group=group.name), batch, code)
    return redirect(url_for("group.show", code=code, group_id=group_id), 303)


@pages.post("/villages/<code>/groups/<int:group_id>/split")
@require(*KEEPERS)
def split(code: str, group_id: int) -> ResponseReturnValue:
    """Let some households leave into a new group."""
    try:
        with _hold(code, group_id, Action.SPLIT_GROUP) as (group, batch):
            form = SplitForm.sent()
            made = groups.split_group(batch, group, form.household.data, form.name.data)
    except NoSuchHousehold:
        raise
    except GroupsError as error:
        return _draw_settings(code, group_id, wrong=write_error(error), sent="split"), 422
    tell(gettext("%(group)s was split: %(made)s is new.", group=group.name, made=made.name), batch, code)
    return redirect(url_for("group.show", code=code, group_id=made.id), 303)


@pages.post("/villages/<code>/groups/<int:group_id>/merge")
@require(*KEEPERS)
def merge(code: str, group_id: int) -> ResponseReturnValue:
    """Put all households into another group, and archive this one."""
    try:
        with _hold(code, group_id, Action.MERGE_GROUPS) as (group, batch):
            into = groups.get_group(batch.session, group.village_id, MergeForm.sent().into.data or 0)
            groups.merge_groups(batch, group, into)
    except NoSuchHousehold:
        return _draw_settings(code, group_id, wrong=gettext("Choose a group.")), 422
    except GroupsError as error:
        return _draw_settings(code, group_id, wrong=write_error(error)), 422
    tell(gettext("%(group)s was merged into %(into)s.", group=group.name, into=into.name), batch, code)
    return redirect(url_for("group.show", code=code, group_id=into.id), 303)


@pages.post("/villages/<code>/groups/<int:group_id>/archive")
@require(*KEEPERS)
def archive(code: str, group_id: int) -> ResponseReturnValue:
    """Take an empty group off the roster."""
    try:
        with _hold(code, group_id, Action.ARCHIVE_GROUP) as (group, batch):
            groups.archive_group(batch, group)
    except NoSuchHousehold:
        raise
    except GroupsError as error:
        return _draw_settings(code, group_id, wrong=write_error(error)), 422
    tell(gettext("%(group)s was archived.", group=group.name), batch, code)
    return redirect(url_for("villages.show", code=code), 303)


@pages.post("/villages/<code>/groups/<int:group_id>/order")
@require(*KEEPERS)
def save_order(code: str, group_id: int) -> ResponseReturnValue:
    """Put the doors in another order: one household up or down, or all as they were dragged."""
    form = OrderForm.sent()
    try:
        with _hold(code, group_id, Action.REORDER_HOUSEHOLDS) as (group, batch):
            if moved := form.up.data or form.down.data:
                groups.move_along(batch, group, moved, up=bool(form.up.data))
            else:
                groups.put_in_order(batch, group, form.household.data)
    except NoSuchHousehold:
        raise
    except GroupsError as error:
        flash(write_error(error), "danger")
        return _draw_list(code, group_id)
    tell(gettext("The order of the doors was changed."), batch, code)
    return _draw_list(code, group_id)


@contextmanager
def _hold(code: str, group_id: int, action: Action) -> Iterator[tuple[Group, Batch]]:
    """A group whose village nobody else changes meanwhile, and the batch for what is done to it."""
    with get_database().begin() as session:
        village = get_own_village(session, code, hold=True)
        yield groups.get_group(session, village.id, group_id), make_batch(session, action)


def _draw_list(code: str, group_id: int) -> ResponseReturnValue:
    """The row of doors once more for htmx, the page for others."""
    if wants_fragment():
        return _draw_roster(code, group_id, fragment=True)
    return redirect(find_way_back(url_for("group.show", code=code, group_id=group_id, ordering=1)), 303)


def _draw_roster(code: str, group_id: int, *, fragment: bool = False) -> str:
    with get_database().begin() as session:
        village = get_own_village(session, code)
        groups.get_group(session, village.id, group_id)
        now = read_clock(session)
        houses = list_houses(session, village.id, group_id, now)
        card = read_group_card(session, group_id, houses, find_local_day(now, get_zone()))
    return render_template(
        "roster/group_houses.html" if fragment else "roster/group.html",
        village=village,
        card=card,
        houses=houses,
        ordering=fragment or "ordering" in request.args,
        notes=[note(village.code, group_id) for note in slots.SLOTS.of().group_notes],
        fragment=fragment,
    )


def _draw_settings(code: str, group_id: int, wrong: str = "", sent: str = "") -> str:
    """The group's forms; the one that was `sent` and refused as it was filled in."""
    with get_database().begin() as session:
        village = get_own_village(session, code)
        group = groups.get_group(session, village.id, group_id)
        houses = list_houses(session, village.id, group_id, read_clock(session))
        others = [each for each in list_group_names(session, village.id) if each[0] != group_id]
        everybody = list_house_names(session, village.id)
    name, chosen = group.name, {office: getattr(group, office) for office in _OFFICES}
    if sent == "settings":
        form = SettingsForm.sent()
        name, chosen = form.name.data, {office: form[office].data for office in _OFFICES}
    asked = SplitForm.sent() if sent == "split" else SplitForm.empty()
    return render_template(
        "roster/group_settings.html",
        village=village,
        group=group,
        houses=houses,
        others=others,
        everybody=everybody,
        wrong=wrong,
        name=name,
        chosen=chosen,
        leaving=asked.household.data,
        new_name=asked.name.data,
    )
