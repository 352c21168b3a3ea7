"""The roster's flaws and fields in words: what, why, and what to do about it. No codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from flask import Flask
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from config.services import get_settings as the_settings
from groups.models.accounts import AccountRole
from groups.models.responders import Team
from groups.models.roster import FirstHelp, Language
from groups.responders import on_duty
from groups.roster.reading import PhoneLine
from groups.roster.rules.health import FEWEST, MOST, GroupFlaw, HouseFlaw, PhoneFlaw
from groups.rules.days import find_local_day
from groups.rules.phone import as_written_here
from groups.rules.proofs import is_proven
from groups.web.shell.access import keeps_rosters
from groups.web.shell.access_log import show_numbers
from groups.web.shell.languages import CHINESE, choose_language
from groups.web.shell.times import name_day

GROUP_FLAWS: Mapping[GroupFlaw, LazyString] = {
    GroupFlaw.UNREACHABLE: _l("Fewer than two households have a number: whoever calls here gets no help"),
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


def register(app: Flask) -> None:
    """Let templates say all this."""
    app.jinja_env.globals.update(
        group_flaws=GROUP_FLAWS,
        house_flaws=HOUSE_FLAWS,
        first_help=FIRST_HELP,
        phone_languages=LANGUAGES,
        keeps_rosters=keeps_rosters,
    )
    app.jinja_env.filters.update(
        written_here=write_number,
        phone_flaws=explain_phone_flaws,
        proof=judge_proof,
        last_day=write_last_day,
        duty_words=write_duty,
    )


def write_number(number: str) -> str:
    """An E.164 number as people here write it."""
    if not number.startswith("+"):
        # It was erased when its time was over.
        return number or "–"
    settings = the_settings()
    show_numbers()
    return as_written_here(number, settings.default_region)


def write_last_day(until: datetime) -> str:
    """The last day of an absence, in words."""
    return name_day(until.fromtimestamp(until.timestamp() - 1, until.tzinfo))


def judge_proof(last: date | None) -> bool:
    """Whether a phone with this last proof is proven today."""
    return is_proven(last, find_local_day(datetime.now(UTC), the_settings().zone))


def explain_phone_flaws(phone: PhoneLine) -> list[str]:
    """Why a phone is to be checked, in words."""
    words: dict[PhoneFlaw, str] = {
        PhoneFlaw.CALL_REFUSED: gettext(
            "calls to it are refused: %(why)s", why=_explain_refusal(phone.call_refused_code)
        ),
        PhoneFlaw.TEXT_REFUSED: gettext(
            "texts to it are refused: %(why)s", why=_explain_refusal(phone.text_refused_code)
        ),
        PhoneFlaw.FAILED: gettext("in %(count)s alarms no call got through to it", count=phone.failures),
    }
    return [words[flaw] for flaw in phone.flaws]


def write_duty(hours: str) -> str:
    """Duty hours in the reader's language; a text that is none stays as it is."""
    if choose_language() == CHINESE:
        return hours
    try:
        return on_duty.write_in_english(on_duty.read(hours)) or gettext("round the clock")
    except on_duty.NoDutyHours:
        return hours


def _explain_refusal(code: str | None) -> str:
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
