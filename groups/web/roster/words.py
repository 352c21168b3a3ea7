"""The roster's flaws and changes in words: what, why, and what to do about it. No codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Flask
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from config.services import settings as the_settings
from groups.history.reading import Names
from groups.history.undo import Obstacle, Why
from groups.models.accounts import AccountRole
from groups.models.changes import Change, Source
from groups.models.responders import Team
from groups.models.roster import FirstHelp, Language
from groups.responders.rules import duty
from groups.roster.reading import PhoneLine
from groups.roster.rules.health import FEWEST, MOST, GroupFlaw, HouseFlaw, PhoneFlaw
from groups.rules.phone import as_written_here
from groups.web.shell.access import keeps_rosters
from groups.web.shell.languages import CHINESE, chosen_language
from groups.web.shell.times import day_words, local

GROUP_FLAWS: Mapping[GroupFlaw, LazyString] = {
    GroupFlaw.UNREACHABLE: _l("Fewer than two households can be reached: whoever calls here gets no help"),
    GroupFlaw.TOO_FEW: _l(
        "Fewer than %(count)s households: consider merging it with a neighbouring group", count=FEWEST
    ),
    GroupFlaw.TOO_MANY: _l("More than %(count)s households: consider splitting it", count=MOST),
    GroupFlaw.NO_LEADER: _l("No leader is set"),
}
HOUSE_FLAWS: Mapping[HouseFlaw, LazyString] = {
    HouseFlaw.NO_PHONE: _l("No phone: nobody can reach this household"),
    HouseFlaw.NOTHING_ALLOWED: _l("None of its phones may be called or texted"),
}
FIRST_HELP: Mapping[FirstHelp, LazyString] = {
    FirstHelp.ALONE: _l("Elderly, living alone"),
    FirstHelp.DISABLED: _l("Cannot get out alone"),
    FirstHelp.OTHER: _l("Needs help first"),
}
TEAMS: Mapping[Team, LazyString] = {
    Team.STATION: _l("Duty phone"),
    Team.SECURITY: _l("Security"),
    Team.PATROL: _l("Patrol"),
    Team.GUARDS: _l("Company guards"),
    Team.VOLUNTEERS: _l("Volunteers"),
}
ROLES: Mapping[AccountRole, LazyString] = {
    AccountRole.OPERATOR: _l("Operator"),
    AccountRole.VILLAGE_HEAD: _l("Village head"),
    AccountRole.LIAISON: _l("Telecom liaison"),
    AccountRole.ADMIN: _l("Town administrator"),
}
LANGUAGES: Mapping[Language, str] = {Language.CHINESE: "中文", Language.ENGLISH: "English"}

ACTIONS: Mapping[str, LazyString] = {
    "add_household": _l("Household added"),
    "edit_household": _l("Household changed"),
    "add_number": _l("Number added"),
    "change_number": _l("Number changed"),
    "move_household": _l("Moved to another group"),
    "move_village": _l("Moved to another village"),
    "back_home": _l("At home again"),
    "archive_household": _l("Household archived"),
    "add_group": _l("Group added"),
    "edit_group": _l("Group changed"),
    "split_group": _l("Group split"),
    "merge_groups": _l("Groups merged"),
    "archive_group": _l("Group archived"),
    "reorder_households": _l("Doors put in another order"),
    "add_village": _l("Village added"),
    "import_roster": _l("List imported"),
    "undo": _l("Taken back"),
    "add_account": _l("Account added"),
    "edit_account": _l("Account changed"),
    "close_account": _l("Account closed"),
    "edit_grids": _l("Grids changed"),
    "edit_responders": _l("Responders changed"),
    "edit_cameras": _l("Cameras changed"),
    "invite": _l("Sign-in code handed out"),
    "set_password": _l("Password set"),
}
SOURCES: Mapping[Source, LazyString] = {
    Source.PAGE: _l("on a page"),
    Source.IMPORT: _l("by an imported list"),
    Source.COMMAND: _l("by a command"),
    Source.UNDO: _l("by an undo"),
    Source.SYSTEM: _l("by the system"),
}
FIELDS: Mapping[str, LazyString] = {
    "head": _l("Head of the household"),
    "door": _l("Door"),
    "landmark": _l("Landmark"),
    "note": _l("Note"),
    "silent": _l("Silent alarm"),
    "away_until": _l("Away until"),
    "first_help": _l("Help first"),
    "group_id": _l("Group"),
    "village_id": _l("Village"),
    "position": _l("Place in the row"),
    "number": _l("Number"),
    "rank": _l("Order of ringing"),
    "holder": _l("Holder"),
    "may_call": _l("May be called"),
    "may_text": _l("May be texted"),
    "language": _l("Language"),
    "name": _l("Name"),
    "leader_id": _l("Leader"),
    "deputy_id": _l("Deputy"),
    "backup_group_id": _l("Back-up group"),
    "grid_id": _l("Grid"),
    "code": _l("Code"),
    "phone": _l("Phone"),
    "role": _l("Role"),
    "starts_on": _l("From"),
    "ends_on": _l("Until"),
    "plan": _l("Plan"),
    "team": _l("Team"),
    "hours": _l("Duty hours"),
    "virtual": _l("Virtual grid"),
}
TABLES: Mapping[str, LazyString] = {
    "households": _l("Household"),
    "phones": _l("Phone"),
    "groups": _l("Group"),
    "villages": _l("Village"),
    "subscriptions": _l("Subscription"),
    "accounts": _l("Account"),
    "grids": _l("Grid"),
    "responders": _l("Responder"),
    "cameras": _l("Camera"),
}
# What nobody has to read: keys, and what follows from something else that is shown.
_UNSAID = frozenset(
    {"search", "initials", "given", "id", "household_id", "kind", "created_at", "account_id", "archived_at"}
)


def register(app: Flask) -> None:
    """Let templates say all this."""
    app.jinja_env.globals.update(
        group_flaws=GROUP_FLAWS,
        house_flaws=HOUSE_FLAWS,
        first_help=FIRST_HELP,
        phone_languages=LANGUAGES,
        actions=ACTIONS,
        sources=SOURCES,
        change_fields=FIELDS,
        change_tables=TABLES,
        keeps_rosters=keeps_rosters,
        became=became,
        differences=differences,
        subject=subject,
    )
    app.jinja_env.filters.update(
        written_here=written_here, phone_flaws=phone_flaws, last_day=last_day, duty_words=duty_words
    )


def written_here(number: str) -> str:
    """An E.164 number as people here write it."""
    settings = the_settings()
    return as_written_here(number, settings.default_region)


def last_day(until: datetime) -> str:
    """The last day of an absence, in words."""
    return day_words(until.fromtimestamp(until.timestamp() - 1, until.tzinfo))


def phone_flaws(phone: PhoneLine) -> list[str]:
    """Why a phone is to be checked, in words."""
    words: dict[PhoneFlaw, str] = {
        PhoneFlaw.CALL_REFUSED: gettext("calls to it are refused: %(why)s", why=_refusal(phone.call_refused_code)),
        PhoneFlaw.TEXT_REFUSED: gettext("texts to it are refused: %(why)s", why=_refusal(phone.text_refused_code)),
        PhoneFlaw.FAILED: gettext("in %(count)s alarms no call got through to it", count=phone.failures),
    }
    return [words[flaw] for flaw in phone.flaws]


def obstacle_words(obstacle: Obstacle) -> str:
    """Why a change cannot be taken back."""
    words: dict[Why, str] = {
        Why.CHANGED_SINCE: gettext("it has been changed again since"),
        Why.TAKEN: gettext("its number or name stands elsewhere by now"),
        Why.IN_USE: gettext("something was added to it since"),
        Why.NOT_THERE: gettext("what it would go back to is archived"),
    }
    if obstacle.later is None:
        return words[obstacle.why]
    later: str = gettext(
        "%(who)s has changed it again on %(when)s",
        who=obstacle.later.changed_by,
        when=f"{day_words(obstacle.later.changed_at)} {local(obstacle.later.changed_at):%H:%M}",
    )
    return later


def became(change: Change) -> str:
    """What became of the row itself, in a word; nothing where only what it holds was changed."""
    if change.before is None:
        return str(gettext("added"))
    if change.after is None:
        return str(gettext("taken out"))
    if "archived_at" not in change.after:
        return ""
    return str(gettext("archived") if change.after["archived_at"] else gettext("back again"))


def subject(change: Change, names: Names) -> str:
    """What a change is about: a household or group by its name, a phone by its number and whose it is."""
    head = names.heads.get(change.household_id or 0, "")
    # Of a new phone the number is told below.
    if change.table == "phones" and change.before is not None and change.row_id in names.numbers:
        return f"{head} {written_here(names.numbers[change.row_id])}"
    return head or (names.groups.get(change.row_id, "") if change.table == "groups" else "")


def differences(change: Change, names: Names) -> list[tuple[str, str, str]]:
    """What a change changed, in words: field, before, after. Of a new row or one that is gone: what it held."""
    before, after = change.before or {}, change.after or {}
    found = []
    for name in (each for each in {**after, **before} if each not in _UNSAID):
        old, new = _told(name, before.get(name), names), _told(name, after.get(name), names)
        if old != new:
            found.append((str(FIELDS.get(name, name)), old, new))
    return found


def duty_words(hours: str) -> str:
    """Duty hours in the reader's language; a text that is none stays as it is."""
    if chosen_language() == CHINESE:
        return hours
    try:
        return duty.written_in_english(duty.read(hours)) or gettext("round the clock")
    except duty.NoDutyHours:
        return hours


