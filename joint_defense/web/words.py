"""What is known of an incident, in words and drawings: each state has both, so that colour is never alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask import Flask
from flask_babel import LazyString, get_locale, gettext, ngettext
from flask_babel import lazy_gettext as _l

from groups.web.shell.access_log import show_numbers
from joint_defense.carriers import port
from joint_defense.incidents.past import PastIncident
from joint_defense.incidents.record import mask_number
from joint_defense.rules.answers import Given
from joint_defense.rules.escalation import Level, Whom
from joint_defense.rules.parties import OverseerKind
from joint_defense.rules.states import ClosingOutcome, IncidentKind, Role
from joint_defense.rules.triggers import Category, is_keys
from joint_defense.rules.wording.alarm import find_official_number, write_local_number
from joint_defense.web.board.incident import Board, Voice
from joint_defense.web.board.incident_list import Summary
from joint_defense.web.board.rules.household_state import Contact, HouseholdState

# A state's word, its drawing, and how loud it is: danger, warning, busy, good, quiet.
Sign = tuple[LazyString, str, str]

HOUSEHOLD_STATES: Mapping[HouseholdState, Sign] = {
    HouseholdState.UNREACHED: (_l("Not reached"), "missed", "danger"),
    HouseholdState.NO_KEY: (_l("Picked up, no key pressed"), "warning", "warning"),
    HouseholdState.NOT_PICKED_UP: (_l("Did not pick up, has a text"), "missed", "warning"),
    HouseholdState.TEXTED: (_l("Has a text, no answer"), "text", "warning"),
    HouseholdState.ON_LINE: (_l("On the phone now"), "phone", "busy"),
    HouseholdState.RINGING: (_l("Ringing"), "ringing", "busy"),
    HouseholdState.WAITING: (_l("About to be rung"), "clock", "busy"),
    HouseholdState.CANNOT: (_l("Cannot come"), "cannot", "quiet"),
    HouseholdState.COMING: (_l("Coming"), "coming", "good"),
    HouseholdState.ON_SCENE: (_l("There"), "there", "good"),
    HouseholdState.NOT_NEEDED: (_l("Not needed any more"), "cannot", "quiet"),
}
CONTACTS: Mapping[Contact, LazyString] = {
    Contact.WAITING: _l("waiting"),
    Contact.AGAIN: _l("to be tried again"),
    Contact.PLACING: _l("being placed"),
    Contact.RINGING: _l("ringing"),
    Contact.ON_LINE: _l("on the phone"),
    Contact.PICKED_UP: _l("picked up"),
    Contact.SENT: _l("sent"),
    Contact.DELIVERED: _l("delivered"),
    Contact.BUSY: _l("busy"),
    Contact.NO_ANSWER: _l("no answer"),
    Contact.FAILED: _l("failed"),
    Contact.NOT_NEEDED: _l("not needed"),
}
OUTCOMES: Mapping[ClosingOutcome, LazyString] = {
    ClosingOutcome.HELPED: _l("Helped"),
    ClosingOutcome.POLICE: _l("Handed over to the police (110)"),
    ClosingOutcome.FIRE_BRIGADE: _l("Handed over to the fire brigade (119)"),
    ClosingOutcome.AMBULANCE: _l("Handed over to the ambulance (120)"),
    ClosingOutcome.FALSE_ALARM: _l("False alarm"),
    ClosingOutcome.ACCIDENTAL: _l("Pressed by accident"),
    ClosingOutcome.MALICIOUS: _l("Malicious"),
    ClosingOutcome.DRILL: _l("Drill"),
    ClosingOutcome.LAPSED: _l("Closed by the clock"),
    ClosingOutcome.RESTORED: _l("Open when the database was restored"),
}
CATEGORIES: Mapping[Category, LazyString] = {
    Category.UNSPECIFIED: _l("Call for help"),
    Category.BURGLARY: _l("Burglary"),
    Category.FIRE: _l("Fire"),
    Category.MEDICAL: _l("Injury or illness"),
    Category.OTHER: _l("Other trouble"),
}


WHOM: Mapping[Whom, LazyString] = {
    Whom.LEADERS: _l("leader and deputy again"),
    Whom.DUTY: _l("whoever is on duty in the village"),
    Whom.BACKUP: _l("back-up group"),
    Whom.NEIGHBOURS: _l("neighbouring groups"),
    Whom.CENTRE: _l("the town's centre"),
}
LEVELS: Mapping[Level, LazyString] = {
    Level.PLAIN: _l("Widened"),
    Level.YELLOW: _l("Wider call – yellow"),
    Level.RED: _l("Wider call – red"),
}
LEVELS_ALONE: Mapping[Level, LazyString] = {
    Level.PLAIN: _l("No colour"),
    Level.YELLOW: _l("Yellow"),
    Level.RED: _l("Red"),
}
ROLES: Mapping[Role, LazyString] = {
    Role.LEADER: _l("Leader"),
    Role.DEPUTY: _l("Deputy"),
    Role.DUTY: _l("On duty"),
    Role.BACKUP: _l("Back-up group"),
    Role.NEIGHBOUR: _l("Neighbouring group"),
    Role.CENTRE: _l("Town centre"),
    Role.HEAD: _l("Village head"),
    Role.OPERATOR: _l("Operator on duty"),
}
"""Why a household or responder is called, where it is more than a member of the group."""

MOST_NAMED = 3
"""Of those who come so many are named in the list of incidents."""

OVERSEER_KINDS: Mapping[OverseerKind, LazyString] = {
    OverseerKind.HEAD: _l("Village head"),
    OverseerKind.LEADERS: _l("Leader and deputy of the group"),
    OverseerKind.OPERATORS: _l("Operator on duty"),
}


def register(app: Flask) -> None:
    """Give templates the words."""
    app.jinja_env.globals.update(
        household_states=HOUSEHOLD_STATES,
        contacts=CONTACTS,
        outcomes=OUTCOMES,
        categories=CATEGORIES,
        levels=LEVELS,
        roles=ROLES,
        headline=write_headline,
        official_numbers=list_official_numbers,
    )
    app.jinja_env.filters.update(
        household_name=write_household_name,
        comers=name_comers,
        place=write_place,
        written=write_number,
        carrier_words=explain_carrier_code,
        whom=name_whom,
        masked=mask_number,
    )


def is_in_chinese() -> bool:
    """Whether the reader reads Chinese."""
    return str(get_locale()).startswith("zh")


def write_household_name(voice: Voice | Summary | PastIncident) -> str:
    """The household that calls, as the reader's language has it."""
    name = voice.household if is_in_chinese() else voice.household_en
    return name[:1].upper() + name[1:]


