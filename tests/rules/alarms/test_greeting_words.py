"""What the words of whoever was asked to look in say about the other person."""

from __future__ import annotations

import pytest

from joint_defense.rules.upkeep.greeting_words import is_well_key, says_another_is_well

WELL = (
    "1|１|1。|回复1|按1|人平安|人平安。|人没事|他没事|她很好|他们都好|看到他了|我看到他了，没事|刚看见人了，挺好的|王建国平安|"
    "王建国家平安|1王建国|王建国1|收到，人平安|老人平安|王建国在家，没事|看过了，没事|去看过了 人很好|大爷没事，放心|"
    "王大爷挺好的|he is fine|She's ok|I saw him|王建国没事，谢谢"
)
NOT_SAID = (
    "收到|好的|好|可以|没问题|我在家|人在家|ok|OK|收到谢谢|嗯好的|早上好|我很好|我没事|平安吗|他没事吗|没看到他|人不在|他不太好|"
    "马上去|在路上|我去看看|11|2|陈家平安|on my way|fine|"
    "他应该没事吧？|看到了|希望他平安|人没看到|王建国|我妈没事|敲门没人应|他没事？"
)


@pytest.mark.parametrize("said", WELL.split("|"))
def test_one_and_words_about_the_other_say_that_they_are_well(said: str) -> None:
    assert says_another_is_well(said, ["王建国家", "Wang Jianguo"])


@pytest.mark.parametrize("said", NOT_SAID.split("|"))
def test_words_about_oneself_or_about_the_message_say_nothing_of_the_other(said: str) -> None:
    assert not says_another_is_well(said, ["王建国家", "Wang Jianguo"])


def test_of_a_contact_kin_is_whoever_was_asked_about() -> None:
    assert all(
        says_another_is_well(each, kin=True) for each in ("我妈没事", "爸爸很好", "我爸平安", "my mother is fine")
    )
    assert not any(says_another_is_well(each, kin=True) for each in ("我没事", "我妈不舒服", "我很好"))


def test_a_one_is_nothing_but_a_one() -> None:
    assert [each for each in ("1", "１。", "按1", "11", "1点了", "2", "") if is_well_key(each)] == ["1", "１。", "按1"]