_WORDS: Mapping[str, Callable[[Any], object]] = {
    "number": lambda value: written_here(value),
    "phone": lambda value: written_here(value),
    "away_until": lambda value: last_day(datetime.fromisoformat(value)),
    "first_help": lambda value: FIRST_HELP[FirstHelp(value)],
    "language": lambda value: LANGUAGES[Language(value)],
    "team": lambda value: TEAMS[Team(value)],
    "hours": lambda value: duty_words(value),
    "role": lambda value: ROLES[AccountRole(value)],
}
"""How the value of a column is told that is kept as a code."""


def _told(column: str, value: Any, names: Names) -> str:
    """A kept value as people read it."""
    called: dict[str, Mapping[int, str]] = {
        "leader_id": names.heads,
        "deputy_id": names.heads,
        "group_id": names.groups,
        "backup_group_id": names.groups,
        "grid_id": names.grids,
        "village_id": names.villages,
    }
    words: object = value
    if value is None or value == "" or (value is False and column == "silent"):
        words = ""
    elif column in called:
        words = called[column].get(value, value)
    elif column in _WORDS:
        words = _WORDS[column](value)
    elif isinstance(value, bool):
        words = gettext("yes") if value else gettext("no")
    return str(words)


def _refusal(code: str | None) -> str:
    """What the carrier's code means for whoever mends the number; only those that a number can mend."""
    known: dict[str, str] = {
        "21211": gettext("no such number"),
        "21214": gettext("the number cannot be reached"),
        "21217": gettext("the number is malformed"),
        "21610": gettext("the phone has opted out of texts"),
        "21612": gettext("it takes no texts"),
        "21614": gettext("it is no mobile, it takes no texts"),
        "30004": gettext("texts to it are blocked"),
        "30005": gettext("no such number, or it is suspended"),
        "30006": gettext("it is a landline, it takes no texts"),
        "13224": gettext("the carrier does not serve this number"),
        "13225": gettext("the carrier has blocked this number"),
        "21216": gettext("the carrier has blocked this number"),
    }
    return known.get(code or "") or str(gettext("the carrier gives no reason"))
