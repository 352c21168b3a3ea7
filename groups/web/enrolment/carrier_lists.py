"""The carrier's list: where it is brought, and its preview, with doubtful rows decided side by side."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Flask, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.services import get_database
from groups.enrolment.carrier_lists import exports
from groups.enrolment.carrier_lists import index as carrier_lists_index
from groups.enrolment.carrier_lists.jobs import CarrierLists
from groups.enrolment.carrier_lists.preview import rebuild_rows
from groups.enrolment.carrier_lists.rules.judgement import LEFT_OUT, SKIP, Judged, Verdict
from groups.enrolment.carrier_lists.rules.rows import ListColumn
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.uploads.uploads import KeptRows
from groups.web.enrolment.common import WRITERS
from groups.web.shell.access import require
from groups.web.shell.access_log import show_numbers
from groups.web.shell.downloads import TOWN
from groups.web.shell.security import allow_size
from groups.web.uploads import flow
from groups.web.uploads.kinds import ListPages, Said

pages = Blueprint("enrolment_lists", __name__)

AT_A_TIME = 20
"""Doubtful rows on a page; as many as a person decides in one sitting."""
_MOST_LISTS = 20
_SHOWN = 200


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)
    flow.add(app, _CarrierPages())


@pages.get("/enrolment/lists")
@require(*WRITERS)
def show_lists() -> ResponseReturnValue:
    """The lists brought in so far, and a form for the next."""
    return _draw_index()


@pages.post("/enrolment/lists")
@require(*WRITERS)
@allow_size(flow.A_LIST)
def bring() -> ResponseReturnValue:
    """Take a file in; nothing of it counts yet."""
    return flow.bring(UploadKind.CARRIER)


@pages.get("/enrolment/lists/<int:list_id>")
@require(*WRITERS)
def show(list_id: int) -> ResponseReturnValue:
    """Where a list was in release 0.1."""
    with get_database().begin() as session:
        key = session.scalar(select(Upload.key).where(Upload.id == list_id, Upload.kind == UploadKind.CARRIER))
    if key is None:
        abort(404)
    return redirect(url_for("uploads.show", key=key), 303)


def _draw_index(wrong: str = "") -> str:
    of_carrier = select(Upload).where(Upload.kind == UploadKind.CARRIER).order_by(Upload.id.desc())
    with get_database().begin() as session:
        found = session.scalars(of_carrier.limit(_MOST_LISTS)).all()
    return render_template("enrolment/lists.html", lists=found, wrong=wrong)


class _CarrierPages(ListPages):
    """Carrier's lists are there for everybody who enrols."""

    kinds = frozenset({UploadKind.CARRIER})
    lists = CarrierLists()
    roles = WRITERS
    frame = "enrolment/list_frame.html"

    def admit(self, session: Session, upload: Upload, *, hold: bool = False) -> None:
        """Whoever has the role may see all of them."""

    def begin(self, upload: Upload, wrong: str = "") -> str:
        return _draw_index(wrong)

    def begin_address(self, session: Session, upload: Upload) -> str:
        return url_for("enrolment_lists.show_lists")

    def heading(self, session: Session, upload: Upload) -> str:
        return upload.name

    def fields(self) -> Mapping[str, str]:
        return {
            "": gettext("not used"),
            ListColumn.NUMBER: gettext("Number"),
            ListColumn.NAME: gettext("Customer"),
            ListColumn.ADDRESS: gettext("Address"),
            ListColumn.PLAN: gettext("Plan"),
            ListColumn.START: gettext("Start"),
            ListColumn.END: gettext("End"),
        }

    def decision(self, value: str) -> int | None:
        return int(value) if value.isdecimal() and value.isascii() else None

    def mend(self, session: Session, upload: Upload) -> tuple[bytes, str] | None:
        left_out = _read_rows(session, KeptRows(upload.id).of(*LEFT_OUT))
        show_numbers(len(left_out))
        return exports.export_rows_to_mend(left_out), f"{TOWN}运营商名单"

    def preview(self, session: Session, upload: Upload, said: Said) -> str:
        kept, counts = KeptRows(upload.id), upload.summary.get("counts", {})
        shown = {"upload": upload, "said": said, "counts": counts}
        if upload.state is UploadState.WRITTEN:
            return render_template("enrolment/list_written.html", **shown)
        return render_template(
            "enrolment/list.html",
            **shown,
            fields=self.fields(),
            doubtful=_read_rows(session, kept.of(Verdict.DOUBTFUL), AT_A_TIME),
            compare=carrier_lists_index.empty_index(session).compare,
            left=counts.get(Verdict.DOUBTFUL, 0),
            decided=_read_rows(session, kept.decided()),
            noted=_read_rows(session, kept.noted(), _SHOWN),
            to_write=upload.summary["to_write"],
            verdicts=Verdict,
            skip=SKIP,
        )


def _read_rows(session: Session, kept: KeptRows, most: int | None = None) -> list[Judged]:
    return rebuild_rows(row.data for row in kept.page(session, size=most))
