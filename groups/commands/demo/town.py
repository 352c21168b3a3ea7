"""The demo town, drawn up as plain values: the same people, doors and numbers every time.

Its villages' names and figures are in `demo_town.csv`; everybody in it is made up. Chance comes from
`random.Random(code).random()` alone, the one method whose sequence Python promises never to change.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import TypeVar

from groups.models.roster import Language, PhoneKind, VillageKind

REPORTING_DAY = date(2026, 11, 23)
"""The day on which the demo town's figures are those of its report."""
FIRST_DAY = date(2024, 11, 25)
SMALLEST_GROUP, USUAL_GROUP, LARGEST_GROUP = 8, 10, 12

_SURNAMES = (
    *"陈王张李徐周黄吴林朱" * 6,
    *"沈杨施董俞毛应水胡郑叶金蒋孙戴何余赵方谢" * 3,
    *"屠竺楼虞单解仇",
    *("欧阳", "上官", "诸葛"),
)
_GIVEN = tuple("国建明华伟芳英秀梅兰月红飞宏永福根良成德康祥仙娣宝凤阿海玉水亚娟军平文林忠义春秋和")
_THINGS = ("桥", "祠堂", "村口", "小店", "晒场", "樟树", "水井", "学校", "卫生室", "凉亭", "车站", "池塘")
_SIDES = ("东", "南", "西", "北")
_FAMILY = ("配偶", "儿子", "女儿", "儿媳", "父亲")
_GUESTS = ("Maria Santos", "John Miller", "Amina Yusuf", "Peter Novak", "Grace Okafor")
_PLANS = ("平安联防#9按键", "专用手机")

# What a household has by the phone, m(obile) and l(andline) in the order they are rung, and how many in 100 have it.
_IN_A_GROUP = {"m": 42, "ml": 20, "mm": 16, "mlm": 9, "l": 6, "lm": 4, "mmm": 3}
_ON_ITS_OWN = {"": 30, "m": 45, "l": 15, "ml": 10}

_Choice = TypeVar("_Choice")


@dataclass(frozen=True, slots=True)
class PhonePlan:
    """A phone; its rank is its place in the household's list."""

    number: str
    kind: PhoneKind
    holder: str
    may_text: bool
    language: Language


@dataclass(frozen=True, slots=True)
class HouseholdPlan:
    """A household; `group` is an index into its village's groups. Subscriptions are (first day, day after the last)."""

    head: str
    door: str
    landmark: str
    group: int | None
    position: int
    phones: list[PhonePlan]
    plan: str
    subscriptions: list[tuple[date, date | None]]


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """A group; `grid`, `leader`, `deputy` and `backup` are indices into its village's lists."""

    name: str
    grid: int
    leader: int
    deputy: int
    backup: int


@dataclass(frozen=True, slots=True)
class VillagePlan:
    """A village with all that is in it. Grids are (name, virtual)."""

    code: str
    name: str
    name_en: str
    kind: VillageKind
    grids: list[tuple[str, bool]]
    groups: list[GroupPlan]
    households: list[HouseholdPlan]


@dataclass(slots=True)
class _Numbers:
    """A town's worth of numbers, none twice: the n-th multiple of a number coprime to how many there are."""

    mobiles: Iterator[int] = field(default_factory=count)
    landlines: Iterator[int] = field(default_factory=count)

    def mobile(self) -> str:
        return f"+86199{next(self.mobiles) * 61_803_399 % 100_000_000:08}"

    def landline(self) -> str:
        return f"+8657487{next(self.landlines) * 618_033 % 1_000_000:06}"


def draw_up() -> list[VillagePlan]:
    """The whole town: 21 villages, 6,125 households, 4,018 of them subscribed and in groups of eight to twelve."""
    numbers = _Numbers()
    with (Path(__file__).parent / "town.csv").open(encoding="utf-8", newline="") as figures:
        return [_draw_village(row, order, numbers) for order, row in enumerate(csv.DictReader(figures))]


def _draw_village(row: dict[str, str], order: int, numbers: _Numbers) -> VillagePlan:
    rng = Random(row["code"])  # noqa: S311  chance for a story, not for a secret
    subscribed = int(row["subscribed_households"])
    sizes = _draw_group_sizes(subscribed, rng)
    heads = _draw_heads(int(row["households"]), rng)
    real_grids = int(row["real_grids"])
    grids = [(f"第{number}网格", False) for number in range(1, real_grids + 1)] + [("流动人口网格", True)]
    signed_up_from = FIRST_DAY + timedelta(days=order * 31)
    households = _draw_grouped_households(sizes, heads, signed_up_from, rng, numbers)
    households += _draw_households_on_their_own(heads[subscribed:], signed_up_from, rng, numbers)
    return VillagePlan(
        code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        kind=VillageKind(row["kind"]),
        grids=grids,
        groups=_draw_groups(sizes, real_grids, rng),
        households=households,
    )


