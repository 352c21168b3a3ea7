"""What was done, in words: by whom and to what, field by field as it was and became. One wording for every page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Flask
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from groups.enrolment.rules.bill import write_yuan
from groups.history.obstacles import Obstacle, Why
from groups.history.reading import Doing, Names
from groups.history.rights import ENROLMENT_ACTS, FIGURES_ACTS
from groups.models.accounts import AccountRole
from groups.models.changes import Action, Change, Source
from groups.models.enrolment import DeviceKind, DeviceTestOutcome, EndReason
from groups.models.responders import Team
from groups.models.roster import FirstHelp, Language
from groups.rules.counting import CountKind
from groups.web.roster.words import (
    FIELDS,
    FIRST_HELP,
    LANGUAGES,
    ROLES,
    TEAMS,
    write_duty,
    write_last_day,
    write_number,
)
from groups.web.shell.times import move_to_zone, name_day

ACTIONS: Mapping[str, LazyString] = {
    Action.ADD_HOUSEHOLD: _l("Household added"),
    Action.EDIT_HOUSEHOLD: _l("Household changed"),
    Action.ADD_NUMBER: _l("Number added"),
    Action.CHANGE_NUMBER: _l("Number changed"),
    Action.MOVE_HOUSEHOLD: _l("Moved to another group"),
    Action.MOVE_VILLAGE: _l("Moved to another village"),
    Action.MARK_AWAY: _l("Away"),
    Action.BACK_HOME: _l("At home again"),
    Action.ARCHIVE_HOUSEHOLD: _l("Household archived"),
    Action.ERASE_HOUSEHOLD: _l("Household erased"),
    Action.ADD_GROUP: _l("Group added"),
    Action.EDIT_GROUP: _l("Group changed"),
    Action.SPLIT_GROUP: _l("Group split"),
    Action.DRAW_UP_GROUPS: _l("Groups drawn up"),
    Action.MERGE_GROUPS: _l("Groups merged"),
    Action.ARCHIVE_GROUP: _l("Group archived"),
    Action.REORDER_HOUSEHOLDS: _l("Doors put in another order"),
    Action.ADD_VILLAGE: _l("Village added"),
    Action.IMPORT_ROSTER: _l("List imported"),
    Action.UNDO: _l("Undone"),
    Action.ENROL: _l("Signed up"),
    Action.CANCEL: _l("Cancelled"),
    Action.WITHDRAW_CONSENT: _l("Consent withdrawn"),
    Action.SUSPEND: _l("Suspended"),
    Action.RESUME: _l("Resumed"),
    Action.CHANGE_PLAN: _l("Another plan"),
    Action.CHANGE_BILLED: _l("Another number"),
    Action.CORRECT: _l("Corrected"),
    Action.GIVE_DEVICE: _l("Given"),
    Action.RETURN_DEVICE: _l("Returned"),
    Action.TIE_DEVICE: _l("Tied to a line"),
    Action.REPLACE_DEVICE: _l("Replaced"),
    Action.IMPORT_LIST: _l("From the carrier's list"),
    Action.SET_TARIFF: _l("Tariff set"),
    Action.REMOVE_TARIFF: _l("Tariff taken out"),
    Action.SET_COUNT: _l("Households counted"),
    Action.IMPORT_COUNTS: _l("Households counted, from a list"),
    Action.REMOVE_COUNT: _l("A count taken out"),
    Action.SET_THRESHOLD: _l("The threshold set"),
    Action.REMOVE_THRESHOLD: _l("A threshold taken out"),
    Action.ADD_ACCOUNT: _l("Account added"),
    Action.EDIT_ACCOUNT: _l("Account changed"),
    Action.CLOSE_ACCOUNT: _l("Account closed"),
    Action.REOPEN_ACCOUNT: _l("Account opened again"),
    Action.EDIT_GRIDS: _l("Grids changed"),
    Action.EDIT_RESPONDERS: _l("Responders changed"),
    Action.EDIT_CAMERAS: _l("Cameras changed"),
    Action.INVITE: _l("Sign-in code handed out"),
    Action.SIGN_IN_BY_TEXT: _l("Signed in by a code sent by text"),
    Action.SET_PASSWORD: _l("Password set"),
}
SOURCES: Mapping[Source, LazyString] = {
    Source.PAGE: _l("on a page"),
    Source.IMPORT: _l("by an imported list"),
    Source.COMMAND: _l("by a command"),
    Source.UNDO: _l("by an undo"),
    Source.TEXT: _l("by text"),
    Source.SYSTEM: _l("by the system"),
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
    "devices": _l("Gift"),
    "tariffs": _l("Tariff"),
    "household_counts": _l("Count of households"),
    "thresholds": _l("Demonstration village from"),
}
# What nobody has to read: keys, and what follows from something else that is shown.
_UNSAID = frozenset(
    {
        "search",
        "initials",
        "given",
        "id",
        "household_id",
        "created_at",
        "account_id",
        "archived_at",
        "channel",
        "phone_id",
    }
)

_OWN_FIELDS: Mapping[str, Mapping[str, LazyString]] = {
    "subscriptions": {
        "number": _l("Billed number"),
        "end_reason": _l("Why it ended"),
        "consent_by": _l("Consent by"),
        "consent_on": _l("Consent on"),
        "consent_version": _l("Version of the consent's text"),
        "consent_withdrawn_on": _l("Consent withdrawn on"),
    },
    "devices": {
        "kind": _l("Gift"),
        "serial": _l("Serial"),
        "given_on": _l("Given on"),
        "returned_on": _l("Returned on"),
    },
    "tariffs": {
        "village_fen": _l("Village's share of a month, in yuan"),
        "carrier_fen": _l("Carrier's share of a month, in yuan"),
    },
    "household_counts": {
        "kind": _l("Kind of count"),
        "counted_on": _l("Day of the count"),
        "households": _l("Number of households"),
    },
    "thresholds": {"basis_points": _l("Per cent")},
}
"""What a column is called in one table and in no other."""
COUNT_KINDS: Mapping[CountKind, LazyString] = {
    CountKind.RESIDENT: _l("Resident households"),
    CountKind.REGISTERED: _l("Registered households"),
    CountKind.LANDLINE: _l("Households with a landline"),
}
END_REASONS: Mapping[EndReason, LazyString] = {
    EndReason.CANCELLED: _l("cancelled"),
    EndReason.SUSPENDED: _l("suspended"),
    EndReason.MOVED: _l("moved to another village"),
    EndReason.REPLACED: _l("went on otherwise"),
    EndReason.ARCHIVED: _l("left the roster"),
}
DEVICES: Mapping[DeviceKind, LazyString] = {
    DeviceKind.KEY: _l("#9 key"),
    DeviceKind.PHONE: _l("dedicated phone"),
}
DEVICE_TESTS: Mapping[DeviceTestOutcome | None, LazyString] = {
    None: _l("waiting for the press"),
    DeviceTestOutcome.PRESSED: _l("pressed as asked"),
    DeviceTestOutcome.ALARM: _l("pressed, and taken for a call for help"),
    DeviceTestOutcome.MISSED: _l("not pressed, though asked twice"),
    DeviceTestOutcome.ENDED: _l("ended: returned, or another line"),
}


def register(app: Flask) -> None:
    """Let templates say all this."""
    app.jinja_env.globals.update(
        actions=ACTIONS,
        sources=SOURCES,
        change_tables=TABLES,
        became=write_outcome,
        differences=list_differences,
        subject=name_subject,
        deed_words=name_deed,
        brief=write_brief,
        enrolment_acts=ENROLMENT_ACTS,
        obstacle_words=explain_obstacle,
        may_be_undone=ENROLMENT_ACTS | FIGURES_ACTS,
    )


def name_deed(action: str) -> str:
    """What was done, in a word or two."""
    return str(ACTIONS.get(action) or gettext("Changed"))


def write_brief(doing: Doing) -> str:
    """What sets it apart from others of its kind: the plan, and the serial of the gift."""
    written = [row.after or {} for row in doing.rows]
    return " · ".join(str(row[name]) for row in written for name in ("plan", "serial") if name in row)


def explain_obstacle(obstacle: Obstacle) -> str:
    """Why a change cannot be taken back."""
    words: dict[Why, str] = {
        Why.CHANGED_SINCE: gettext("it has been changed again since"),
        Why.TAKEN: gettext("its number or name stands elsewhere by now"),
        Why.IN_USE: gettext("something was added to it since"),
        Why.NOT_THERE: gettext("what it would go back to is archived"),
    }
    if obstacle.later is None:
        return words[obstacle.why]
    when = f"{name_day(obstacle.later.changed_at)} {move_to_zone(obstacle.later.changed_at):%H:%M}"
    own = _OWN_FIELDS.get(obstacle.change.table, {})
    columns = [str(own.get(each) or FIELDS[each]) for each in sorted(obstacle.columns) if each in own or each in FIELDS]
    if not columns:
        return str(gettext("%(who)s has changed it again on %(when)s", who=obstacle.later.changed_by, when=when))
    return str(
        gettext(
            "%(who)s has changed %(fields)s again on %(when)s",
            who=obstacle.later.changed_by,
            fields=gettext(", ").join(columns),
            when=when,
        )
    )


def write_outcome(change: Change) -> str:
    """What became of the row itself, in a word; nothing where only what it holds was changed."""
    if change.before is None:
        return str(gettext("added"))
    if change.after is None:
        return str(gettext("taken out"))
    if "archived_at" not in change.after:
        return ""
    return str(gettext("archived") if change.after["archived_at"] else gettext("back again"))


def name_subject(change: Change, names: Names) -> str:
    """What a change is about: a household or group by its name, a phone by its number and whose it is."""
    head = names.heads.get(change.household_id or 0, "")
    # Of a new phone the number is told below.
    if change.table == "phones" and change.before is not None and change.row_id in names.numbers:
        return f"{head} {write_number(names.numbers[change.row_id])}"
    return head or (names.groups.get(change.row_id, "") if change.table == "groups" else "")


def list_differences(change: Change, names: Names) -> list[tuple[str, str, str]]:
    """What a change changed, in words: field, before, after. Of a new row or one that is gone: what it held."""
    before, after = change.before or {}, change.after or {}
    found = []
    for name in (each for each in {**after, **before} if each not in _UNSAID):
        own = _OWN_FIELDS.get(change.table, {})
        if name == "kind" and name not in own:
            continue
        old, new = (_write_value(change.table, name, row.get(name), names) for row in (before, after))
        if old != new:
            found.append((str(own.get(name) or FIELDS.get(name, name)), old, new))
    return found


_WORDS: Mapping[str, Callable[[Any], object]] = {
    "number": lambda value: write_number(value),
    "phone": lambda value: write_number(value),
    "away_until": lambda value: write_last_day(datetime.fromisoformat(value)),
    "first_help": lambda value: FIRST_HELP[FirstHelp(value)],
    "language": lambda value: LANGUAGES[Language(value)],
    "team": lambda value: TEAMS[Team(value)],
    "hours": lambda value: write_duty(value),
    "role": lambda value: ROLES[AccountRole(value)],
}
"""How the value of a column is told that is kept as a code."""

_OWN_WORDS: Mapping[tuple[str, str], Callable[[Any], object]] = {
    ("subscriptions", "end_reason"): lambda value: END_REASONS[EndReason(value)],
    ("devices", "kind"): lambda value: DEVICES[DeviceKind(value)],
    ("household_counts", "kind"): lambda value: COUNT_KINDS[CountKind(value)],
    ("tariffs", "village_fen"): lambda value: write_yuan(value),
    ("tariffs", "carrier_fen"): lambda value: write_yuan(value),
    ("thresholds", "basis_points"): lambda value: f"{value / 100:g}%",
}


def _write_value(table: str, column: str, value: Any, names: Names) -> str:
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
    elif (table, column) in _OWN_WORDS:
        words = _OWN_WORDS[table, column](value)
    elif column in _WORDS:
        words = _WORDS[column](value)
    elif isinstance(value, bool):
        words = gettext("yes") if value else gettext("no")
    return str(words)
