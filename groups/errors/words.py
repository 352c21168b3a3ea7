"""The sentences of messages: code → English, and through the catalogue Chinese.

A message (`groups.errors.Message`) is a code and values. Here is what it says. `WORDS` has the English sentence of each
code; its Chinese stands in the catalogue, `groups/web/translations`, as that of every string of the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

from groups.errors import Message

CATALOGUE = Path(__file__).parents[1] / "web" / "translations"
_COMPILED = CATALOGUE / "zh_Hans_CN" / "LC_MESSAGES" / "messages.mo"


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for a string that is translated later
    """Mark a sentence for the catalogue; it stays as it is."""
    return text


def write_chinese(message: Message) -> str:
    """The sentence in Chinese."""
    return _write(message, _load_chinese().gettext, "、")


def write_english(message: Message) -> str:
    """The sentence in English."""
    return _write(message, lambda text: text, ", ")


def write_both(message: Message) -> str:
    """The sentence in Chinese, then in English: what commands print and files say, which know no reader's language.

    A text that is told as it stands, is so once.
    """
    chinese, english = write_chinese(message), write_english(message)
    return chinese if chinese == english else f"{chinese} {english}"


def _write(message: Message, translate: Callable[[str], str], comma: str) -> str:
    def write_value(value: Any) -> Any:
        if isinstance(value, Message):
            return _write(value, translate, comma)
        return comma.join(str(write_value(one)) for one in value) if isinstance(value, tuple) else value

    return translate(WORDS[message.code]) % {name: write_value(value) for name, value in message.values.items()}


@cache
def _load_chinese() -> GNUTranslations:
    with _COMPILED.open("rb") as compiled:
        return GNUTranslations(compiled)


WORDS: Mapping[str, str] = {
    "account_closed": N_("account closed: %(name)s"),
    "account_created": N_("account created: %(name)s (%(role)s)"),
    "account_with_name_or_phone": N_("there is an account with this name or phone"),
    "archived_not_in_file": N_("on the roster but not in the file, archived: %(count)s (%(names)s)"),
    "as_it_was": N_("as it was: nothing was written"),
    "as_known_today": N_("as known today:"),
    "as_written": N_("%(text)s"),
    "audit_as_reported": N_("it agrees with the report"),
    "audit_not_as_reported": N_("it is NOT what the report says"),
    "audit_written": N_("written: %(file)s (%(households)s households, %(counted)s counted)"),
    "back_up_group_must_another_one": N_("the back-up group must be another one of this village"),
    "before_the_first_count": N_("%(day)s is before the first count of households (%(first)s)"),
    "bill_no_tariff": N_("no tariff"),
    "bill_shares": N_("village ￥%(village)s, carrier ￥%(carrier)s"),
    "bill_total": N_("%(month)s in all: %(households)s households, %(shares)s, together ￥%(sum)s"),
    "bill_unpriced": N_("%(count)s households are on plans without a tariff: they are not in the sums"),
    "bill_written": N_("written: %(file)s (%(households)s households, ￥%(sum)s)"),
    "books_are_sound": N_("%(day)s: the books are sound"),
    "books_line": N_("the line of the day says %(summed)s, the report %(own)s"),
    "books_no_home": N_("household %(household)s is signed up on days on which it lives nowhere"),
    "books_recount": N_("%(village)s: the report says %(own)s, household by household there are %(summed)s"),
    "books_month": N_("the bill of %(month)s is not what was settled"),
    "books_report": N_("report %(number)s is not what was issued"),
    "books_two_homes": N_("household %(household)s lives in two places on one day"),
    "books_two_subscriptions": N_("household %(household)s is signed up twice on one day"),
    "books_unequal": N_("%(village)s: %(own)s are signed up, its groups and those in none have %(summed)s"),
    "books_unequal_town": N_("the villages have %(own)s signed up, the town has %(summed)s"),
    "cannot_read_file": N_("cannot read %(file)s: %(reason)s"),
    "cannot_read_left_out": N_("cannot be read, left out"),
    "cannot_write_file": N_("cannot write %(file)s: %(reason)s"),
    "carrier_columns_missing": N_(
        "the heading lacks these columns: %(lacking)s; the number or the name, the plan and the first day are needed"
    ),
    "carrier_list_empty": N_("nothing is in this file; the number or the name, the plan and the first day are needed"),
    "cell_flaw": N_("%(column)s “%(text)s”: %(flaw)s"),
    "cell_is_a_formula": N_("%(column)s is a formula: put what it shows in its place"),
    "cell_too_long": N_("a cell has more than %(most)s characters: shorten it first"),
    "cells_struck_through_were_left_out": N_("cells struck through were left out"),
    "changed_since": N_("it has been changed since: nothing was undone"),
    "characters_no_digits": N_("has characters that are no digits"),
    "checking": N_("checking"),
    "choose_another_group_village": N_("choose another group of this village"),
    "choose_kind_of_count": N_("choose the kind of count"),
    "choose_kind_of_device": N_("choose what it is"),
    "choose_who_leaves_somebody_stay": N_("choose who leaves: somebody has to stay"),
    "client_created": N_("client created: %(name)s (%(scopes)s, %(pace)s a minute)"),
    "client_good": N_("good"),
    "client_needs_scope": N_("a client needs a scope"),
    "client_revoked": N_("revoked: %(name)s"),
    "client_revoked_on": N_("revoked %(day)s"),
    "client_with_name": N_("there is a client with this name"),
    "clients_name_1_64_characters": N_("a client's name is 1 to 64 characters"),
    "closed_anew": N_(
        "closed anew with the first key: %(lists)s lists, %(secrets)s second factors, %(events)s kept events"
    ),
    "code_wrong_used_or_too_old": N_("this code is wrong, used or too old"),
    "column_flaw": N_("%(column)s: %(flaw)s"),
    "column_said_wrongly": N_("“%(text)s”: what a column holds is said like mobile=D"),
    "column_was_guessed": N_(
        "column %(where)s was taken for %(field)s by what stands in it; to say otherwise: --column …=%(letter)s"
    ),
    "columns_left_out": N_("columns left out: %(names)s"),
    "columns_left_out_numbers_in_them": N_("columns left out have numbers in them"),
    "columns_missing": N_("the heading lacks these columns: %(lacking)s; it has to stand in the first ten rows"),
    "columns_told_by_what_stands_in": N_("columns told by what stands in them"),
    "events_being_taken_in": N_("kept events are being taken in: rotate again in a moment"),
    "no_consent_text": N_("enter the text, at most %(most)s characters"),
    "no_consent_to_withdraw": N_("no consent of this household is kept that could be withdrawn"),
    "consent_after_start": N_("the consent of %(given_on)s is later than the start on %(starts_on)s"),
    "count_changed_meanwhile": N_("somebody else has changed this count meanwhile"),
    "count_of_a_day_to_come": N_("a count cannot be of a day to come"),
    "further_number_left_out": N_("a further number, %(text)s, was left out: there is room for one"),
    "several_numbers_one_asked": N_("there are several numbers; write the one to call"),
    "team_of_the_row_above": N_("the team of the rows above, %(team)s, was taken"),
    "counts_taken": N_("new or changed %(news)s, same %(same)s, wrong %(wrong)s"),
    "counts_without_day": N_("the heading lacks a column for the day: “日期”"),
    "counts_without_heading": N_("no heading with a village (or its code) and its households"),
    "database_does_not_answer": N_("the database does not answer; has db upgrade been run? %(reason)s"),
    "day_far_ahead": N_("%(day)s is more than three years ahead: if it is meant, send it once more"),
    "day_may_be_two": N_("%(text)s may be two days: write the year first, as in 2026-03-02"),
    "day_needs_meant": N_(
        "%(day)s is more than ten years ago or three years ahead: if it is meant, type the command with --meant"
    ),
    "day_or_households_missing": N_("day or households are missing"),
    "day_to_come": N_("%(day)s is to come"),
    "demo_loaded": N_("demo town loaded: %(figures)s (%(seconds)s s)"),
    "demo_there_already": N_("demo town already there, nothing changed: %(figures)s"),
    "demo_with_live_carrier": N_("demo data is refused with a live carrier: its numbers may be somebody's"),
    "directory_day_not_after_today": N_("the day on which a directory is renewed must be after today"),
    "directory_no_leader": N_("no leader"),
    "directory_no_phone": N_("no phone: %(names)s"),
    "directory_no_sign": N_("cannot be printed: %(signs)s"),
    "directory_written": N_("written: %(file)s (%(count)s groups)"),
    "door_had_become_a_date": N_("the door (%(where)s) had become a date and was taken as “%(text)s”: check it"),
    "doors_had_become_dates": N_("doors that had become dates were put right"),
    "drill_alarm_open": N_("there is an open alarm in the village: no drill beside it"),
    "drill_drill_open": N_("the village has a drill already: stop it, or wait for its end"),
    "drill_hours": N_("drills ring in the hours %(hours)s only (DRILL_HOURS)"),
    "drill_nobody": N_("nobody who is at home there has a phone that may be rung"),
    "drill_started": N_("drill started, as number %(numbers)s"),
    "drill_stopped": N_("the drill is over"),
    "drill_unknown": N_("no drill %(number)s is under way"),
    "drill_unknown_door": N_("no household of the village has this door"),
    "drill_unknown_group": N_("the village has no such group"),
    "drill_unknown_phone": N_("no household of the village has this number"),
    "dry_run": N_("dry run, nothing written"),
    "duty_hours_too_long": N_("the duty hours are too long"),
    "earlier_plan_until": N_("its plan “%(plan)s” until %(starts_on)s"),
    "ends_differ": N_("it ends on %(here)s here and on %(there)s in the list: left as it is"),
    "extension_cannot_rung_directly": N_("has an extension, cannot be rung directly"),
    "file_is_a_lock": N_("this is the mark that Office leaves beside an open file; choose the file without ~$"),
    "file_is_a_pdf": N_("this is a PDF, no table: ask for its table, or copy its cells and paste them"),
    "file_is_a_picture": N_("this is a picture, no table: ask for the table itself"),
    "file_is_an_archive": N_("this is an archive: unpack it, and choose the table in it"),
    "file_is_cut_off": N_("the file is cut off: its end is missing; have it sent again"),
    "file_takes_too_much": N_("reading this file takes too much memory or time: save it as a smaller .xlsx"),
    "file_too_large": N_("the file is larger than 10 MB"),
    "first_wrong_row": N_("row %(row)s: %(first)s (%(count)s rows are wrong, nothing was imported)"),
    "good_token_needed_authorization_bearer": N_("a good token is needed: Authorization: Bearer …"),
    "group_not_on_roster": N_("this group is not on the roster"),
    "group_of_households": N_("%(group)s (%(count)s households)"),
    "groups_households_just_changed": N_("the group's households have just changed"),
    "groups_name_1_64_characters": N_("a group's name is 1 to 64 characters"),
    "group_of_the_sheet": N_("the group is the one that the sheet or its title names"),
    "groups_will_made": N_("groups that will be made"),
    "groups_written_as_roster_them": N_("groups are written as the roster has them"),
    "has_not_ended": N_("not yet"),
    "hidden_columns_were_left_out": N_("hidden columns were left out"),
    "hidden_columns_were_used": N_("hidden columns were used"),
    "hidden_or_filtered_rows_were_left": N_("hidden or filtered rows were left out"),
    "hidden_sheets_were_left_out": N_("hidden sheets were left out"),
    "guess_about_door": N_("Door, which had become a day"),
    "guess_about_group": N_("Group, by the rows above"),
    "guess_about_household": N_("Taken for"),
    "guess_about_member": N_("Put into the house"),
    "guess_about_names": N_("One group"),
    "guess_about_roster_name": N_("One group"),
    "guess_about_sheet": N_("Group, by the sheet or its title"),
    "guess_each_for_itself": N_("each for itself"),
    "guess_in_no_group": N_("in no group"),
    "guess_new_household": N_("a new household"),
    "guess_otherwise": N_("%(option)s (%(meaning)s)"),
    "guess_said": N_("%(about)s: %(now)s, as you said"),
    "guess_said_wrongly": N_("“%(text)s”: this list has no such guess; --dry-run prints them"),
    "guess_shown": N_("%(about)s: %(now)s; to say otherwise: %(options)s"),
    "household_most_phones": N_("a household has at most %(most_phones)s phones"),
    "household_not_in_group": N_("this household is not in the group"),
    "household_not_on_roster": N_("this household is not on the roster"),
    "household_not_signed_up": N_("this household is not signed up"),
    "household_number_already": N_("this household has this number already"),
    "households_no_whole_number": N_("the number of households must be a whole number"),
    "households_out_of_range": N_("households must be between 0 and %(most)s"),
    "households_stand_on_several_sheets_were": N_("households that stand on several sheets were taken once"),
    "imported": N_("imported"),
    "json_entry_wrong": N_("entry %(number)s must have group, head, door (texts) and phones (a list of texts)"),
    "json_no_list": N_("the JSON must be a list of households"),
    "just_signed_up": N_("somebody else has just signed this household up: look again"),
    "kept_not_in_file": N_("on the roster but not in the file, left as they are: %(count)s (%(names)s)"),
    "keys_written": N_("the keys of %(count)s households were written anew"),
    "landmark_too_long": N_("a landmark has at most 64 characters"),
    "last_day_before_first": N_("the last day, %(last)s, is before the first, %(first)s"),
    "last_report_not_earlier": N_("the last report must be of an earlier day: %(since)s is not before %(until)s"),
    "leader_and_deputy_must_two_households": N_("leader and deputy must be two households"),
    "left_the_roster": N_("it has left the roster: it must end today at the latest"),
    "list_being_worked_on": N_("somebody is at work on the list “%(name)s”"),
    "list_names_another_village": N_("the list names another village than this one"),
    "list_no_rows": N_("the list has no rows"),
    "list_count_long_ago": N_(
        "%(day)s is more than ten years ago: if it is meant, write this count down on the page, one by one"
    ),
    "list_day_read_month_first": N_("%(text)s was read as %(day)s, the month first: is that right?"),
    "list_starts_long_ago": N_("%(starts_on)s is more than ten years ago: if it is meant, choose the household"),
    "list_taken": N_(
        "new %(new)s, ended %(ended)s, changed %(changed)s, same %(same)s, doubtful, left out %(doubtful)s, "
        "errors, left out %(error)s, skipped %(skipped)s"
    ),
    "list_written_already": N_("the list “%(name)s” is written already"),
    "lives_there_already": N_("it lives in %(name)s already"),
    "longer_than_characters": N_("longer than %(most)s characters"),
    "looks_like_extension_cannot_rung_directly": N_("looks like an extension, cannot be rung directly"),
    "many_would_be_archived": N_(
        "%(count)s households would be archived, more than a tenth of the village: confirm once more"
    ),
    "marked_as_old_or_out_use": N_("marked as old or out of use"),
    "marked_as_out_use": N_("marked as out of use"),
    "mend_wrong_rows": N_("%(count)s rows are wrong: nothing was imported, mend them"),
    "moment_to_come": N_("%(moment)s is to come: nobody knows yet what will be known then"),
    "month_out_of_order": N_("%(month)s is settled already, or is before %(last)s, which is"),
    "month_settled": N_("settled: %(month)s (%(households)s households, ￥%(sum)s)"),
    "month_to_come": N_("%(text)s is to come"),
    "more_signed_up_than_counted": N_("%(subscribed)s have signed up by then, more than the %(households)s counted"),
    "more_than_one_village_called_so": N_("more than one village is called so: %(known)s"),
    "more_than_rows": N_("more than %(most)s rows"),
    "more_than_sheets": N_("more than %(most)s sheets"),
    "move_its_households_another_group_first": N_("move its households to another group first"),
    "mute_hours": N_("from 1 to 24 hours"),
    "mute_lifted": N_("no longer muted"),
    "mute_made": N_("muted, as number %(number)s"),
    "mute_not_on_roster": N_("no household has this number"),
    "mute_reason_long": N_("longer than %(most)s characters"),
    "mute_reason_missing": N_("write why"),
    "mute_unknown": N_("no mute %(number)s is in force"),
    "name_1_64_characters": N_("a name is 1 to 64 characters"),
    "name_letters_phone_matter_its_own": N_("a name has letters; a phone is a matter of its own"),
    "name_row_flaw": N_("row %(row)s error %(name)s: %(flaw)s"),
    "name_sign_no_other_machine_shows": N_("the name has a sign that no other machine shows"),
    "name_the_day": N_("name the day"),
    "neither_number_nor_name": N_("neither a number that can be read nor a name"),
    "new_households_in_no_group": N_("new households are in no group"),
    "no_account_name": N_("no account has this name: %(name)s"),
    "no_amount": N_("an amount in yuan with two places at most, like 3.50"),
    "no_day": N_("no day"),
    "no_day_of_calendar": N_("“%(text)s” is not a day: write it like 2026-11-23"),
    "no_duty_hours": N_("“%(text)s” is no duty hours; write them as in: Mon-Fri 18:00-06:00; Sat all day"),
    "no_event_waits": N_("no event waits by the name of %(name)s"),
    "no_figures_yet": N_("%(late)s is to come: there are figures up to %(latest)s"),
    "no_group_to_print": N_("there is no group to print"),
    "no_group_written_in_none": N_("no group is written: in none"),
    "no_household_to_import": N_("no row can be taken, nothing was written"),
    "no_household_to_import_because": N_("no row can be taken, nothing was written: %(reason)s"),
    "no_households_counted_yet": N_("no households have been counted yet"),
    "no_key_opens": N_(
        "no key in DATA_KEYS opens %(count)s of them: they are as they were; put their key back and rotate again"
    ),
    "no_kind_of_count": N_("“%(word)s” is none of the kinds of count: 常住户, 户籍户, 固话户"),
    "no_month": N_("“%(text)s” is not a month: write it like 2026-11"),
    "no_number": N_("no number"),
    "no_number_of_households": N_("“%(text)s” is not a number of households"),
    "no_phone": N_("no phone"),
    "no_phone_by_its_length_perhaps": N_("no phone by its length, perhaps a short number"),
    "no_phone_by_length_its_parts": N_("no phone by the length of its parts"),
    "no_report_of_this_number": N_("there is no report number %(number)s"),
    "no_second_factor": N_("there was no second factor: %(name)s"),
    "no_serial": N_("“%(text)s” is not a serial: 3 to 32 letters, digits or -"),
    "no_such_address": N_("there is no such address"),
    "no_such_client": N_("there is no such client"),
    "no_such_count": N_("there is no such count"),
    "no_such_device": N_("no such device"),
    "no_such_form": N_("there is no such form; there are: %(choices)s"),
    "no_such_grid": N_("there is no such grid: %(grid)s"),
    "no_such_group": N_("there is no such group: %(group)s"),
    "no_such_group_in_village": N_("there is no such group in this village"),
    "no_such_group_with_village": N_("no such group: %(group)s (name its village with --village CODE)"),
    "no_such_household": N_("no such household"),
    "no_such_incident": N_("there is no incident %(number)s"),
    "country_is_not_called": N_("numbers of this country are not called or texted here, only %(known)s"),
    "no_such_number": N_("no such number: check its digits"),
    "no_such_subscription": N_("no such subscription"),
    "no_such_tariff": N_("%(plan)s has no tariff that begins on %(starts_on)s"),
    "no_such_team": N_("the team must be one of these: %(known)s"),
    "no_such_threshold": N_("there is no such threshold"),
    "no_such_village": N_("no such village"),
    "no_tariff_of_this_plan": N_("no tariff has the plan “%(name)s”"),
    "no_threshold": N_("a threshold is a number of per cent, like 80"),
    "no_village_called_so_enter_its": N_("no village is called so: enter its name or code"),
    "no_village_code": N_("no village has this code: %(code)s"),
    "no_whole_number": N_("this must be a whole number"),
    "nobody_can_ring_household": N_("no phone: nobody can ring this household"),
    "nobody_on_the_roster": N_("nobody in the roster"),
    "not_a_json_file": N_("not a JSON file"),
    "not_a_workbook_open_in_wps": N_("not a workbook: open it in WPS and save it as .xlsx"),
    "not_among_choices": N_("“%(text)s” is none of: %(choices)s"),
    "not_an_xlsx": N_("not an .xlsx workbook: save it as one in WPS"),
    "not_for_a_terminal": N_("%(form)s is not for a terminal: name a file for it with --output"),
    "not_known_yet_to_issue": N_("nothing can be issued that is not known yet"),
    "not_on_the_list_any_more": N_("this is not on the list any more"),
    "not_phone_number": N_("not a phone number"),
    "not_workbook": N_("not a workbook"),
    "not_workbook_reason": N_("not a workbook: %(reason)s"),
    "note": N_("%(words)s: %(places)s"),
    "note_of_a_sheet": N_("“%(sheet)s”: %(words)s: %(places)s"),
    "nothing_household_suspended": N_("nothing of this household is suspended"),
    "nothing_in_file": N_("nothing is in this file"),
    "erased_meanwhile": N_("what was changed has been erased since, and cannot come back"),
    "nothing_imported": N_("nothing was written"),
    "nothing_to_undo": N_("there is nothing to undo: it was undone already, or never done"),
    "nothing_write_yet": N_("there is nothing to write yet"),
    "number_at_another_household": N_("the number stands at %(village)s %(head)s"),
    "number_beside_group_left_out": N_("numbers beside a group's name were left out"),
    "number_flaw": N_("number “%(text)s”: %(flaw)s"),
    "number_just_taken": N_("a number has just been taken elsewhere: preview again, nothing was changed"),
    "number_left_out_of": N_("there is a number in %(where)s, which was left out"),
    "number_stands": N_("the number stands at %(head)s, %(place)s"),
    "number_stands_at_household": N_("%(number)s stands at “%(owner)s” already"),
    "number_taken_from": N_("a number in %(where)s was taken"),
    "number_taken_from_cell_name": N_("the number was taken from the cell of the name"),
    "numbers_members_were_put_head": N_("numbers of members were put to the head"),
    "numbers_members_were_put_house_above": N_("numbers of members were put to the house above"),
    "numbers_stay_cells_empty": N_("numbers stay where the list leaves their cells empty; “%(none)s” takes one out"),
    "on_duty": N_("on duty"),
    "on_the_list_already": N_("%(name)s stands on the list already"),
    "one_group_written_in_several_ways": N_("one group written in several ways"),
    "one_time_code_wrong": N_("this code is wrong or used: enter the one that the app shows now"),
    "only_get_answered_here": N_("only GET is answered here"),
    "only_responders_are_the_towns": N_("only responders can be the town's"),
    "parts_struck_through_were_left_out": N_("what is struck through in a cell was left out"),
    "password_changed": N_("password changed: %(name)s"),
    "password_least_characters": N_("a password has at least %(shortest)s characters"),
    "password_most_characters": N_("a password has at most %(longest)s characters"),
    "password_must_not_its_owners_name": N_("a password must not be its owner's name or phone"),
    "password_once": N_("password, shown only this once: %(password)s"),
    "password_one_first_anybody_would_try": N_("this password is one of the first that anybody would try"),
    "perhaps": N_("perhaps %(names)s"),
    "perhaps_another_villages_list": N_(
        "perhaps another village's list: %(count)s households would get another head or other numbers: "
        "confirm once more"
    ),
    "perhaps_the_same_household": N_("perhaps the same household as “%(twin)s”"),
    "perhaps_this_villages_list": N_(
        "perhaps another village's list: %(count)s households would get another head or other numbers, and "
        "it fits %(village)s better: confirm once more"
    ),
    "places": N_("%(places)s"),
    "places_and_more": N_("%(places)s and more, %(count)s in all"),
    "plan_missing_or_too_long": N_("the plan is missing or too long"),
    "plan_name_length": N_("a plan's name is 1 to %(most)s characters"),
    "plan_was_another": N_("its plan was “%(plan)s”"),
    "policy_after": N_("after must be a whole number from 1 to %(most)s"),
    "policy_calmer": N_("its level is calmer than that of the step before it"),
    "policy_drills": N_("drills must be true or false"),
    "policy_fewer_than": N_("fewer_than must be a whole number from 1 to %(most)s"),
    "policy_flaw_in_step": N_("step %(step)s: %(flaw)s"),
    "policy_level": N_("level must be one of: %(choices)s"),
    "policy_not_json": N_("not JSON: %(file)s"),
    "policy_not_later": N_("after must be later than that of the step before it"),
    "overseer_texted": N_("by text"),
    "overseer_without_texts": N_("takes no texts"),
    "overseers_saved": N_("Saved: for incidents from now on."),
    "overseers_source": N_("from: %(source)s"),
    "overseers_unknown": N_("expected: %(kinds)s, none, inherit"),
    "policy_saved": N_("saved: version %(version)s"),
    "policy_source": N_("from: %(source)s, version %(version)s"),
    "policy_step": N_("a step must be an object"),
    "policy_steps": N_('it must be an object with a list of steps: {"steps": […]}'),
    "policy_too_long": N_("at most %(most)s steps"),
    "policy_unchanged": N_("nothing changed"),
    "policy_unknown_fields": N_("unknown fields: %(fields)s"),
    "policy_whom": N_("whom must be some of: %(choices)s"),
    "repeats_what_stands_above_where_nothing": N_("repeats what stands above, where nothing does"),
    "report_damaged": N_("report number %(number)s is damaged: it is not what was issued"),
    "report_issued": N_("issued: %(number)s %(day)s sha256 %(digest)s"),
    "request_not_understood": N_("the request is not understood"),
    "requests_minute_1": N_("requests a minute: 1 to %(fastest_pace)s"),
    "responders_taken": N_("new %(new)s, changed %(changed)s, same %(same)s, error %(error)s"),
    "returned_already": N_("%(serial)s was returned on %(returned_on)s already"),
    "returned_before_given": N_("it would be returned on %(day)s, before it was given on %(given_on)s"),
    "roster_being_changed": N_("the roster is being changed: nothing was written, try again"),
    "roster_is_not_the_demos": N_("the roster has villages that are not the demo's: %(villages)s"),
    "roster_taken": N_(
        "new %(new)s, changed %(changed)s, same %(same)s, warnings %(warnings)s, errors left out %(errors)s"
    ),
    "row_flaw": N_("row %(row)s, %(flaw)s"),
    "row_number": N_("row %(row)s"),
    "row_of_another_village": N_("the list names another village for this row"),
    "row_of_sheet": N_("“%(sheet)s” row %(row)s"),
    "row_saying": N_("row %(row)s %(said)s"),
    "row_without_head": N_("no head of the household"),
    "rows_examples_were_left_out": N_("rows that are examples were left out"),
    "rows_that_sign_the_list_left_out": N_("rows that only sign the list were left out"),
    "row_hidden_left_out": N_("a hidden or filtered row does not count: show it or delete it"),
    "row_struck_left_out": N_("a row struck through does not count: delete it, or take the line away"),
    "rows_struck_through_were_left_out": N_("rows struck through were left out"),
    "rows_without_anybody_were_left_out": N_("rows without anybody were left out"),
    "same_as_row": N_("the same as row %(row)s"),
    "same_household_left_out": N_("the same household as %(where)s: left out"),
    "same_household_merged": N_("the same household as %(where)s: its numbers were put there"),
    "same_serial_as_before": N_("the same serial as before: %(serial)s"),
    "say_who_agreed": N_("say who of the household agreed (1 to %(most)s characters)"),
    "second_factor_is_on": N_("the second factor is on already: switch it off first"),
    "second_factor_not_begun": N_("nothing is being set up: make a QR code first"),
    "second_factor_reset": N_("second factor taken away, all browsers signed out: %(name)s"),
    "serial_in_another_house": N_("%(serial)s was given to %(village)s %(head)s on %(given_on)s"),
    "serial_just_given": N_("%(serial)s has just been given to another household"),
    "service_number_not_households_phone": N_("a service number, not a household's phone"),
    "settle_earlier_month_first": N_("settle %(month)s first"),
    "settled_before": N_("settled: the next month has the difference"),
    "several_villages_of_this_name": N_("several villages are called so: give the code"),
    "sheet_too_wide": N_("the sheet spans too many cells: clear what stands far off"),
    "sheet_is_hidden": N_("it is hidden"),
    "sheet_lacks_columns": N_("no column of it holds %(lacking)s"),
    "sheet_only_instructs": N_("it only tells how the list is filled in"),
    "sheet_names_several_groups": N_("the sheet or its title names several groups; none was taken"),
    "sheet_left_out": N_("the sheet “%(sheet)s” was left out: %(reason)s"),
    "short_number_which_nobody_else_can": N_("a short number, which nobody else can ring"),
    "signed_up_already": N_(
        "signed up since %(starts_on)s with “%(plan)s”, and a household counts once: left as it is"
    ),
    "signed_up_from_this_day": N_("the household is signed up from %(starts_on)s on already, and counts once"),
    "signed_up_in_these_days": N_(
        "the household is signed up from %(starts_on)s to %(ends_on)s already, and counts once"
    ),
    "signs_that_cannot_be_kept": N_("has characters that cannot be kept"),
    "so_many_households": N_("%(count)s households in all"),
    "somebody_else_just_changed_number": N_("somebody else has just changed this number"),
    "something_broken_here": N_("something is broken here"),
    "spool_tried_again": N_("%(count)s will be tried again"),
    "spreadsheet_rounded_its_digits_gone": N_("the spreadsheet has rounded it: its digits are gone"),
    "starts_after_today": N_("%(starts_on)s is to come: it cannot start after today (%(today)s)"),
    "starts_differ": N_("it starts on %(here)s here and on %(there)s in the list: left as it is"),
    "starts_long_ago": N_("%(starts_on)s is more than ten years ago: if it is meant, send it once more"),
    "table_not_kept_any_more": N_("there is nothing to undo: this table is not kept any more"),
    "tariff_from_this_day": N_("%(plan)s has a tariff from %(day)s already"),
    "tariff_line": N_("%(plan)s  from %(day)s  village ￥%(village)s  carrier ￥%(carrier)s"),
    "tariff_written": N_("written: %(plan)s from %(day)s: village ￥%(village)s, carrier ￥%(carrier)s"),
    "text_damaged_at_line": N_(
        "the text is damaged at line %(line)s: open the original in WPS, save it as .xlsx and bring that"
    ),
    "text_damaged_write_anew": N_("the text is damaged: write it anew"),
    "text_without_columns": N_(
        "a text without columns: write one household a line with commas between name and phones, or put it "
        "into a sheet (the heading lacks these columns: %(lacking)s)"
    ),
    "threshold_changed_meanwhile": N_(
        "somebody else has just set a threshold from %(day)s on: look at it, then change it"
    ),
    "threshold_from": N_("from %(day)s on: %(percent)s%%"),
    "threshold_out_of_range": N_("a threshold is between 0.01%% and 100%%"),
    "tokens_scope_does_not_cover": N_("this token's scope does not cover this"),
    "too_long_for_one_number": N_("too long for one number"),
    "too_many_days": N_("at most %(most)s days"),
    "too_many_groups_to_print": N_("more than %(most)s groups: print village by village"),
    "too_many_households_for_a_page": N_("more than %(most)s households: choose one village"),
    "too_many_numbers_in_cell": N_("too many numbers in a cell"),
    "too_many_people_sign_in_moment": N_("too many people sign in at this moment, try again soon"),
    "too_many_points": N_(
        "%(count)s grids or groups and %(days)s days make more than %(most)s points: choose one village, or fewer days"
    ),
    "too_many_requests_try_again_in": N_("too many requests: try again in a minute"),
    "town_figures": N_(
        "%(villages)s villages, %(households)s households, %(subscribed)s signed up, %(groups)s groups, "
        "%(phones)s phones"
    ),
    "try_again_soon": N_("try again soon"),
    "two_starts_in_list": N_(
        "rows %(lines)s say in two ways since when it is signed up: choose the household in the row that is right"
    ),
    "twice_in_list": N_("the same village and day in lines %(lines)s: none of them is taken"),
    "two_columns_the_same": N_("two columns cannot hold the same"),
    "uncertain_whom_it_means": N_("it is not certain whom it means"),
    "unknown_encoding": N_("the text is neither UTF-8 nor GB18030: open it in WPS and save it as .xlsx"),
    "unknown_kind_of_file": N_("only .xlsx, .xls, .et, .ods, .csv, .txt and .json files can be read"),
    "unknown_parameter": N_("the parameter “%(text)s” is unknown or empty"),
    "upkeep_no_day": N_("“%(text)s” is no day; write it like 2027-02-06"),
    "upkeep_no_hours": N_("“%(text)s” is no span of hours; write them like 9-11,15-19, or off"),
    "village_created": N_("created: %(code)s %(name)s"),
    "village_group_name": N_("the village has a group of this name: %(name)s"),
    "village_head_needs_village_and_nobody": N_("a village head needs a village, and nobody else has one"),
    "village_row_flaw": N_("row %(row)s, %(village)s: %(flaw)s"),
    "village_with_code_exists": N_("a village with this code exists: %(code)s"),
    "villages_code_1_16_letters_digits": N_("a village's code is 1 to 16 letters, digits or -"),
    "villages_name_1_64_characters": N_("a village's name is 1 to 64 characters"),
    "was_to_come_then": N_("%(late)s was to come on %(latest)s"),
    "watch_name_length": N_("a name here is 1 to 64 characters"),
    "web_page_without_table": N_("a web page without a table: open it in WPS and save it as .xlsx"),
    "workbook_has_a_password": N_("the workbook has a password: take it off first"),
    "workbook_has_macros": N_("a workbook with macros is not read: save it as a plain .xlsx"),
    "workbook_unpacks_to_too_much": N_("the workbook unpacks to too much"),
    "would_end_before_it_starts": N_("it would end on %(ends_on)s, before it starts on %(starts_on)s"),
    "would_start_after_today": N_("it would start on %(starts_on)s, which is to come"),
    "writing": N_("writing"),
    "written": N_("written"),
    "you_cannot_change_your_own_role": N_("you cannot change your own role: ask another"),
}
