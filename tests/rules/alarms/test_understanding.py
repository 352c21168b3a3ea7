"""What people's texts mean: the cases as they were given, and our own, each with who writes and what is right."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TypedDict

import pytest

from groups.rules.typed_text import cut_links
from joint_defense.rules.triggers import Category
from joint_defense.rules.understanding.meanings import ANSWERS, Meaning, Question, Writer
from joint_defense.rules.understanding.sender_own_text import find_own_part
from joint_defense.rules.understanding.spelling import fold
from joint_defense.rules.understanding.understand import understand

CASES = Path(__file__).parents[2] / "data" / "texts"
WRITERS = {
    "caller": Writer.CALLER,
    "neighbour": Writer.RUNG,
    "after_all_clear": Writer.TOLD_OVER,
    "member": Writer.AT_REST,
}


class Case(TypedDict):
    """A text, who writes it, and the outcomes that are right."""

    state: str
    body: str
    right: list[str]


def cases(name: str) -> list[Case]:
    found: list[Case] = json.loads((CASES / name).read_text(encoding="utf-8"))
    return found


def outcome(case: Case) -> str:
    """What the text comes to, in the words of the cases."""
    meaning = understand(case["body"], WRITERS[case["state"]]).meaning
    if meaning in {Meaning.TAKEN_BACK, Meaning.SOLVED}:
        return "taken_back"
    if meaning is Meaning.ALARM:
        return "alarm"
    if case["state"] == "member":
        return "no_alarm"
    if meaning in ANSWERS and case["state"] == "neighbour":
        return str(meaning)
    return "passed_on" if meaning is Meaning.TOLD and case["state"] == "caller" else "none"


def is_right(case: Case) -> bool:
    # What a neighbour writes is on the board in any case: "passed on" and "nothing concluded" are one there.
    given = outcome(case)
    return given in case["right"] or (given == "none" and "passed_on" in case["right"] and case["state"] != "caller")


@pytest.mark.parametrize(
    ("name", "least"),
    [
        *(("given.json", 119), ("own.json", 1444), ("blind.json", 458), ("blind_2.json", 304), ("blind_3.json", 305)),
        *(
            ("blind_4.json", 429),
            ("blind_5.json", 262),
            ("blind_6.json", 232),
            ("blind_7.json", 326),
            ("blind_8.json", 331),
            ("blind_9.json", 214),
            ("blind_10.json", 214),
            ("blind_11.json", 122),
            ("blind_12.json", 137),
            ("own_12.json", 82),
            ("blind_13.json", 60),
            ("blind_14.json", 192),
            ("blind_15.json", 73),
            ("blind_16.json", 55),
            ("own_13.json", 66),
            ("probes_12.json", 42),
            ("probes_11.json", 88),
            ("own_11.json", 404),
        ),
    ],
)
def test_texts_are_understood_as_people_mean_them(name: str, least: int) -> None:
    table = cases(name)
    wrong = [
        f"{each['state']}: {each['body']!r} → {outcome(each)}, not {each['right']}"
        for each in table
        if not is_right(each)
    ]
    print("\n".join(wrong))
    assert (len(table) - len(wrong), wrong) == (least, [])


@pytest.mark.parametrize("name", sorted(each.name for each in CASES.glob("*.json")))
def test_nothing_is_concluded_falsely_where_nothing_may_be(name: str) -> None:
    grave = {"coming", "on_scene", "alarm"}
    assert [
        each["body"] for each in cases(name) if (given := outcome(each)) in grave and given not in each["right"]
    ] == []


@pytest.mark.parametrize("writer", list(Writer))
def test_the_same_text_again_and_again_is_a_machine_but_a_cry_never_is(writer: Writer) -> None:
    odd = "本人不在座位上，敬请期待"
    assert understand(odd, writer, said_before=2).meaning is Meaning.MACHINE
    assert understand("快来救命", writer, said_before=9).meaning in {Meaning.ALARM, Meaning.TOLD}


def test_a_bare_yes_counts_only_from_somebody_who_has_not_answered() -> None:
    assert understand("好的", Writer.RUNG).meaning is Meaning.COMING
    assert understand("好的", Writer.RUNG, answered=True).meaning is Meaning.TOLD
    assert understand("1", Writer.RUNG, answered=True).meaning is Meaning.COMING


@pytest.mark.parametrize("body", ["解除", "解 除", "结束。", "All clear", "0", "没事了"])
def test_only_a_leader_says_that_somebody_elses_alarm_is_over(body: str) -> None:
    assert understand(body, Writer.RUNG, leads=True).meaning is Meaning.ALL_OVER
    assert understand(body, Writer.RUNG).meaning is Meaning.TOLD


def test_what_has_happened_is_named() -> None:
    said = {"着火了,有人受伤": Category.FIRE, "小偷打人,流血了": Category.MEDICAL, "有人撬门": Category.BURGLARY}
    assert {text: understand(text, Writer.AT_REST).category for text in said} == said
    assert understand("救命", Writer.AT_REST).category is Category.UNSPECIFIED


def test_a_question_is_heard_beside_the_answer() -> None:
    assert understand("在哪？我马上来", Writer.RUNG).question is Question.WHERE
    assert understand("谁来了？", Writer.CALLER).question is Question.WHO_COMES
    assert understand("1", Writer.RUNG).question is None


def test_who_comes_is_asked_in_several_ways_and_things_have_no_house() -> None:
    for text in ("来了没有", "who else", "有人来了没有"):
        assert understand(text, Writer.CALLER).question is Question.WHO_COMES
    for text in ("小偷往哪里跑了", "钥匙在哪里", "灭火器在哪"):
        assert understand(text, Writer.RUNG).question is Question.OTHER
    assert understand("9\n发自我的iPhone", Writer.AT_REST).words == ""


def test_links_are_cut_out() -> None:
    assert cut_links("看 https://x.example/a?b=1 这里") == "看 … 这里"
    assert cut_links("快看www.dawei.cn/a，来") == "快看…，来"
    addresses = ["t.cn/abc", "weixin://dl/x", "ftp://a.b/c", "1.2.3.4/x", "pay.icu/1", "evil.vip", "www.dawei.cn"]
    assert [cut_links(f"点{each}看") for each in addresses] == ["点…看"] * len(addresses)
    none = ["他家3.5米高", "他有刀.com", "help.Me and kids", "9.30/10.30", "no.Go away"]
    assert [cut_links(each) for each in none] == none


def test_both_scripts_and_both_widths_are_one() -> None:
    assert fold("我們馬上來，１️⃣ＯＫ") == "我们马上来,1ok"


def test_what_is_not_theirs_is_taken_away() -> None:
    alarm = "【十户联防】王甲建家求助!墙下陶村1组,07:36。电话19900005001。能来回1,不能来回2,到了回3。必要时拨110"
    assert find_own_part(f"“{alarm}”\n马上到").words == "马上到"
    assert find_own_part(f"「王甲建：{alarm}」\n- - - - - - -\n马上到").words.endswith("马上到")
    assert find_own_part(f"点赞了“{alarm}”").reacts
    assert find_own_part(f"转发：{alarm}").forwarded
    assert find_own_part("到了\n发自我的iPhone").words == "到了"


def test_what_is_written_by_its_sound_is_read_as_it_is_meant() -> None:
    meant = {"吗上就到": "马上就到", "煤汽漏了": "煤气漏了", "救名啊": "救命啊", "摔到了": "摔倒了", "案错了": "按错了"}
    assert {each: fold(each) for each in meant} == meant
    everyday = [
        "倒了",
        "敲门",
        "找活干",
        "这火了",
        "快来认领",
        "取笑",
        "来补料",
        "抽出来",
        "厨电",
        "手上",
        "是火了",
        "跌到",
    ]
    assert [each for each in everyday if fold(each) != each] == []


@pytest.mark.parametrize(
    "list_", ["1、关好门窗 2、关煤气阀", "1. 房间很小，地毯很脏", "2）做工一般", "3：声音不错，就是有点小"]
)
def test_a_point_of_a_list_is_no_number_that_answers(list_: str) -> None:
    assert understand(list_, Writer.RUNG).meaning in {Meaning.TOLD, Meaning.NOTHING}


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        ("不", Meaning.CANNOT),
        ("不，我在外地", Meaning.CANNOT),
        ("不，是烧稻草", Meaning.TOLD),
        ("yes", Meaning.COMING),
        ("yes, but is it real?", Meaning.TOLD),
        ("no, sorry", Meaning.CANNOT),
        ("no, it was the cat", Meaning.TOLD),
    ],
)
def test_a_bare_yes_or_no_answers_only_where_nothing_else_is_meant(body: str, meaning: Meaning) -> None:
    assert understand(body, Writer.RUNG).meaning is meaning


@pytest.mark.parametrize("writer", list(Writer))
def test_a_word_said_again_and_again_takes_no_longer_than_other_words(writer: Writer) -> None:
    begun = time.process_time()
    for word in ("刚刚", "没事了", "误报", "准备去", "谢谢大家"):
        understand(f"{word * 500}x", writer)
    assert time.process_time() - begun < 5
