"""Counts of households and thresholds: what the figures are divided by and measured against, entered or imported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from flask import Blueprint, Flask, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import ValidationError

from config.services import get_database
from groups.coverage import counts as coverage_counts
from groups.coverage.jobs import CountLists, rebuild_rows
from groups.coverage.rules.count_rows import CountColumn
from groups.coverage.rules.figures import read_basis_points
from groups.coverage.rules.query import read_choice
from groups.enrolment.rules.periods import check_likely, check_soon
from groups.errors import CountedMeanwhile, GroupsError, UnknownVillage, UnlikelyStart, say
from groups.models.accounts import AccountRole
from groups.models.batch import Batch
from groups.models.changes import Action
from groups.models.figures import HouseholdCount, Threshold
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.roster.search import get_village_meant
from groups.rules.counting import CountKind
from groups.uploads.uploads import KeptRows
from groups.web.enrolment.common import (
    WRITERS,
    list_own_villages,
    read_chosen_village,
    read_today,
    write_error,
)
from groups.web.enrolment.history import read_done_to
from groups.web.figures.words import name_kind
from groups.web.roster.common import make_batch
from groups.web.shell.access import require
from groups.web.shell.forms import DayField, Form, MarkField, Needed, ParsedField, TextField, read_whole_number
from groups.web.shell.languages import tell_reader
from groups.web.shell.security import allow_size
from groups.web.shell.times import get_zone
from groups.web.uploads import flow
from groups.web.uploads.kinds import ListPages, Said

_NO_NUMBER = "households_no_whole_number"


class TakenOutCountForm(Form):
    """A count that is to go. `confirmed`: what it does to days that have been was seen."""

    village = TextField(most=64)
    kind = ParsedField(by=partial(read_choice, CountKind), validators=[Needed(say("choose_kind_of_count"))])
    day = DayField()
    confirmed = MarkField()


class CountForm(TakenOutCountForm):
    """A count as it is to be; without a day, of today. `meant` repeats an unlikely day."""

    households = ParsedField(by=partial(read_whole_number, flaw=_NO_NUMBER), validators=[Needed(say(_NO_NUMBER))])
    meant = TextField(most=10)


class ListForm(Form):
    """The day of a list's rows that name none; today where it is empty."""

    day = DayField()


class ThresholdForm(Form):
    """A threshold in per cent, from a day on; or the day of one that is taken out. `meant` repeats an unlikely day."""

    percent = ParsedField(by=read_basis_points)
    day = DayField()
    remove = DayField()
    meant = TextField(most=10)

    def validate_percent(self, field: ParsedField) -> None:
        """Needed unless one is taken out."""
        if self.remove.data is None and field.data is None and not field.process_errors:
            raise ValidationError(tell_reader(say("no_threshold")))


_FIELDS = {"count_of_a_day_to_come": "day", "starts_long_ago": "day", "households_out_of_range": "households"}
"""The field that a refusal of the use case is about, by its message."""

pages = Blueprint("counts", __name__, url_prefix="/coverage/counts")

ROWS_A_PAGE = 100
_ADMIN = AccountRole.ADMIN


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)
    flow.add(app, _CountPages())


@pages.get("")
@require(*WRITERS)
def show() -> ResponseReturnValue:
    """The counts of every village, in a county those of the one that the address asks for; and the thresholds."""
    return _draw_page(CountForm.empty())