def write_place(voice: Voice | Summary | PastIncident) -> str:
    """Where it is, as the reader's language has it."""
    return voice.place if is_in_chinese() else voice.place_en


def write_headline(board: Board) -> str:
    """Who calls, in a line: the page's title."""
    names = gettext(", ").join(write_household_name(voice) for voice in board.voices)
    words: str
    if board.kind is IncidentKind.WORDLESS:
        words = _write_wordless(names, [voice.text for voice in board.voices if voice.text])
    elif board.is_open:
        words = ngettext(
            "%(households)s calls for help", "%(households)s call for help", len(board.voices), households=names
        )
    else:
        words = gettext("%(households)s called for help: it is over", households=names)
    return words


def _write_wordless(names: str, said: Sequence[str]) -> str:
    """Who called and raised no alarm, with the keys that were pressed, or that somebody spoke."""
    words: str
    if any(not is_keys(each) for each in said):
        words = gettext("%(household)s called and spoke, and did not press #9", household=names)
    elif said:
        words = gettext("%(household)s called and pressed %(keys)s, not #9", household=names, keys=said[-1])
    else:
        words = gettext("A call without a word from %(households)s", households=names)
    return words


def name_comers(comers: Sequence[Given]) -> str:
    """Who comes, in a line; of many the first, and how many more."""
    names = [each.name_in("zh" if is_in_chinese() else "en") for each in comers]
    shown: str = gettext(", ").join(name[:1].upper() + name[1:] for name in names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    if more > 0:
        shown += gettext(" and %(count)d more", count=more)
    return shown


def list_official_numbers(category: Category) -> tuple[str, ...]:
    """The emergency numbers that belong to a category; the police's always."""
    return tuple(dict.fromkeys((find_official_number(category), "110")))


def name_whom(whom: Iterable[Whom]) -> str:
    """Who is called in a step, in a line."""
    separator: str = gettext(", ")
    return separator.join(str(WHOM[each]) for each in whom)


def write_number(number: str) -> str:
    """A number as people write it, in groups: 139 8194 8219, 0574 8880 5255, 010 6552 9988."""
    show_numbers()
    plain = write_local_number(number)
    if not plain.isdigit() or len(plain) < 10:
        return plain
    # Area codes have four digits, but for the capital's and those of the large cities: 010, 02x.
    head = 3 if plain.startswith(("1", "010", "02")) else 4
    return f"{plain[:head]} {plain[head:-4]} {plain[-4:]}"


def explain_carrier_code(code: str | None) -> str:
    """A carrier's code, in words where it is known."""
    return port.explain(code, "zh" if is_in_chinese() else "en")
