"""The text that households agree to, by its versions; and the sheet of one consent, to be printed and signed."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from config.database import read_clock
from config.services import get_database
from groups.enrolment import consents
from groups.enrolment.queue import describe
from groups.errors import NoConsent
from groups.models.accounts import AccountRole
from groups.models.consents import ConsentText
from groups.models.enrolment import Subscription
from groups.web.enrolment.common import READERS, WRITERS, get_own_household, read_today, write_error
from groups.web.shell.access import get_signed_in, require
from groups.web.shell.forms import Form, TextField

pages = Blueprint("enrolment_consents", __name__)

PROPOSED = "\n".join(
    (
        "我同意十户联防服务保存本户的户主姓名、门牌、地标和电话号码，用于本户或邻居求助时相互呼叫；"
        "求助时，同组邻居、联防长、村负责人和镇值班人员会得知本户的姓名、位置和求助内容。",
        "开通期间运营商按月计费，费用由村和运营商按约定承担。",
        "我可以随时撤回同意，自撤回之日起停止；也可以要求查看、更正或删除本户的信息。",
    )
)
"""What an administrator finds in the form while the town has no text of its own. It counts once it is saved."""


class ConsentTextForm(Form):
    """A new version of the text."""

    text = TextField(most=consents.LONGEST_TEXT + 1, stripped=False)


@pages.get("/enrolment/consent")
@require(*WRITERS)
def show_texts() -> ResponseReturnValue:
    """The text in force, those before it, and for an administrator the form for another."""
    return _draw_texts()


@pages.post("/enrolment/consent")
@require(AccountRole.ADMIN)
def add_text() -> ResponseReturnValue:
    """Put a new version in force."""
    sent = ConsentTextForm.sent()
    try:
        with get_database().begin() as session:
            made = consents.add_text(session, sent.text.data, get_signed_in().name, read_clock(session))
    except NoConsent as error:
        return _draw_texts(sent.text.data, write_error(error)), 422
    flash(gettext("Version %(version)s is in force.", version=made.version), "success")
    return redirect(url_for("enrolment_consents.show_texts"), 303)


@pages.get("/enrolment/subscriptions/<int:subscription_id>/consent")
@require(*READERS)
def show_sheet(subscription_id: int) -> ResponseReturnValue:
    """The consent of one sign-up with the text as it was, for paper."""
    with get_database().begin() as session:
        row = session.get(Subscription, subscription_id)
        if row is None or not row.consent_by:
            abort(404)
        household = describe(session, [get_own_household(session, row.household_id).id], read_today(session))[0]
        text = None if row.consent_version is None else session.get(ConsentText, row.consent_version)
    return render_template("enrolment/consent_sheet.html", row=row, household=household, text=text)


def _draw_texts(typed: str | None = None, wrong: str = "") -> str:
    with get_database().begin(reads=True) as session:
        texts = consents.list_texts(session)
    proposed = typed if typed is not None else texts[0].text if texts else PROPOSED
    return render_template(
        "enrolment/consents.html",
        texts=texts,
        proposed=proposed,
        wrong=wrong,
        most=consents.LONGEST_TEXT,
        may_change=get_signed_in().role is AccountRole.ADMIN,
    )
