"""The sentences of messages: code → English, and through the catalogue Chinese.

A message (`groups.errors.Message`) is a code and values. Here is what it says. `WORDS` has the English sentence of each
code; its Chinese stands in the catalogue, `web/translations`, as that of every string of the pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

from groups.errors import Message

_CHINESE_THEN_ENGLISH = re.compile(r"(?P<zh>.*[^\x00-\x7f][^A-Za-z]*?)\s+(?P<en>[A-Za-z(].*)", re.DOTALL)
CATALOGUE = Path(__file__).parent / "web" / "translations"
_COMPILED = CATALOGUE / "zh_Hans_CN" / "LC_MESSAGES" / "messages.mo"


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for a string that is translated later
    """Mark a sentence for the catalogue; it stays as it is."""
    return text


def in_chinese(message: Message | str) -> str:
    """The sentence in Chinese."""
    if isinstance(message, str):
        return _glued(message)[0]
    return _in(message, _chinese().gettext)


def in_english(message: Message | str) -> str:
    """The sentence in English."""
    if isinstance(message, str):
        return _glued(message)[1]
    return _in(message, lambda text: text)


def in_both(message: Message | str) -> str:
    """The sentence in Chinese, then in English: what commands print and files say, which know no reader's language."""
    return message if isinstance(message, str) else f"{in_chinese(message)} {in_english(message)}"


def _glued(message: str) -> tuple[str, str]:
    # Rooms whose messages are not yet codes: Chinese, a blank, English.
    found = _CHINESE_THEN_ENGLISH.fullmatch(message)
    return (found["zh"], found["en"]) if found else (message, message)


def _in(message: Message, translate: Callable[[str], str]) -> str:
    values = {name: _in(value, translate) if isinstance(value, Message) else value for name, value in _values(message)}
    sentence = translate(WORDS[message.code])
    return sentence % values


def _values(message: Message) -> list[tuple[str, Any]]:
    return list(message.values.items())


@cache
def _chinese() -> GNUTranslations:
    with _COMPILED.open("rb") as compiled:
        return GNUTranslations(compiled)


WORDS: Mapping[str, str] = {
    "account_with_name_or_phone": N_("there is an account with this name or phone"),
    "back_up_group_must_another_one": N_("the back-up group must be another one of this village"),
    "books_no_home": N_("household %(household)s is signed up on days on which it lives nowhere"),
    "books_two_homes": N_("household %(household)s lives in two places on one day"),
    "books_two_subscriptions": N_("household %(household)s is signed up twice on one day"),
    "books_unequal": N_("%(village)s: %(own)s are signed up, its groups and those in none have %(summed)s"),
    "books_unequal_town": N_("the villages have %(own)s signed up, the town has %(summed)s"),
    "choose_another_group_village": N_("choose another group of this village"),
    "choose_who_leaves_somebody_stay": N_("choose who leaves: somebody has to stay"),
    "client_needs_scope": N_("a client needs a scope"),
    "client_with_name": N_("there is a client with this name"),
    "clients_name_1_64_characters": N_("a client's name is 1 to 64 characters"),
    "code_wrong_used_or_too_old": N_("this code is wrong, used or too old"),
    "group_not_on_roster": N_("this group is not on the roster"),
    "groups_households_just_changed": N_("the group's households have just changed"),
    "groups_name_1_64_characters": N_("a group's name is 1 to 64 characters"),
    "household_most_phones": N_("a household has at most %(most_phones)s phones"),
    "household_not_in_group": N_("this household is not in the group"),
    "household_not_on_roster": N_("this household is not on the roster"),
    "household_number_already": N_("this household has this number already"),
    "leader_and_deputy_must_two_households": N_("leader and deputy must be two households"),
    "more_than_one_village_called_so": N_("more than one village is called so: %(known)s"),
    "move_its_households_another_group_first": N_("move its households to another group first"),
    "name_1_64_characters": N_("a name is 1 to 64 characters"),
    "name_letters_phone_matter_its_own": N_("a name has letters; a phone is a matter of its own"),
    "no_account_name": N_("no account has this name: %(name)s"),
    "no_such_client": N_("there is no such client"),
    "no_such_group_in_village": N_("there is no such group in this village"),
    "no_village_called_so_enter_its": N_("no village is called so: enter its name or code"),
    "no_village_code": N_("no village has this code: %(code)s"),
    "number_stands": N_("the number stands at %(head)s, %(place)s"),
    "password_least_characters": N_("a password has at least %(shortest)s characters"),
    "password_most_characters": N_("a password has at most %(longest)s characters"),
    "password_must_not_its_owners_name": N_("a password must not be its owner's name or phone"),
    "password_one_first_anybody_would_try": N_("this password is one of the first that anybody would try"),
    "requests_minute_1": N_("requests a minute: 1 to %(fastest_pace)s"),
    "somebody_else_just_changed_number": N_("somebody else has just changed this number"),
    "too_many_people_sign_in_moment": N_("too many people sign in at this moment, try again soon"),
    "village_group_name": N_("the village has a group of this name: %(name)s"),
    "village_head_needs_village_and_nobody": N_("a village head needs a village, and nobody else has one"),
    "village_with_code_exists": N_("a village with this code exists: %(code)s"),
    "villages_code_1_16_letters_digits": N_("a village's code is 1 to 16 letters, digits or -"),
    "villages_name_1_64_characters": N_("a village's name is 1 to 64 characters"),
    "you_cannot_change_your_own_role": N_("you cannot change your own role: ask another"),
}
