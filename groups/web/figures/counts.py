"""Counts of households and thresholds: what the figures are divided by and measured against, entered or imported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.services import get_database
from groups.coverage import counts as coverage_counts
from groups.coverage.jobs import CountLists, rebuild_rows
from groups.coverage.rules.count_rows import CountColumn
from groups.coverage.rules.figures import read_basis_points
from groups.coverage.rules.query import read_choice
from groups.errors import CountedMeanwhile, GroupsError, InvalidCount, UnknownVillage, say
from groups.models.accounts import AccountRole
from groups.models.batch import Batch
from groups.models.figures import HouseholdCount, Threshold
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.roster.search import get_village_meant
from groups.rules.counting import CountKind
from groups.rules.days import read_day
from groups.uploads.uploads import KeptRows
from groups.web.enrolment.common import (
    WRITERS,
    list_own_villages,
    read_chosen_village,
    read_day_field,
    read_today,
    write_error,
)
from groups.web.enrolment.history import read_done_to
from groups.web.figures.words import name_kind
from groups.web.roster.common import make_batch
from groups.web.shell.access import require
from groups.web.shell.request_sizes import allow_size
from groups.web.shell.times import get_zone
from groups.web.uploads import flow
from groups.web.uploads.kinds import ListPages, Said

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
    return _draw_page()


@pages.post("")
@require(*WRITERS)
def write() -> ResponseReturnValue:
    """Write one count down."""
    form = request.form
    try:
        with get_database().begin() as session:
            day = read_day_field("day", read_today(session))
            households = _read_number(form.get("households", ""))
            kind = read_choice(CountKind, form.get("kind", ""))
            code = get_village_meant(session, form.get("village", "")).code
            batch = make_batch(session, "set_count")

            def change(batch: Batch) -> bool:
                return coverage_counts.set_count(batch, code, kind, day, households)

            effect = _preview_change(batch, code, kind, change)
            news = not effect and change(batch)
    except GroupsError as error:
        return _draw_page(write_error(error)), _find_status(error)
    if effect:
        return _draw_page(effect=effect)
    flash(gettext("The count was written down.") if news else gettext("The count stands there already."), "success")
    return _go_back(code)


@pages.post("/remove")
@require(*WRITERS)
def remove() -> ResponseReturnValue:
    """Take a count out that should never have been there."""
    form = request.form
    try:
        with get_database().begin() as session:
            kind, day = read_choice(CountKind, form.get("kind", "")), read_day(form.get("day", ""))
            code = form.get("village", "")
            batch = make_batch(session, "remove_count")

            def change(batch: Batch) -> None:
                coverage_counts.remove_count(batch, code, kind, day)

            effect = _preview_change(batch, code, kind, change)
            if not effect:
                change(batch)
    except GroupsError as error:
        return _draw_page(write_error(error)), _find_status(error)
    if effect:
        return _draw_page(effect=effect)
    flash(gettext("The count was taken out."), "success")
    return _go_back(form.get("village", ""))


@pages.post("/import")
@require(*WRITERS)
@allow_size(flow.A_LIST)
def bring() -> ResponseReturnValue:
    """Take a list of counts in; nothing of it counts yet."""
    try:
        with get_database().begin() as session:
            day = read_day_field("day", read_today(session))
    except GroupsError as error:
        return _draw_page(write_error(error)), 422
    return flow.bring(UploadKind.COUNTS, options={"day": day.isoformat()})


@pages.post("/thresholds")
@require(_ADMIN)
def write_threshold() -> ResponseReturnValue:
    """From a day on, another coverage makes a demonstration village; or take a threshold out again."""
    form = request.form
    try:
        with get_database().begin() as session:
            if "remove" in form:
                coverage_counts.remove_threshold(make_batch(session, "remove_threshold"), read_day(form["remove"]))
            else:
                day = read_day_field("day", read_today(session))
                basis_points = read_basis_points(form.get("percent", ""))
                coverage_counts.set_threshold(make_batch(session, "set_threshold"), day, basis_points)
    except GroupsError as error:
        return _draw_page(of_threshold=write_error(error)), _find_status(error)
    flash(gettext("The threshold was changed."), "success")
    return redirect(url_for("counts.show", _anchor="thresholds"), 303)


def _preview_change(
    batch: Batch, code: str, kind: CountKind, change: Callable[[Batch], object]
) -> list[coverage_counts.DayRefigured]:
    """What the change does to days that have been, before it is done; nothing where somebody has confirmed it."""
    if request.form.get("confirmed"):
        return []
    return coverage_counts.preview_change(batch, code, kind, get_zone(), change)


def _go_back(code: str) -> ResponseReturnValue:
    """To the counts, in a county to those of the village with this code."""
    with get_database().begin() as session:
        many = list_own_villages(session).many
    return redirect(url_for("counts.show", village=code if many else None), 303)


def _find_status(error: GroupsError) -> int:
    if isinstance(error, UnknownVillage):
        return 404
    return 409 if isinstance(error, CountedMeanwhile) else 422


def _draw_page(wrong: str = "", *, of_threshold: str = "", effect: Sequence[coverage_counts.DayRefigured] = ()) -> str:
    """The page; what is wrong stands beside the fields that it is about."""
    with get_database().begin() as session:
        villages = list_own_villages(session, read_chosen_village(session))
        listed = villages.offered or [each for each in (villages.chosen,) if each]
        return render_template(
            "figures/counts.html",
            wrong=wrong,
            of_threshold=of_threshold,
            villages=villages,
            listed=listed,
            counts=_group_by_village(session, [village.id for village in listed]),
            kinds=[*CountKind],
            thresholds=session.scalars(select(Threshold).order_by(Threshold.starts_on.desc())).all(),
            today=read_today(session),
            given=request.form,
            effect=effect,
            done=read_done_to(session, "household_counts", "thresholds"),
        )


def _group_by_village(session: Session, villages: Collection[int]) -> dict[int, list[HouseholdCount]]:
    counts: dict[int, list[HouseholdCount]] = defaultdict(list)
    for count in coverage_counts.read_counts(session, villages):
        counts[count.village_id].append(count)
    return counts


def _read_number(text: str) -> int:
    plain = text.strip().replace(",", "")
    if not plain.isascii() or not plain.isdigit() or len(plain) > 9:
        raise InvalidCount(say("households_no_whole_number"))
    return int(plain)


class _CountPages(ListPages):
    """A list of counts is there for whoever brought it, and for nobody else."""

    kinds = frozenset({UploadKind.COUNTS})
    lists = CountLists()
    roles = WRITERS
    frame = "figures/counts_frame.html"

    def admit(self, session: Session, upload: Upload, *, hold: bool = False) -> None:
        flow.admit_bringer(upload)

    def begin(self, upload: Upload, wrong: str = "") -> str:
        return _draw_page(wrong)

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