@pages.post("")
@require(*WRITERS)
def write() -> ResponseReturnValue:
    """Write one count down."""
    form = CountForm.sent()
    if not form.validate():
        return _draw_page(form, form.wrong), 422
    try:
        with get_database().begin() as session:
            day = form.day.data or read_today(session)
            code = get_village_meant(session, form.village.data).code
            check_likely(day, read_today(session), form.meant.data)
            batch = make_batch(session, Action.SET_COUNT)

            def change(batch: Batch) -> bool:
                return coverage_counts.set_count(batch, code, form.kind.data, day, form.households.data)

            effect = _preview_change(batch, code, form, change)
            # More signed up than are counted is possible, and mostly a slip: asked before it is written down.
            signed_up = 0 if form.confirmed.data else coverage_counts.count_subscribed_in(session, code, day)
            exceeded = signed_up if signed_up > form.households.data else 0
            news = not effect and not exceeded and change(batch)
    except GroupsError as error:
        return _draw_page(form, _place(error), asks=isinstance(error, UnlikelyStart)), _find_status(error)
    if effect or exceeded:
        return _draw_page(form, effect=effect, exceeded=exceeded)
    flash(gettext("The count was written down.") if news else gettext("The count stands there already."), "success")
    return _go_back(code)


@pages.post("/remove")
@require(*WRITERS)
def remove() -> ResponseReturnValue:
    """Take a count out that should never have been there."""
    form = TakenOutCountForm.sent()
    if not form.validate() or form.day.data is None:
        return _draw_page(form, {"": form.first_wrong or tell_reader(say("name_the_day"))}), 422
    code, kind, day = form.village.data, form.kind.data, form.day.data
    try:
        with get_database().begin() as session:
            batch = make_batch(session, Action.REMOVE_COUNT)

            def change(batch: Batch) -> None:
                coverage_counts.remove_count(batch, code, kind, day)

            effect = _preview_change(batch, code, form, change)
            if not effect:
                change(batch)
    except GroupsError as error:
        return _draw_page(form, {"": write_error(error)}), _find_status(error)
    if effect:
        return _draw_page(form, effect=effect)
    flash(gettext("The count was taken out."), "success")
    return _go_back(code)


@pages.post("/import")
@require(*WRITERS)
@allow_size(flow.A_LIST)
def bring() -> ResponseReturnValue:
    """Take a list of counts in; nothing of it counts yet."""
    form = ListForm.sent()
    if not form.validate():
        return _draw_page(CountForm.empty(), {"import_day": form.first_wrong}), 422
    with get_database().begin() as session:
        day = form.day.data or read_today(session)
    return flow.bring(UploadKind.COUNTS, options={"day": day.isoformat()})


@pages.post("/thresholds")
@require(_ADMIN)
def write_threshold() -> ResponseReturnValue:
    """From a day on, another coverage makes a demonstration village; or take a threshold out again."""
    form = ThresholdForm.sent()
    if not form.validate():
        return _draw_page(CountForm.empty(), of_threshold=form), 422
    try:
        with get_database().begin() as session:
            if form.remove.data is not None:
                coverage_counts.remove_threshold(make_batch(session, Action.REMOVE_THRESHOLD), form.remove.data)
            else:
                day = form.day.data or read_today(session)
                check_likely(day, read_today(session), form.meant.data)
                check_soon(day, read_today(session), form.meant.data)
                coverage_counts.set_threshold(make_batch(session, Action.SET_THRESHOLD), day, form.percent.data)
    except GroupsError as error:
        asks = isinstance(error, UnlikelyStart)
        (form.day if asks else form.percent).errors = [write_error(error)]
        return _draw_page(CountForm.empty(), of_threshold=form, asks=asks), _find_status(error)
    flash(gettext("The threshold was changed."), "success")
    return redirect(url_for("counts.show", _anchor="thresholds"), 303)


def _preview_change(
    batch: Batch, code: str, form: TakenOutCountForm, change: Callable[[Batch], object]
) -> list[coverage_counts.DayRefigured]:
    """What the change does to days that have been, before it is done; nothing where somebody has confirmed it."""
    if form.confirmed.data:
        return []
    return coverage_counts.preview_change(batch, code, form.kind.data, get_zone(), change)


def _go_back(code: str) -> ResponseReturnValue:
    """To the counts, in a county to those of the village with this code."""
    with get_database().begin() as session:
        many = list_own_villages(session).many
    return redirect(url_for("counts.show", village=code if many else None), 303)


