"""What counts as a call for help, and what does not."""

from __future__ import annotations

import pytest

from joint_defense.rules.triggers import (
    CHINESE_WORDS,
    ENGLISH_WORDS,
    EXACT,
    Category,
    alarm_in_keys,
    alarm_in_text,
    plain,
)

EVERY_WORD = [
    *((word, category) for category, words in CHINESE_WORDS.items() for word in words),
    *((word, category) for category, words in ENGLISH_WORDS.items() for word in sorted(words)),
    *EXACT.items(),
]


def full_width(text: str) -> str:
    """As an input method types it in its full-width form."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


@pytest.mark.parametrize(("word", "category"), EVERY_WORD)
def test_every_word_of_the_table_raises_its_category_however_it_is_typed(word: str, category: Category) -> None:
    typed = [word, word.upper(), full_width(word), f"  {word} \n", f"{word}!", f"“{word}”。", f"\t{word}!!!"]
    assert {text: alarm_in_text(text) for text in typed} == dict.fromkeys(typed, category)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("#9", Category.UNSPECIFIED),
        ("# 9", Category.UNSPECIFIED),
        ("\uff03\uff19", Category.UNSPECIFIED),
        ("9", Category.UNSPECIFIED),
        ("９", Category.UNSPECIFIED),
        ("9.", Category.UNSPECIFIED),
        ("报警", Category.UNSPECIFIED),
        ("报 警 !", Category.UNSPECIFIED),
        ("救命啊救命", Category.UNSPECIFIED),
        ("着火", Category.FIRE),
        ("着火啦!快来", Category.FIRE),
        ("我家厨房着 火了", Category.FIRE),
        ("小偷", Category.BURGLARY),
        ("院子里有小偷", Category.BURGLARY),
        ("摔倒", Category.MEDICAL),
        ("我妈摔倒了,起不来", Category.MEDICAL),
        ("HELP", Category.UNSPECIFIED),
        ("help", Category.UNSPECIFIED),
        ("Help!", Category.UNSPECIFIED),
        ("\uff28\uff25\uff2c\uff30\uff01", Category.UNSPECIFIED),
        ("please help me", Category.UNSPECIFIED),
        ("FIRE in the kitchen, help", Category.FIRE),
        ("My mother fell, please help", Category.MEDICAL),
        ("着火了,有人受伤", Category.FIRE),
        ("小偷打人,流血了", Category.MEDICAL),
        ("119", Category.FIRE),
        ("120", Category.MEDICAL),
    ],
)
def test_what_somebody_in_need_texts_is_understood(text: str, category: Category) -> None:
    assert alarm_in_text(text) is category


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "!", "#", "*", "0", "1", "2", "3", "19", "91", "90", "1999"),
        *("收到", "来了", "马上到", "不能来", "到了", "取消", "误报", "没事了", "退订", "订阅"),
        *("今天开会吗", "谢谢", "村里几点放电影", "我家电话换成13805740001", "9点开会", "明天9点"),
        *("hello", "helpful", "fireplace", "who is this", "thanks"),
    ],
)
def test_what_is_no_call_for_help_raises_nothing(text: str) -> None:
    assert alarm_in_text(text) is None


def test_plain_folds_what_fingers_and_input_methods_add() -> None:
    assert plain(" #９ 。") == "#9"
    assert plain("Ｈｅｌｐ ！") == "help"
    assert plain("马上\n到~") == "马上到"
    assert plain("** 9") == "**9"


@pytest.mark.parametrize("keys", ["#9", "9", "9#", "##9", "99", "*9", "1#9", "#91", "123#9", "*#9", "999"])
def test_the_keys_that_raise_the_alarm(keys: str) -> None:
    assert alarm_in_keys(keys)


@pytest.mark.parametrize("keys", ["", "#", "*", "1", "19", "92", "90", "##", "#1", "08", "110"])
def test_the_keys_that_raise_nothing(keys: str) -> None:
    assert not alarm_in_keys(keys)
