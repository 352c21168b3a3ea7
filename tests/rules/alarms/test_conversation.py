"""What callers hear and read, and what a neighbour's answer is answered with."""

from __future__ import annotations

import pytest

from joint_defense.rules.replies import Answer
from joint_defense.rules.states import ClosingOutcome
from joint_defense.rules.triggers import Category
from joint_defense.rules.wording import calls as said
from joint_defense.rules.wording import written
from joint_defense.rules.wording.alarm import count_segments

BOTH = ("zh", "en")
DICTIONARIES = (
    *(
        said.MENU,
        said.NOT_A_KEY,
        said.WORDS_KEPT,
        said.HOW_SOON,
        said.CATEGORY_WRONG_KEY,
        said.STRANGER,
        said.BROKEN,
        said.FLOOD,
    ),
    *(written.HELP_TEXT, said.CATEGORY_PROMPT, said.STAR_AGAIN, said.GOODBYE, said.OVER_FOR_CALLER, said.NOT_RUNG),
    *(said.OVER_FOR_NEIGHBOUR, said.LEADER_MAY_CLOSE, said.TALKING, said.CALL_BACK),
    *(said.NOT_ON_LINE, said.BACK_FROM_TALK, said.NEIGHBOUR_BACK_FROM_TALK),
)


@pytest.mark.parametrize("lines", DICTIONARIES, ids=lambda lines: str(lines["en"])[:20])
def test_every_line_is_there_in_chinese_and_english(lines: dict[str, str]) -> None:
    assert set(lines) == {"zh", "en"}
    assert any("一" <= sign <= "鿿" for sign in lines["zh"])
    assert lines["en"].isascii()


def test_whoever_is_told_of_a_failure_or_of_nobody_is_told_to_dial_110() -> None:
    assert said.BROKEN["zh"] == "系统出故障了，请马上打110。"
    for line in (said.STRANGER, said.FLOOD, said.BROKEN):
        assert "110" in line["zh"]
        assert "110" in line["en"]
    assert "110" in written.STRANGER_TEXT
    assert "110" in written.BROKEN_TEXT
    for language in BOTH:
        for unheard in said.Unheard:
            assert "110" in said.say_wordless(unheard, language, told=True)
            assert "110" in said.say_wordless(unheard, language, told=False)
        assert "110" in said.say_nobody_yet(Category.BURGLARY, language)
        assert "119" in said.say_nobody_yet(Category.FIRE, language)
        assert "120" in said.say_nobody_yet(Category.MEDICAL, language)
        assert "110" in said.say_alarm_raised(0, 0, language)
        assert "0" not in said.say_alarm_raised(0, 0, language).replace("110", ""), "nobody is being rung"
        assert "110" in written.write_alarm_answer(0, language)


def test_a_caller_hears_how_many_are_being_rung() -> None:
    assert said.say_alarm_raised(12, 9, "zh").startswith("求助已收到，马上呼叫9户邻居，共12部电话。")
    assert "9 neighbouring households" in said.say_alarm_raised(12, 9, "en")
    assert "9户" in said.say_alarm_joined(9, "zh")
    assert "9 households" in written.write_alarm_answer(9, "en")


def test_whoever_comes_is_named() -> None:
    assert said.say_who_comes(["李家", "陈家"], [], "zh") == ["李家、陈家正在赶来。"]
    assert said.say_who_comes(["李家"], ["陈家"], "zh") == ["陈家已到现场。", "李家正在赶来。"]
    assert said.say_who_comes([], [], "zh") == []
    assert said.say_who_cannot_after_all(["李家"], "zh") == ["李家来不了了。"]
    assert said.say_who_cannot_after_all([], "en") == []
    quiet = Category.UNSPECIFIED
    assert written.write_news(["李家"], [], quiet, "zh") == "【十户联防】李家正在赶来。"
    assert written.write_news([], [], quiet, "zh") == "【十户联防】还没有人回应，请马上打110。"
    assert written.write_news(["Li"], ["Chen"], quiet, "en") == "[Joint Defence] Chen: on the scene. Li: on the way."


def test_an_answer_is_thanked_by_the_callers_name() -> None:
    assert said.say_thanks(["王家"], Answer.COMING, "zh") == "谢谢，已记下您正赶往王家。"
    for answer in Answer:
        assert "王家、李家" in said.say_thanks(["王家", "李家"], answer, "zh")
        assert "Wang and Li" in said.say_thanks(["Wang", "Li"], answer, "en")


def test_a_text_that_could_belong_to_several_alarms_says_which_it_counted_for() -> None:
    assert written.reply_thanks(["王家"], Answer.COMING, 0, "zh") == "【十户联防】谢谢，已记下您正赶往王家。"
    assert written.reply_thanks(["王家"], Answer.COMING, 2, "zh").endswith("（另有2起求助还没结束）")
    assert "2 more open" in written.reply_thanks(["Wang"], Answer.COMING, 2, "en")


@pytest.mark.parametrize("outcome", ClosingOutcome)
def test_an_all_clear_names_the_callers_says_how_it_ended_and_blames_nobody(outcome: ClosingOutcome) -> None:
    chinese, english = (
        written.write_all_clear(["王家"], outcome, "zh"),
        written.write_all_clear(["Wang"], outcome, "en"),
    )
    assert "王家" in chinese
    assert "Wang" in english
    assert "over" in english
    assert not any(word in chinese for word in ("恶意", "罚", "malicious"))
    assert count_segments(chinese) == 1


def test_the_category_is_confirmed_with_its_number() -> None:
    assert said.say_category_noted(Category.FIRE, "zh") == "正在告诉邻居：着火了。请同时打119。"
    assert "120" in said.say_category_noted(Category.MEDICAL, "en")
    assert said.CATEGORY_KEYS == {
        **{"1": Category.BURGLARY, "2": Category.FIRE},
        **{"3": Category.MEDICAL, "4": Category.OTHER},
    }
