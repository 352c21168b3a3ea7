from __future__ import annotations

import pytest

from groups.roster.rules.neighbours import Door, draw_up, find_free_names, find_nearest_groups, suggest_leader


def make_row(
    *doors: str, landmark: str = "", phones: int = 1, group_id: int | None = None, first: int = 1
) -> list[Door]:
    return [
        Door(number, landmark, door, phones=phones, group_id=group_id) for number, door in enumerate(doors, start=first)
    ]


def name_doors(drawn: list[list[Door]]) -> list[list[str]]:
    return [[each.door for each in group] for group in drawn]


def test_groups_are_neighbours_in_the_order_in_which_people_count_doors() -> None:
    doors = make_row(*(f"{number}号" for number in range(1, 21)))
    assert name_doors(draw_up([*doors[10:], *reversed(doors[:10])])) == [
        [f"{number}号" for number in range(1, 11)],
        [f"{number}号" for number in range(11, 21)],
    ]


def test_a_group_ends_with_a_building_rather_than_within_it() -> None:
    first, second = [f"3-{number}" for number in range(1, 9)], [f"5-{number}" for number in range(1, 13)]
    assert name_doors(draw_up(make_row(*first, *second))) == [first, second]


def test_households_of_one_landmark_stay_together_whatever_their_doors_are() -> None:
    east = make_row(*(f"{number}号" for number in range(1, 10)), landmark="桥东第2家")
    west = make_row(*(f"{number}号" for number in range(1, 10)), landmark="桥西", first=101)
    drawn = draw_up([*east, *west])
    assert [{each.landmark[:2] for each in group} for group in drawn] == [{"桥东"}, {"桥西"}]


def test_no_group_is_left_with_hardly_anybody_who_can_be_rung_where_another_cut_prevents_it() -> None:
    deaf = make_row(*(f"{number}号" for number in range(1, 7)), phones=0)
    rung = make_row(*(f"{number}号" for number in range(7, 21)), first=7)
    drawn = draw_up([*deaf, *rung])
    assert all(sum(each.phones > 0 for each in group) >= 5 for group in drawn)


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        *((5, [5]), (7, [7]), (8, [8]), (12, [12]), (13, [13]), (15, [7, 8])),
        *((16, [8, 8]), (17, [8, 9]), (23, [11, 12]), (31, [10, 10, 11])),
    ],
)
def test_every_household_is_in_one_group_and_its_size_is_as_near_to_ten_as_it_goes(
    count: int, sizes: list[int]
) -> None:
    drawn = draw_up(make_row(*(f"{number}号" for number in range(1, count + 1))))
    assert [each.household_id for group in drawn for each in group] == list(range(1, count + 1))
    assert sorted(map(len, drawn)) == sizes


def test_a_whole_village_is_drawn_up_in_groups_of_eight_to_twelve() -> None:
    drawn = draw_up(make_row(*(f"{number // 7}-{number % 7}" for number in range(997))))
    assert sum(map(len, drawn)) == 997
    assert all(8 <= len(group) <= 12 for group in drawn)


def test_too_few_for_a_group_go_to_the_group_with_room_that_they_lie_next_to() -> None:
    full = make_row(*(f"1-{number}" for number in range(1, 13)), group_id=1, first=100)
    near = make_row(*(f"2-{number}" for number in range(1, 9)), group_id=2, first=200)
    far = make_row(*(f"9-{number}" for number in range(1, 9)), group_id=3, first=300)
    alone = make_row("1-13", "2-9", "9-10", "8-1")
    assert draw_up(alone) == []
    assert find_nearest_groups(alone, [*full, *near, *far]) == {1: 2, 2: 2, 3: 3, 4: 3}
    assert find_nearest_groups(alone, full) == {}, "a full group takes nobody"


def test_whoever_is_proven_and_has_most_phones_leads_and_nobody_who_needs_help_first() -> None:
    doors = [
        Door(1, "", "1", phones=3, may_lead=False),
        Door(2, "", "2", phones=2),
        Door(3, "", "3", phones=1, proven=True),
        Door(4, "", "4", phones=1, proven=True),
    ]
    assert suggest_leader(doors) == 3
    assert suggest_leader(doors[:2]) == 2
    assert suggest_leader(doors[:1]) is None
    assert suggest_leader([]) is None


def test_new_names_leave_out_numbers_that_a_group_has_in_any_spelling() -> None:
    assert find_free_names(["第1组", "3组东", "老街组"], 3) == ["2组", "4组", "5组"]
