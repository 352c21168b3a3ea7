"""Whose handsets these are: villages, their groups, and the telephones in each, as somebody outside tells the network.

The network itself knows numbers only; without a phone book its page shows those that have been used. As JSON:

    {"villages": [{"code": "QX", "name": "墙下陶村", "name_en": "Qiangxiatao", "groups": [{"name": "1组", "phones": [
        {"number": "+8613805740001", "household": "王建国家", "place": "桥东第2家", "kind": "mobile", "role": "leader"}
    ]}]}]}

`name_en`, `place`, `kind` (mobile, landline) and `role` (leader, deputy) may be left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from joint_defense.simulator.network.wire import is_number

KINDS = frozenset({"mobile", "landline"})
ROLES = frozenset({"", "leader", "deputy"})


class BadPhoneBook(ValueError):
    """The phone book cannot be read. The message is one line that names the part."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A telephone in a group. `former`: it stood there once and does not any more, and can still be used."""

    number: str
    household: str
    place: str = ""
    kind: str = "mobile"
    role: str = ""
    former: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A group and its telephones, in the order they were given."""

    name: str
    phones: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class Village:
    """A village and its groups."""

    code: str
    name: str
    name_en: str
    groups: tuple[Group, ...]


class PhoneBook:
    """The villages, and whether a number stands in any of them."""

    def __init__(self, villages: tuple[Village, ...] = ()) -> None:
        self.villages = villages
        self._numbers = {phone.number for village in villages for group in village.groups for phone in group.phones}

    def __contains__(self, number: object) -> bool:
        return number in self._numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def find(self, number: str) -> Listed | None:
        """A number's first entry."""
        return next((phone for phone in self._list_phones() if phone.number == number), None)

    def with_former(self, before: PhoneBook) -> PhoneBook:
        """This phone book, and at the end of each group the numbers that stood in it before and are in no group now."""
        left: dict[tuple[str, str], list[Listed]] = {}
        for village in before.villages:
            for group in village.groups:
                gone = [replace(phone, former=True, role="") for phone in group.phones if phone.number not in self]
                left.setdefault((village.code, group.name), []).extend(gone)
        villages = (
            replace(
                village,
                groups=tuple(
                    replace(group, phones=(*group.phones, *left.get((village.code, group.name), ())))
                    for group in village.groups
                ),
            )
            for village in self.villages
        )
        return PhoneBook(tuple(villages))

    def _list_phones(self) -> Iterator[Listed]:
        for village in self.villages:
            for group in village.groups:
                yield from group.phones


def read_phone_book(given: object) -> PhoneBook:
    """A phone book from its JSON. Raises BadPhoneBook."""
    villages = _read_entries(_read_object(given, {"villages"}, "the phone book"), "villages")
    return PhoneBook(tuple(_read_village(entry) for entry in villages))


def _read_village(entry: object) -> Village:
    given = _read_object(entry, {"code", "name", "name_en", "groups"}, "a village")
    name = _read_text(given, "name", "a village")
    groups = tuple(_read_group(group) for group in _read_entries(given, "groups"))
    return Village(
        _read_text(given, "code", "a village"), name, _read_text(given, "name_en", "a village", name), groups
    )


def _read_group(entry: object) -> Group:
    given = _read_object(entry, {"name", "phones"}, "a group")
    return Group(
        _read_text(given, "name", "a group"), tuple(_read_phone(phone) for phone in _read_entries(given, "phones"))
    )


def _read_phone(entry: object) -> Listed:
    given = _read_object(entry, {"number", "household", "place", "kind", "role"}, "a phone")
    number = _read_text(given, "number", "a phone")
    if not is_number(number):
        raise BadPhoneBook(f"{number} is not a telephone number in E.164")
    kind, role = _read_text(given, "kind", "a phone", "mobile"), _read_text(given, "role", "a phone", "")
    if kind not in KINDS or role not in ROLES:
        raise BadPhoneBook(f"a phone: kind is mobile or landline, role is leader or deputy, not {kind} and {role}")
    return Listed(
        number, _read_text(given, "household", "a phone"), _read_text(given, "place", "a phone", ""), kind, role
    )


def _read_object(entry: object, names: set[str], where: str) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping):
        raise BadPhoneBook(f"{where}: an object is needed")
    if unknown := sorted(set(entry) - names):
        raise BadPhoneBook(f"{where}: {unknown[0]} is not known")
    return entry


def _read_entries(given: Mapping[str, Any], name: str) -> list[Any]:
    entries = given.get(name)
    if not isinstance(entries, list):
        raise BadPhoneBook(f"{name} must be a list")
    return entries


def _read_text(given: Mapping[str, Any], name: str, where: str, default: str | None = None) -> str:
    value = given.get(name, default)
    if not isinstance(value, str):
        raise BadPhoneBook(f"{where}: {name} must be a text")
    return value
