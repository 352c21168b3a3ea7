"""What a neighbour's key or text means once an alarm is out."""

from __future__ import annotations

import pytest

from joint_defense.rules.replies import (
    KEYS,
    Answer,
    answer_in_text,
    is_all_over,
    is_false_alarm,
    is_start,
    is_stop,
)

EXACTLY = {
    Answer.COMING: (
        "1",
        "１",
        " 1 ",
        "1。",
        "收到",
        "收 到!",
        "来了",
        "马上到",
        "马上来",
        "好的",
        "OK",
        "Yes",
        "on my way",
    ),
    Answer.CANNOT: ("2", "２", "2.", "不能来", "不能 来", "来不了", "不在家", "can't", "cannot", "NO"),
    Answer.ON_SCENE: ("3", "３", "到了", "到了!", "已到", "我到了", "Arrived", "here"),
}
LOOSELY = {
    Answer.COMING: ("收到收到,这就来", "好,我马上到你家", "我过来了", "别急,在路上"),
    Answer.CANNOT: ("我在外地,来不了", "对不起不能来,孩子在家", "今天不在家"),
    Answer.ON_SCENE: ("我到了,门口没人", "已到现场", "到门口了"),
}


def test_the_keys_of_an_alarm_call() -> None:
    assert {"1": Answer.COMING, "2": Answer.CANNOT, "3": Answer.ON_SCENE} == KEYS


@pytest.mark.parametrize(("answer", "text"), [(answer, text) for answer, texts in EXACTLY.items() for text in texts])
def test_a_short_reply_is_an_answer_however_it_is_typed(answer: Answer, text: str) -> None:
    assert answer_in_text(text) is answer
    assert answer_in_text(text, loosely=True) is answer


@pytest.mark.parametrize(("answer", "text"), [(answer, text) for answer, texts in LOOSELY.items() for text in texts])
def test_a_longer_reply_counts_only_while_an_alarm_is_open(answer: Answer, text: str) -> None:
    assert answer_in_text(text, loosely=True) is answer
    assert answer_in_text(text) is None


@pytest.mark.parametrize("text", ["", "0", "4", "12", "21", "11", "是谁", "怎么回事", "出了什么事?", "哪一家", "who?"])
def test_a_question_is_no_answer(text: str) -> None:
    assert answer_in_text(text, loosely=True) is None


@pytest.mark.parametrize("text", ["快马上来救命", "救我!马上来", "来人啊,马上过来"])
def test_a_cry_for_help_is_no_answer_whatever_else_it_says(text: str) -> None:
    assert answer_in_text(text, loosely=True) is None


@pytest.mark.parametrize("text", ["0", "０", "取消", "取 消。", "误报", "误报!", "误拨", "没事了", "按错了", "CANCEL"])
def test_the_words_that_take_an_alarm_back(text: str) -> None:
    assert is_false_alarm(text)


@pytest.mark.parametrize("text", ["", "10", "00", "不是误报", "别取消", "救命", "1"])
def test_the_words_that_take_nothing_back(text: str) -> None:
    assert not is_false_alarm(text)


def test_the_words_by_which_a_leader_says_that_it_is_over() -> None:
    assert all(is_all_over(text) for text in ("解除", "解 除", "结束。", "All clear"))
    assert not any(is_all_over(text) for text in ("没有解除", "0", "结束了吗"))


def test_stop_and_start_as_the_carrier_knows_them() -> None:
    assert all(is_stop(text) for text in ("STOP", "stop", "Stop ", "退订", "TD", "UNSUBSCRIBE", "ＳＴＯＰ"))
    assert all(is_start(text) for text in ("START", "订阅", "unstop", "恢复短信"))
    assert not any(is_stop(text) or is_start(text) for text in ("1", "不要停", "start now", "stop it", "收到", "0"))
