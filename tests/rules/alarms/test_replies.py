"""What a neighbour's key or text means once an alarm is out."""

from __future__ import annotations

from joint_defense.rules.replies import KEYS, Answer, is_start, is_stop


def test_the_keys_of_an_alarm_call() -> None:
    assert {"1": Answer.COMING, "2": Answer.CANNOT, "3": Answer.ON_SCENE} == KEYS


def test_stop_and_start_as_the_carrier_knows_them() -> None:
    assert all(is_stop(text) for text in ("STOP", "stop", "Stop ", "退订", "TD", "UNSUBSCRIBE", "ＳＴＯＰ"))
    assert all(is_start(text) for text in ("START", "订阅", "unstop", "恢复短信"))
    assert not any(is_stop(text) or is_start(text) for text in ("1", "不要停", "start now", "stop it", "收到", "0"))


def test_who_asks_in_a_sentence_for_no_more_texts_gets_none() -> None:
    asked = ("退订短信", "别再给我发短信了", "stop please", "OPTOUT", "REVOKE", "stop texting me", "不要发信息")
    assert [text for text in asked if not is_stop(text)] == []
    assert not any(is_stop(text) for text in ("stop him", "别发了", "停", "别再给我打电话了", "不要短信，要电话"))
