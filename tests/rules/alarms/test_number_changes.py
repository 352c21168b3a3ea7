"""A text that says another number: which it is, of whom, and what is none."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from joint_defense.rules.number_changes import Unclear, WantedChange, choose_phone, read_bare_number, read_change


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("改 13800138000", WantedChange("", "", "13800138000")),
        ("改13800138000", WantedChange("", "", "13800138000")),
        ("改：１３８ ００１３ ８０００。", WantedChange("", "", "138 0013 8000")),
        ("换成138-0013-8000", WantedChange("", "", "138-0013-8000")),
        ("新号码 13800138000", WantedChange("", "", "13800138000")),
        ("改 李大明家 13800138000", WantedChange("李大明家", "", "13800138000")),
        ("李大明家的手机改成13800138000", WantedChange("李大明家", "", "13800138000")),
        ("李家改13800138000", WantedChange("李家", "", "13800138000")),
        ("改 尾号1234 13800138000", WantedChange("", "1234", "13800138000")),
        ("改 李大明 1234 13800138000", WantedChange("李大明", "1234", "13800138000")),
        ("new 13800138000", WantedChange("", "", "13800138000")),
        ("NEW Li Daming household 13800138000", WantedChange("Li Daming household", "", "13800138000")),
        ("改 1380013800", WantedChange("", "", "1380013800")),
        ("改 87400001", WantedChange("", "", "87400001")),
    ],
)
def test_another_number_is_read_with_its_household_or_its_old_ending(text: str, wanted: WantedChange) -> None:
    assert read_change(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        *("改天再来", "1", "会议时间改到3点", "时间改 1530", "13800138000", "我家着火了快来 13800138000", "改 李大明"),
        *("有人撬门，打我13800138000", "换锁 110", "改" * 200 + "13800138000", "我的新号码是什么", ""),
    ],
)
def test_what_speaks_of_something_else_changes_no_number(text: str) -> None:
    assert read_change(text) is None


def test_a_bare_number_is_one_only_alone() -> None:
    assert read_bare_number("13800138000。") == WantedChange("", "", "13800138000")
    assert read_bare_number("9") is None
    assert read_bare_number("13800138000 快来") is None


@dataclass(frozen=True)
class Phone:
    phone_id: int
    number: str
    head: str
    failing: bool = False
    own: bool = False

    @property
    def household_name(self) -> str:
        return f"{self.head}家"

    @property
    def household_name_en(self) -> str:
        return "the Li Daming household" if self.head == "李大明" else "the Wang household"


OWN = Phone(1, "+8613800001111", "王", own=True)
FIRST, SECOND = Phone(2, "+8613800002222", "李大明"), Phone(3, "+8613800003333", "李大明", failing=True)
ALL = [OWN, FIRST, SECOND]


@pytest.mark.parametrize(
    ("asked", "name", "ending", "meant"),
    [
        ((), "", "", OWN),
        ((2,), "", "", FIRST),
        ((2, 1), "", "", Unclear.WHOSE),
        ((2, 3), "", "", SECOND),
        ((), "李大明", "", SECOND),
        ((), "李大明家", "2222", FIRST),
        ((), "Li Daming", "2222", FIRST),
        ((), "", "2222", FIRST),
        ((), "赵", "", Unclear.NOBODY),
        ((), "李大明", "9999", Unclear.NOBODY),
    ],
)
def test_of_several_phones_the_one_that_was_asked_about_or_fails_is_meant(
    asked: tuple[int, ...], name: str, ending: str, meant: Phone | Unclear
) -> None:
    assert choose_phone(ALL, asked, WantedChange(name, ending, "1"), OWN.number) == meant


def test_where_nothing_tells_them_apart_it_is_asked() -> None:
    two = [Phone(4, "+8613800004444", "赵"), Phone(5, "+8613800005555", "赵")]
    assert choose_phone(two, (), WantedChange("赵", "", "1"), "+8613900000000") is Unclear.WHICH