def _find_status(error: GroupsError) -> int:
    if isinstance(error, UnknownVillage):
        return 404
    return 409 if isinstance(error, CountedMeanwhile) else 422


def _place(error: GroupsError) -> dict[str, str]:
    """A refusal of a count, by the field that it is about; "": by none."""
    name = "village" if isinstance(error, UnknownVillage) else _FIELDS.get(error.message.code, "")
    return {name: write_error(error)}


_NOTHING: Mapping[str, str] = {}


def _draw_page(
    form: TakenOutCountForm,
    wrong: Mapping[str, str] = _NOTHING,
    *,
    of_threshold: ThresholdForm | None = None,
    asks: bool = False,
    effect: Sequence[coverage_counts.DayRefigured] = (),
    exceeded: int = 0,
) -> str:
    """The page; what is wrong stands beside the fields that it is about. `asks`: whether the day sent is meant.

    `exceeded`: so many are signed up on the day, more than it counts.
    """
    with get_database().begin() as session:
        villages = list_own_villages(session, read_chosen_village(session))
        listed = villages.offered or [each for each in (villages.chosen,) if each]
        return render_template(
            "figures/counts.html",
            wrong=wrong,
            of_threshold=of_threshold.wrong if of_threshold else {},
            asks=asks,
            villages=villages,
            listed=listed,
            counts=_group_by_village(session, [village.id for village in listed]),
            kinds=[*CountKind],
            thresholds=session.scalars(select(Threshold).order_by(Threshold.starts_on.desc())).all(),
            today=read_today(session),
            given=form.typed,
            given_threshold=of_threshold.typed if of_threshold else {},
            effect=effect,
            exceeded=exceeded,
            done=read_done_to(session, "household_counts", "thresholds"),
        )


def _group_by_village(session: Session, villages: Collection[int]) -> dict[int, list[HouseholdCount]]:
    counts: dict[int, list[HouseholdCount]] = defaultdict(list)
    for count in coverage_counts.read_counts(session, villages):
        counts[count.village_id].append(count)
    return counts


class _CountPages(ListPages):
    """A list of counts is there for whoever brought it, and for nobody else."""

    kinds = frozenset({UploadKind.COUNTS})
    lists = CountLists()
    roles = WRITERS
    frame = "figures/counts_frame.html"

    def admit(self, session: Session, upload: Upload, *, hold: bool = False) -> None:
        flow.admit_bringer(upload)

    def begin(self, upload: Upload, wrong: str = "") -> str:
        return _draw_page(CountForm.empty(), {"file": wrong} if wrong else {})

    def begin_address(self, session: Session, upload: Upload) -> str:
        return url_for("counts.show")

    def heading(self, session: Session, upload: Upload) -> str:
        return str(gettext("Import a list of counts"))

    def fields(self) -> Mapping[str, str]:
        return {
            "": gettext("not used"),
            CountColumn.CODE: gettext("Code of the village"),
            CountColumn.VILLAGE: gettext("Village"),
            CountColumn.DAY: gettext("Day"),
            CountColumn.KIND: gettext("Kind of count"),
            CountColumn.HOUSEHOLDS: gettext("Number of households"),
            **{CountColumn(kind.value): name_kind(kind.value) for kind in CountKind},
        }

    def preview(self, session: Session, upload: Upload, said: Said) -> str:
        number, last = flow.read_page_number(upload.length, ROWS_A_PAGE)
        rows = KeptRows(upload.id).page(session, ROWS_A_PAGE * (number - 1), ROWS_A_PAGE)
        return render_template(
            "figures/counts_import.html",
            upload=upload,
            said=said,
            done=upload.state is UploadState.WRITTEN,
            fields=self.fields(),
            judged=rebuild_rows(row.data for row in rows),
            news=upload.summary["news"],
            number=number,
            last=last,
        )

    def after_writing(self, session: Session, upload: Upload) -> str:
        news = upload.summary["news"]
        flash(ngettext("One count was written down.", "%(num)d counts were written down.", news), "success")
        return url_for("counts.show")
