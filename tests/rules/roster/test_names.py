"""What a house is called and how it is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groups.rules import names


@pytest.mark.parametrize(
    ("head", "full", "english"),
    [
        ("王建国", "王建国家", "the Wang Jianguo household"),
        ("欧阳修", "欧阳修家", "the Ouyang Xiu household"),
        ("司马光", "司马光家", "the Sima Guang household"),
        ("诸葛亮", "诸葛亮家", "the Zhuge Liang household"),
        ("上官婉儿", "上官婉儿家", "the Shangguan Waner household"),
        ("水宏", "水宏家", "the Shui Hong household"),
        ("John Miller", "John Miller家", "the John Miller household"),
    ],
)
def test_a_house_is_called_by_its_head(head: str, full: str, english: str) -> None:
    assert names.name_household(head) == full
    assert names.name_household_in_english(head) == english


@pytest.mark.parametrize(
    ("head", "romanised"),
    [
        ("单田芳", "Shan Tianfang"),
        ("解晓东", "Xie Xiaodong"),
        ("仇英", "Qiu Ying"),
        ("区兰", "Ou Lan"),
        ("查良镛", "Zha Liangyong"),
        ("翟红", "Zhai Hong"),
        ("曾国平", "Zeng Guoping"),
        ("盖明", "Ge Ming"),
        ("覃芳", "Qin Fang"),
        ("朴军", "Piao Jun"),
        ("尉迟恭", "Yuchi Gong"),
        ("万俟卨", "Moqi Xie"),
        ("单", "Shan"),
    ],
)
def test_surnames_are_read_as_surnames(head: str, romanised: str) -> None:
    assert names.romanise(head) == romanised


@pytest.mark.parametrize(
    ("group", "landmark", "door", "chinese", "english"),
    [
        (
            "3组", "桥东第2家", "3-2",
            "墙下陶村3组·桥东第2家", "Qiangxiatao Village, group 3, door 3-2, 2nd house east of the bridge",
        ),
        ("3组", "", "3-2", "墙下陶村3组·门牌3-2", "Qiangxiatao Village, group 3, door 3-2"),
        ("3组", "祠堂旁", "", "墙下陶村3组·祠堂旁", "Qiangxiatao Village, group 3, beside the ancestral hall"),
        ("3组", "", "", "墙下陶村3组", "Qiangxiatao Village, group 3"),
        ("", "", "112号", "墙下陶村·门牌112号", "Qiangxiatao Village, door 112hao"),
        (
            "第12联防组", "小店北第11家", "",
            "墙下陶村第12联防组·小店北第11家", "Qiangxiatao Village, group 12, 11th house north of the shop",
        ),
        ("老屋组", "老王对面", "", "墙下陶村老屋组·老王对面", "Qiangxiatao Village, Laowuzu, Laowangduimian"),
    ],
)  # fmt: skip
def test_a_place_is_said_as_a_neighbour_finds_it(
    group: str, landmark: str, door: str, chinese: str, english: str
) -> None:
    assert names.write_place("墙下陶村", group, landmark, door) == chinese
    assert names.write_place_in_english("墙下陶村", "Qiangxiatao", group, landmark, door) == english


def test_a_village_without_an_english_name_is_spelt_in_pinyin() -> None:
    assert names.write_place_in_english("四甲村", "", "1组", "", "") == "Sijia Village, group 1"
    assert names.write_place_in_english("新庄居委会", "", "1组", "", "") == "Xinzhuang Neighbourhood, group 1"


@given(st.text(max_size=64), st.text(max_size=64))
def test_no_name_and_no_place_makes_it_crash(name: str, spot: str) -> None:
    assert names.name_household_in_english(name).endswith("household")
    assert names.write_place("村", name, spot, "").startswith("村")
    assert names.write_place_in_english("村", "V", name, spot, spot).startswith("V Village")
