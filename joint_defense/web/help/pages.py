"""The pages of help, and their leaflets. Whoever is not signed in reads them too: how to call for help is no secret."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Flask, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext

from config.services import get_settings
from groups.directory.town_figures import FAMILY, NothingToPrint, print_apart
from groups.web.shell import navigation
from groups.web.shell.access import open_to_all, require
from groups.web.shell.downloads import TOWN, name_download
from groups.web.shell.languages import CHINESE, write_error
from groups.web.shell.times import move_to_zone
from joint_defense.processes.runtime import get_runtime
from joint_defense.rules.wording.alarm import write_local_number
from joint_defense.web.help.topics import TOPICS, Readers, Topic, find_topic_of
from joint_defense.web.words import is_in_chinese

pages = Blueprint("help", __name__, url_prefix="/help")
_TEMPLATE = Path(__file__).parent / "leaflet.typ"
_PAPERS = ("a4", "a5")
_EVERYBODY = "villagers"
"""In an address: the leaflets for villagers, all of them."""


def register(app: Flask) -> None:
    """Add the pages, and the way from every other page to its own topic."""
    app.register_blueprint(pages)
    navigation.set_help(app, _find_address)


@pages.get("")
@open_to_all("how to call for help is no secret")
def show_index() -> ResponseReturnValue:
    """All topics: those for villagers, then those for whoever keeps the roster."""
    return render_template("help/index.html", topics=TOPICS.values(), readers=Readers, papers=_PAPERS)


@pages.get("/<topic>")
@open_to_all("how to call for help is no secret")
def show(topic: str) -> ResponseReturnValue:
    """One topic."""
    found, language, number = _get_topic(topic), _name_language(), _find_number()
    return render_template(
        "help/topic.html",
        topic=found,
        number=number,
        texts=found.texts.get(language, ()),
        said=found.list_said(language, number),
        papers=_PAPERS,
    )


@pages.get("/<topic>.pdf")
@require()
def print_leaflet(topic: str) -> ResponseReturnValue:
    """One topic on a sheet of `paper` (a4, a5), or all that are for villagers, a sheet each."""
    paper = request.args.get("paper", "a4")
    if paper not in _PAPERS:
        abort(400)
    if topic == _EVERYBODY:
        printed = [each for each in TOPICS.values() if each.readers is Readers.VILLAGERS]
    else:
        printed = [_get_topic(topic)]
    told: dict[str, object] = {"family": FAMILY, "paper": paper, "number": _find_number(), "words": _make_words()}
    told["sheets"] = [_make_sheet(each) for each in printed]
    try:
        content = print_apart(_TEMPLATE, told, get_runtime().database.estimate_now().date())
    except NothingToPrint as error:
        flash(write_error(error), "danger")
        return redirect(url_for("help.show_index"), 303)
    today = move_to_zone(get_runtime().database.estimate_now()).date()
    with force_locale(CHINESE):
        what = "村民须知" if topic == _EVERYBODY else str(printed[0].title)
    plain = f"help-{topic}-{today}-{paper}.pdf"
    called = name_download(f"{TOWN}十户联防{what}{today}-{paper.upper()}.pdf", plain, inline=True)
    return Response(content, mimetype="application/pdf", headers=called)


def _make_sheet(topic: Topic) -> dict[str, object]:
    said = topic.list_said(_name_language(), _find_number())
    return {
        "title": str(topic.title),
        "drawing": render_template("help/drawing.html", topic=topic, number=_find_number()),
        "steps": topic.write_steps(_find_number()),
        "said": [{"way": str(each.way), "words": each.words} for each in said],
        "writes": topic.texts.get(_name_language(), ()),
    }


def _make_words() -> dict[str, str]:
    """What stands on every sheet, in the reader's language."""
    return {
        "brand": gettext("Joint Defence"),
        "number": gettext("Our number"),
        "police": gettext("Police 110 · Fire 119 · Ambulance 120. This service calls neighbours only."),
        "writes": gettext("Words that work"),
        "said": gettext("What is said"),
    }


def _get_topic(key: str) -> Topic:
    return TOPICS.get(key) or abort(404)


def _find_number() -> str:
    """The town's own number, as neighbours dial it."""
    return write_local_number(get_settings().twilio_from_number[0])


def _name_language() -> str:
    return "zh" if is_in_chinese() else "en"


def _find_address() -> str:
    """The help for the page that is shown."""
    topic = find_topic_of(request.endpoint or "")
    return url_for("help.show_index") if topic is None else url_for("help.show", topic=topic.key)
