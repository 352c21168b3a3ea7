"""A list of grids, responders or cameras as its pages have it: a village's, or without a village the town centre's.

The centre (社会服务管理中心) has responders only; an administrator keeps them, whoever sees the whole town reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database, get_settings
from groups.errors import GroupsError, NotPossible
from groups.models.accounts import AccountRole
from groups.models.changes import Action
from groups.models.responders import Responder
from groups.models.roster import Village
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.responders import files, lists
from groups.responders import on_duty as responders_on_duty
from groups.responders.jobs import WatchLists
from groups.responders.lists import Kind, Region, Row
from groups.uploads.uploads import KeptRows
from groups.web.roster.common import make_batch, tell, undo_address
from groups.web.roster.words import TEAMS
from groups.web.shell.access import KEEPERS, get_own_village, get_signed_in, keeps_rosters
from groups.web.shell.access_log import show_numbers
from groups.web.shell.downloads import name_download
from groups.web.shell.forms import Form, TextField, WordsField
from groups.web.shell.languages import tell_reader, write_error
from groups.web.shell.times import move_to_zone
from groups.web.uploads import flow
from groups.web.uploads.kinds import ListPages, Said

ROWS_A_PAGE = 100
LONGEST_SENT = 1000
"""Of a field, so that one that is too long is told so; what is longer yet is cut."""


class _GridForm(Form):
    name = TextField(most=LONGEST_SENT, stripped=False)
    virtual = TextField(most=LONGEST_SENT, stripped=False)
    groups = WordsField()


class _ResponderForm(Form):
    team = TextField(most=LONGEST_SENT, stripped=False)
    name = TextField(most=LONGEST_SENT, stripped=False)
    number = TextField(most=LONGEST_SENT, stripped=False)
    hours = TextField(most=LONGEST_SENT, stripped=False)
    reach = TextField(most=LONGEST_SENT, stripped=False)
    language = TextField(most=LONGEST_SENT, stripped=False)


class _CameraForm(Form):
    name = TextField(most=LONGEST_SENT, stripped=False)
    landmark = TextField(most=LONGEST_SENT, stripped=False)
    grid = TextField(most=LONGEST_SENT, stripped=False)


_FORMS: Mapping[Kind, type[Form]] = {
    Kind.GRIDS: _GridForm,
    Kind.RESPONDERS: _ResponderForm,
    Kind.CAMERAS: _CameraForm,
}
"""Their fields are `lists.HEADINGS`; what is wrong with one is `lists.check`'s to say."""
TITLES: Mapping[Kind, LazyString] = {
    Kind.RESPONDERS: _l("Responders and duty hours"),
    Kind.GRIDS: _l("Grids"),
    Kind.CAMERAS: _l("Cameras"),
}
FIELDS: Mapping[str, LazyString] = {
    "team": _l("Team"),
    "name": _l("Name"),
    "number": _l("Phone"),
    "hours": _l("Duty hours"),
    "reach": _l("Called or texted"),
    "language": _l("Language"),
    "virtual": _l("Real or virtual"),
    "groups": _l("Groups in it"),
    "landmark": _l("Landmark"),
    "grid": _l("Grid"),
}
_WORDS: Mapping[str, LazyString] = {
    "电话和短信": _l("Calls and texts"),
    "只打电话": _l("Calls only"),
    "只发短信": _l("Texts only"),
    "中文": _l("Chinese"),
    "英文": _l("English (language)"),
    "实体": _l("Real grid"),
    "虚拟": _l("Virtual grid"),
    **{responders_on_duty.TEAM_WORDS[team][0]: words for team, words in TEAMS.items()},
}
"""What the lists keep in Chinese, in the reader's language."""
_LISTS: Mapping[lists.Kind, str] = {
    lists.Kind.GRIDS: "网格",
    lists.Kind.RESPONDERS: "队员",
    lists.Kind.CAMERAS: "摄像头",
}
"""What a file of each list is called."""
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A row with its texts, and whether it is on duty now (None: that is not asked of it)."""

    id: int
    texts: dict[str, str]
    on_duty: bool | None


def list_word(text: str) -> LazyString | str:
    """What the lists keep in Chinese, in the reader's language."""
    return _WORDS.get(text, text)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose list it is: a village's by its code, or (None) the town centre's."""

    code: str | None

    def address(self, action: str, **values: Any) -> str:
        """The address of what is done with the list."""
        if self.code is None:
            return url_for(f"centre.{action}", **{name: each for name, each in values.items() if name != "kind"})
        return url_for(f"watch.{action}", code=self.code, **values)

    def village(self, session: Session, *, hold: bool = False) -> Village | None:
        """The village, or 404 where it is not there for whoever is signed in."""
        return None if self.code is None else get_own_village(session, self.code, hold=hold)


def _get_id(village: Village | None) -> int | None:
    return None if village is None else village.id


def archive_row(place: Place, which: Kind, row_id: int) -> ResponseReturnValue:
    """Take a row off the list; the next page can take that back."""
    with get_database().begin() as session:
        village = place.village(session, hold=True)
        row = _get_row(session, which, _get_id(village), row_id)
        batch = make_batch(session, Action(f"edit_{which}"))
        lists.archive(batch, row)
    tell(gettext("%(name)s was taken off the list.", name=row.name), batch, place.code)
    return _go_back(place, which)


def bring_list(place: Place, which: Kind) -> ResponseReturnValue:
    """Take a file in; nothing of it counts yet."""
    with get_database().begin() as session:
        village_id = _get_id(place.village(session))
    return flow.bring(UploadKind(which.value), village_id=village_id)


def export_rows(place: Place, which: Kind, form: str) -> ResponseReturnValue:
    """The list as a file that imports again to the same list."""
    if form not in TYPES:
        abort(404)
    with get_database().begin() as session:
        village = place.village(session)
        table = files.as_texts(session, which, _get_id(village), get_settings().default_region)
        today = move_to_zone(read_clock(session)).date()
    show_numbers(len(table))
    name, code = ("镇中心", "centre") if village is None else (village.name, village.code)
    content = files.as_csv(table) if form == "csv" else files.as_xlsx(table, f"{name}{_LISTS[which]}")
    called = name_download(f"{name}{_LISTS[which]}{today}.{form}", f"{code}-{which}-{today}.{form}")
    return Response(content, content_type=TYPES[form], headers=called)


def save_row(place: Place, kind: Kind, row_id: int | None) -> ResponseReturnValue:
    """Add a row, or change the one of this id."""
    sent = _FORMS[kind].sent()
    texts = {name: sent[name].data for name in lists.HEADINGS[kind]}
    if kind is Kind.GRIDS:
        texts["groups"] = "、".join(texts["groups"])
    wrong: dict[str, str] = {}
    try:
        with get_database().begin() as session:
            village = place.village(session, hold=True)
            row = None if row_id is None else _get_row(session, kind, _get_id(village), row_id)
            on_record = lists.read_list(session, kind, _get_id(village))
            checked = lists.check(on_record, texts, _make_region())
            wrong = {name: tell_reader(words) for name, words in checked.wrong.items()}
            if not wrong:
                batch = make_batch(session, Action(f"edit_{kind}"))
                kept = lists.keep(batch, on_record, row, checked)
    except GroupsError as error:
        wrong = {"name": write_error(error)}
    if wrong:
        return list_page(place, kind, row_id=row_id, texts=texts, wrong=wrong), 422
    tell(gettext("%(name)s was saved.", name=kept.name), batch, place.code)
    return _go_back(place, kind)


def list_page(
    place: Place,
    kind: Kind,
    *,
    row_id: int | None = None,
    texts: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
    refused: str = "",
) -> str:
    """The list; with a row's id, that row's form."""
    with get_database().begin() as session:
        village = place.village(session)
        rows = _list_shown(session, kind, _get_id(village))
        if row_id is not None and row_id not in {row.id for row in rows}:
            abort(404)
        choices = _list_choices(session, kind, _get_id(village))
    show_numbers(sum("number" in row.texts for row in rows))
    edited = next((row.texts for row in rows if row.id == row_id), {})
    return render_template(
        "responders/list.html" if row_id is None else "responders/row.html",
        village=village,
        place=place,
        kind=kind,
        titles=TITLES,
        fields=FIELDS,
        headings=lists.HEADINGS[kind],
        most_rows=files.MOST_ROWS,
        rows=rows,
        row_id=row_id,
        texts=texts if texts is not None else edited,
        choices=choices,
        wrong=wrong or {},
        refused=refused,
        keeps=get_signed_in().role is AccountRole.ADMIN if village is None else keeps_rosters(),
    )


def _list_shown(session: Session, kind: Kind, village_id: int | None) -> list[Shown]:
    local = read_clock(session).astimezone(get_settings().zone)
    on_duty = {each.id for each in responders_on_duty.list_on_duty(session, village_id, local)}
    return [
        Shown(
            row.id,
            lists.write_texts(session, row, get_settings().default_region),
            row.id in on_duty if isinstance(row, Responder) else None,
        )
        for row in lists.list_rows(session, kind, village_id)
    ]


def _list_choices(session: Session, kind: Kind, village_id: int | None) -> dict[str, list[str]]:
    """What may be chosen, by field."""
    if kind is Kind.RESPONDERS:
        teams = [chinese for chinese, _ in responders_on_duty.TEAM_WORDS.values()]
        return {"team": teams, "reach": list(lists.REACH), "language": list(lists.LANGUAGES)}
    if kind is Kind.CAMERAS:
        return {"grid": ["", *(row.name for row in lists.list_rows(session, Kind.GRIDS, village_id))]}
    groups = [] if village_id is None else [group.name for group in lists.list_groups(session, village_id)]
    return {"virtual": [lists.REAL, lists.VIRTUAL], "groups": groups}


class WatchPages(ListPages):
    """A list is there for whoever brought it; the centre's for an administrator alone."""

    kinds = frozenset({UploadKind.RESPONDERS, UploadKind.GRIDS, UploadKind.CAMERAS})
    lists = WatchLists()
    roles = KEEPERS
    frame = "responders/list_frame.html"

    def admit(self, session: Session, upload: Upload, *, hold: bool = False) -> None:
        flow.admit_bringer(upload)
        if upload.village_id is None and get_signed_in().role is not AccountRole.ADMIN:
            abort(404)
        _find_place(session, upload).village(session, hold=hold)

    def begin(self, upload: Upload, wrong: str = "") -> str:
        with get_database().begin() as session:
            place = _find_place(session, upload)
        return list_page(place, Kind(upload.kind.value), refused=wrong)

    def begin_address(self, session: Session, upload: Upload) -> str:
        return _find_place(session, upload).address("show", kind=upload.kind.value)

    def heading(self, session: Session, upload: Upload) -> str:
        return str(gettext("Import this list") + gettext(": ")) + str(TITLES[Kind(upload.kind.value)])

    def fields(self) -> Mapping[str, LazyString | str]:
        return {"": gettext("not used"), **FIELDS}

    def preview(self, session: Session, upload: Upload, said: Said) -> str:
        number, last = flow.read_page_number(upload.length, ROWS_A_PAGE)
        rows = KeptRows(upload.id).page(session, ROWS_A_PAGE * (number - 1), ROWS_A_PAGE)
        place, kind = _find_place(session, upload), Kind(upload.kind.value)
        show_numbers(len(rows))
        return render_template(
            "responders/import.html",
            upload=upload,
            said=said,
            done=upload.state is UploadState.WRITTEN,
            heading=self.heading(session, upload),
            fields={name: words for name, words in self.fields().items() if not name or name in lists.HEADINGS[kind]},
            village=place.village(session),
            back=self.begin_address(session, upload),
            wrong=upload.summary["wrong"],
            rows=[{"change": row.verdict, **row.data} for row in rows],
            words=flow.tell,
            number=number,
            last=last,
        )

    def after_writing(self, session: Session, upload: Upload) -> str:
        place, changes = _find_place(session, upload), upload.summary["changes"]
        if upload.batch:
            words = gettext("The list was imported: %(count)s changes.", count=changes)
            flash(words, f"undo:{undo_address(place.code, upload.batch)}")
        return place.address("show", kind=upload.kind.value)


def _find_place(session: Session, upload: Upload) -> Place:
    return Place(None if upload.village_id is None else session.get_one(Village, upload.village_id).code)


def _get_row(session: Session, kind: Kind, village_id: int | None, row_id: int) -> Row:
    try:
        return lists.hold_row(session, kind, village_id, row_id)
    except NotPossible:
        abort(404)


def read_kind(word: str) -> Kind:
    """The list of this name, or 404."""
    if word not in set(Kind):
        abort(404)
    return Kind(word)


def _make_region() -> Region:
    of = get_settings()
    return Region(of.default_region, of.default_area_code, of.countries)


def _go_back(place: Place, kind: Kind) -> ResponseReturnValue:
    return redirect(place.address("show", kind=kind.value), 303)
