"""The town's villages, a village's home, and the search in it."""

from __future__ import annotations

from collections.abc import Collection

from flask import Blueprint, Flask, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from config.database import read_clock
from config.services import get_database
from groups.enrolment.queue import Found, count_enrolled_outside, find_households
from groups.errors import GroupsError
from groups.models.accounts import AccountRole
from groups.models.changes import Action
from groups.models.roster import VillageKind
from groups.roster import groups
from groups.roster import villages as roster_villages
from groups.roster.reading import list_group_names, list_houses, list_village_houses, read_village
from groups.roster.search import list_villages, search
from groups.rules.days import find_local_day
from groups.web.roster import words
from groups.web.roster.common import make_batch, tell
from groups.web.shell import navigation, slots
from groups.web.shell.access import KEEPERS, READERS, TOWN_WIDE, get_own_village, get_signed_in, require
from groups.web.shell.forms import Form, TextField
from groups.web.shell.languages import write_error
from groups.web.shell.times import get_zone


class NewVillageForm(Form):
    """A village's code, name and kind."""

    code = TextField(most=17)
    name = TextField(most=65, stripped=False)
    kind = TextField(most=16)


class NewGroupForm(Form):
    """The name of a group."""

    name = TextField(most=65, stripped=False)


pages = Blueprint("villages", __name__)


def register(app: Flask) -> None:
    """Add the pages, and let others add to a village's home: its banner and its large buttons."""
    slots.SLOTS.keep(app, slots.Slots())
    words.register(app)
    app.register_blueprint(pages)
    also = ("group", "household", "history", "watch", "imports", "printing")
    navigation.add(app, "villages.show_mine", lazy_gettext("Rosters"), "people", READERS, also=also)


@pages.get("/villages")
@require(*TOWN_WIDE)
def show_villages() -> ResponseReturnValue:
    """The villages of the town, a page at a time; with `q`, the villages and the households that it finds."""
    return _draw_index()


@pages.post("/villages")
@require(AccountRole.ADMIN)
def create() -> ResponseReturnValue:
    """Add a village."""
    form = NewVillageForm.sent()
    kind = VillageKind.COMMITTEE if form.kind.data == VillageKind.COMMITTEE else VillageKind.VILLAGE
    try:
        with get_database().begin() as session:
            batch = make_batch(session, Action.ADD_VILLAGE)
            code = roster_villages.create_village(session, form.code.data, form.name.data, kind, record=batch).code
    except GroupsError as error:
        return _draw_index(wrong=write_error(error)), 422
    return redirect(url_for("villages.show", code=code), 303)


def _draw_index(wrong: str = "") -> str:
    text, after = request.args.get("q", "")[:64], request.args.get("after", "")[:16]
    people: tuple[list[Found], bool] | None = None
    with get_database().begin() as session:
        found, more = list_villages(session, text, after)
        if text.strip() and not after:
            people = find_households(session, text, find_local_day(read_clock(session), get_zone()))
        codes = (
            roster_villages.read_codes(session, {each.village_id for each in people[0]}) if people is not None else {}
        )
    return render_template(
        "roster/villages.html",
        villages=found,
        more=more,
        text=text,
        after=after,
        links=_choose_for_role(slots.SLOTS.of().town_links),
        wrong=wrong,
        people=people,
        codes=codes,
    )


@pages.get("/villages/<code>")
@require(*READERS)
def show(code: str) -> ResponseReturnValue:
    """A village's home; with `q`, what a search in it finds."""
    return _draw_home(code)


@pages.post("/villages/<code>/groups")
@require(*KEEPERS)
def add_group(code: str) -> ResponseReturnValue:
    """Add a group."""
    try:
        with get_database().begin() as session:
            village = get_own_village(session, code, hold=True)
            batch = make_batch(session, Action.ADD_GROUP)
            group = groups.add_group(batch, village.id, NewGroupForm.sent().name.data)
    except GroupsError as error:
        return _draw_home(code, wrong=write_error(error)), 422
    tell(gettext("%(group)s was added.", group=group.name), batch, code)
    return redirect(url_for("group.show", code=code, group_id=group.id), 303)


@pages.get("/villages/<code>/ungrouped")
@require(*READERS)
def show_ungrouped(code: str) -> ResponseReturnValue:
    """The households that no group has taken in yet."""
    return draw_ungrouped(code)


@pages.get("/villages/<code>/to-check")
@require(*READERS)
def show_to_check(code: str) -> ResponseReturnValue:
    """The households whose phones are to be checked, of all groups, each with what mends it."""
    with get_database().begin() as session:
        village = get_own_village(session, code)
        houses = [
            house for house in list_village_houses(session, village.id, read_clock(session)) if house.needs_mending
        ]
        names = dict(list_group_names(session, village.id))
    # Some are in no group yet: those come last.
    of_groups = {group_id: [house for house in houses if house.group_id == group_id] for group_id in names}
    parts = [(names[group_id], those) for group_id, those in of_groups.items() if those]
    if rest := [house for house in houses if house.group_id not in names]:
        parts.append(("", rest))
    return render_template("roster/to_check.html", village=village, parts=parts)


def draw_ungrouped(code: str, wrong: str = "", picked: Collection[int] = (), chosen: int | None = None) -> str:
    """That page; with what is wrong, and what was picked."""
    with get_database().begin() as session:
        village = get_own_village(session, code)
        houses = list_houses(session, village.id, None, read_clock(session))
        there = list_group_names(session, village.id)
    return render_template(
        "roster/ungrouped.html",
        village=village,
        houses=houses,
        groups=there,
        wrong=wrong,
        picked=picked,
        chosen=chosen,
    )


def _draw_home(code: str, wrong: str = "") -> str:
    text = request.args.get("q", "")[:64]
    with get_database().begin() as session:
        village = get_own_village(session, code)
        now = read_clock(session)
        found = search(session, village.id, text, now) if text.strip() else None
        today = find_local_day(now, get_zone())
        home = read_village(session, village, now, today)
        enrolled_outside = count_enrolled_outside(session, village.id, today) if home.ungrouped else 0
    banner = slots.SLOTS.of().banner
    return render_template(
        "roster/village.html",
        village=village,
        home=home,
        enrolled_outside=enrolled_outside,
        text=text,
        found=found,
        banner=banner(village.id) if banner is not None else "",
        notes=[note(village.id, village.code) for note in slots.SLOTS.of().village_notes],
        buttons=_choose_for_role(slots.SLOTS.of().village_buttons),
        links=_choose_for_role(slots.SLOTS.of().village_links),
        wrong=wrong,
    )


def _choose_for_role(buttons: list[slots.Button]) -> list[slots.Button]:
    role = get_signed_in().role
    return [each for each in buttons if role in each.roles]


@pages.get("/roster")
@require(*READERS)
def show_mine() -> ResponseReturnValue:
    """The first page of whoever keeps or reads rosters: their village, or all villages."""
    return redirect(_find_home_address(), 303)


def _find_home_address() -> str:
    account = get_signed_in()
    if account.village_id is None:
        return url_for("villages.show_villages")
    with get_database().begin() as session:
        code = roster_villages.find_code(session, account.village_id)
    if code is None:
        abort(404)
    return url_for("villages.show", code=code)
