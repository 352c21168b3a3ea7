"""Every page of the rosters and of the enrolment that somebody looks at: its name, and its address in the county."""

from __future__ import annotations

from groups.rules.names import search_keys
from tools.bench.county import DOORS, head_of

VILLAGE = 1500
_CODE = f"V{VILLAGE}"
_HOUSE = (VILLAGE - 1) * DOORS + 100
"""The last household of a hundred, which has been edited; its subscription has ended."""
_GROUP = (VILLAGE - 1) * 33 + 5
_FIRST_GRID, _FIRST_RESPONDER, _FIRST_CAMERA = (VILLAGE - 1) * 10 + 1, (VILLAGE - 1) * 8 + 1, (VILLAGE - 1) * 6 + 1

Page = tuple[str, str]


def of_a_head() -> list[Page]:
    """What a village's head looks at."""
    home = f"/villages/{_CODE}"
    return [
        ("village", home),
        *((f"search by {what}", f"{home}?q={text}") for what, text in _searches()),
        ("households in no group", f"{home}/ungrouped"),
        ("a group's roster", f"{home}/groups/{_GROUP}"),
        ("a group's settings", f"{home}/groups/{_GROUP}/settings"),
        ("a household", f"{home}/households/{_HOUSE}"),
        ("a household's row", f"{home}/households/{_HOUSE}/row"),
        ("another number", f"{home}/households/{_HOUSE}/phones/{_HOUSE}/number"),
        ("a new household", f"{home}/households/new?group={_GROUP}"),
        ("history of a household", f"{home}/history?household={_HOUSE}"),
        ("history of a group", f"{home}/history?group={_GROUP}"),
        ("history of the village", f"{home}/history"),
        ("import, its first page", f"{home}/import"),
        ("responders", f"{home}/lists"),
        ("grids", f"{home}/lists/grids"),
        ("cameras", f"{home}/lists/cameras"),
        ("a responder", f"{home}/lists/responders/{_FIRST_RESPONDER}"),
        ("a grid", f"{home}/lists/grids/{_FIRST_GRID}"),
        ("a camera", f"{home}/lists/cameras/{_FIRST_CAMERA}"),
        ("directory to print", f"{home}/directory"),
        ("a group's sheet to print", f"{home}/directory/print?group={_GROUP}"),
        ("account", "/account"),
    ]


def of_a_liaison() -> list[Page]:
    """What the telecom liaison looks at."""
    queue = "/enrolment"
    return [
        ("enrolment", queue),
        *(
            (f"enrolment: find by {what}, {where}", f"{queue}?q={text}{village}")
            for where, village in (("in a village", f"&village={_CODE}"), ("in the county", ""))
            for what, text in _searches()
        ),
        ("enrolment: a household", f"{queue}/households/{_HOUSE}"),
        ("enrolment: sign up", f"{queue}/sign-up/{_HOUSE}"),
        ("devices", f"{queue}/devices"),
        ("devices of a village", f"{queue}/devices?village={_CODE}"),
        ("carrier's lists", f"{queue}/lists"),
        ("tariffs", f"{queue}/tariffs"),
    ]


def of_an_admin() -> list[Page]:
    """What the town's administrator looks at."""
    return [
        ("villages", "/villages"),
        *((f"villages: find a household by {what}", f"/villages?q={text}") for what, text in _searches()),
        ("villages: find a village", f"/villages?q=村{VILLAGE}"),
        ("audit", "/audit"),
        ("accounts", "/accounts"),
        ("accounts: find by village", f"/accounts?q=村{VILLAGE}"),
        ("an account", "/accounts/1500"),
        ("directory of the town", "/directory"),
        ("incidents", "/incidents"),
    ]


def _searches() -> list[Page]:
    name = head_of(_HOUSE)
    pinyin, _, _, initials, *_ = search_keys(name).split()
    number = f"199{_HOUSE:08}"
    return [
        ("name", name),
        ("surname", name[:1]),
        ("given name", name[1:]),
        ("pinyin", pinyin),
        ("initials", initials),
        ("door", "10-0"),
        ("landmark", "桥东第100家"),
        ("number", number),
        ("4 digits", number[-4:]),
        ("two words", f"{name[:1]} 10-0"),
        ("what nobody has", "zzqx"),
    ]