def _draw_group_sizes(households: int, rng: Random) -> list[int]:
    """`households` cut into groups of eight to twelve, about ten each."""
    if not households:
        return []
    groups = round(households / USUAL_GROUP)
    sizes = [households // groups + (number < households % groups) for number in range(groups)]
    for giver in range(groups):
        taker = int(rng.random() * groups)
        if taker != giver and sizes[giver] > SMALLEST_GROUP and sizes[taker] < LARGEST_GROUP:
            sizes[giver] -= 1
            sizes[taker] += 1
    return sizes


def _draw_groups(sizes: Sequence[int], real_grids: int, rng: Random) -> list[GroupPlan]:
    """Groups with leader, deputy and the next group as back-up; every ninth is led from its neighbour's."""
    groups = []
    first = 0
    for number, size in enumerate(sizes):
        leader = first + int(rng.random() * size)
        deputy = first + (leader - first + 1 + int(rng.random() * (size - 1))) % size
        if number % 9 == 8 and number + 1 < len(sizes):
            leader = first + size
        groups.append(
            GroupPlan(
                name=f"{number + 1}组",
                grid=number * real_grids // len(sizes),
                leader=leader,
                deputy=deputy,
                backup=(number + 1) % len(sizes),
            )
        )
        first += size
    return groups


def _draw_grouped_households(
    sizes: Sequence[int], heads: Sequence[str], signed_up_from: date, rng: Random, numbers: _Numbers
) -> list[HouseholdPlan]:
    households: list[HouseholdPlan] = []
    for group, size in enumerate(sizes):
        spot = _THINGS[group % len(_THINGS)] + _SIDES[group // len(_THINGS) % len(_SIDES)]
        for position in range(1, size + 1):
            head = heads[len(households)]
            household = HouseholdPlan(
                head=head,
                door=f"{group + 1}-{position}",
                landmark=f"{spot}第{position}家",
                group=group,
                position=position,
                phones=_draw_phones(head, _draw_weighted(_IN_A_GROUP, rng), rng, numbers),
                plan=_PLANS[rng.random() < 0.2],
                subscriptions=_draw_subscriptions(signed_up_from, rng),
            )
            households.append(household)
    return households


def _draw_households_on_their_own(
    heads: Sequence[str], signed_up_from: date, rng: Random, numbers: _Numbers
) -> list[HouseholdPlan]:
    """Those who have not signed up, or no longer are: in no group."""
    return [
        HouseholdPlan(
            head=head,
            door=f"{100 + position}号",
            landmark="",
            group=None,
            position=position,
            phones=_draw_phones(head, _draw_weighted(_ON_ITS_OWN, rng), rng, numbers),
            plan=_PLANS[0],
            subscriptions=_draw_past_subscription(signed_up_from, rng),
        )
        for position, head in enumerate(heads, start=1)
    ]


def _draw_heads(households: int, rng: Random) -> list[str]:
    """A head's name for each household, none twice in the village: neighbours must not mix two houses up."""
    heads: dict[str, None] = {}
    while len(heads) < households:
        first, second = _pick(_GIVEN, rng), _pick(_GIVEN, rng)
        given = first if first == second or rng.random() < 0.2 else first + second
        heads[_pick(_SURNAMES, rng) + given] = None
    return list(heads)


def _draw_phones(head: str, kinds: str, rng: Random, numbers: _Numbers) -> list[PhonePlan]:
    phones = []
    for place, kind in enumerate(kinds):
        if kind == "l":
            phones.append(PhonePlan(numbers.landline(), PhoneKind.LANDLINE, "", False, Language.CHINESE))
            continue
        guest = place > 0 and rng.random() < 0.03
        holder = _pick(_GUESTS, rng) if guest else _pick(_FAMILY, rng) if place else head
        language = Language.ENGLISH if guest else Language.CHINESE
        phones.append(PhonePlan(numbers.mobile(), PhoneKind.MOBILE, holder, rng.random() < 0.97, language))
    return phones


def _draw_subscriptions(signed_up_from: date, rng: Random) -> list[tuple[date, date | None]]:
    """Active on the reporting day. Most sign up when the village does, others after them; a few left and came back."""
    days = (REPORTING_DAY - signed_up_from).days
    start = signed_up_from + timedelta(days=int(days * rng.random() ** 3))
    if days > 300 and rng.random() < 0.02:
        left = start + (REPORTING_DAY - start) / 3
        return [(start, left), (left + (REPORTING_DAY - left) / 2, None)] if left > start else [(start, None)]
    return [(start, None)]


def _draw_past_subscription(signed_up_from: date, rng: Random) -> list[tuple[date, date | None]]:
    """One household in twelve had signed up and left again, where the village began long enough ago."""
    days = (REPORTING_DAY - signed_up_from).days
    if days < 200 or rng.random() >= 1 / 12:
        return []
    start = signed_up_from + timedelta(days=int(days / 2 * rng.random()))
    return [(start, start + timedelta(days=90 + int(rng.random() * (days / 2 - 90))))]


def _pick(choices: Sequence[_Choice], rng: Random) -> _Choice:
    return choices[int(rng.random() * len(choices))]


def _draw_weighted(choices: dict[str, int], rng: Random) -> str:
    draw = rng.random() * sum(choices.values())
    for choice, weight in choices.items():
        draw -= weight
        if draw < 0:
            return choice
    return choice
