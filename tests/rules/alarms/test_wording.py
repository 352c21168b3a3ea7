"""What neighbours hear and read: who and where first, and a text that fits two segments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from groups.commands.demo.town import draw_up
from groups.rules import names
from joint_defense.carriers import twiml
from joint_defense.rules.replies import LATER
from joint_defense.rules.triggers import Category
from joint_defense.rules.wording import calls
from joint_defense.rules.wording.alarm import (
    MOST_VOICES,
    Voice,
    count_segments,
    find_official_number,
    say_how_to_answer,
    say_no_key_pressed,
    write_announcement,
    write_local_number,
    write_message,
    write_second_voice,
    write_wordless,
)

AT = datetime(2026, 11, 23, 21, 7, tzinfo=UTC)
LONGEST_TEXT = 134
"""Signs in two UCS-2 segments."""
LANGUAGES = ("zh", "en")


def voice(**changes: object) -> Voice:
    values: dict[str, object] = {
        "household": "王建国家",
        "household_en": "the Wang Jianguo household",
        "place": "墙下陶村3组·桥东第2家",
        "place_en": "Qiangxiatao Village, group 3, 2nd house east of the bridge",
        "door": "3-2",
        "number": "+8613805740001",
        "category": Category.UNSPECIFIED,
        "text": "",
        "raised_at": AT,
    }
    return Voice(**(values | changes))  # type: ignore[arg-type]


def every_household() -> Iterator[Voice]:
    """The whole demo town, each household calling from its first phone."""
    for village in draw_up():
        for house in village.households:
            group = village.groups[house.group].name if house.group is not None else ""
            yield voice(
                household=names.name_household(house.head),
                household_en=names.name_household_in_english(house.head),
                place=names.write_place(village.name, group, house.landmark, house.door),
                place_en=names.write_place_in_english(village.name, village.name_en, group, house.landmark, house.door),
                door=house.door,
                number=house.phones[0].number if house.phones else "+8657487000000",
                category=Category.MEDICAL,
            )


def test_an_alarm_call_says_who_and_where_before_anything_else() -> None:
    assert write_announcement([voice()], "zh")[0] == "王建国家求助！墙下陶村3组，桥东第2家。"
    english = write_announcement([voice()], "en")[0]
    assert (
        english == "the Wang Jianguo household needs help! Qiangxiatao Village, group 3, 2nd house east of the bridge."
    )


def test_what_has_happened_and_the_door_come_after() -> None:
    assert write_announcement([voice(category=Category.FIRE)], "zh")[1:] == ["着火了，门牌3-2。"]
    assert write_announcement([voice(category=Category.FIRE)], "en")[1:] == ["Fire, door 3-2."]
    assert write_announcement([voice(door="")], "zh")[1:] == []


@pytest.mark.parametrize(
    ("why", "chinese", "english"),
    [
        ("alone", "家有独居老人", "elderly living alone"),
        ("disabled", "家中有人行动不便", "cannot get out alone"),
        ("other", "需要优先帮助", "needs help first"),
    ],
)
def test_why_a_household_needs_help_first_is_said_behind_who_and_where(why: str, chinese: str, english: str) -> None:
    house = voice(first_help=why, category=Category.FIRE)
    plain = voice(category=Category.FIRE)
    assert write_announcement([house], "zh") == [write_announcement([plain], "zh")[0], f"着火了，{chinese}，门牌3-2。"]
    assert write_announcement([house], "en") == [write_announcement([plain], "en")[0], f"Fire, {english}, door 3-2."]
    for text in (write_message, write_second_voice):
        assert f"墙下陶村3组·桥东第2家（3-2），{chinese}，21:07。" in text(house, "zh")
        assert f"2nd house east of the bridge (3-2), {english}, 21:07." in text(house, "en")
    assert f"桥东第2家，{chinese}。" in write_wordless(house, "zh")
    assert f"east of the bridge, {english}." in write_wordless(house, "en")


def test_whoever_is_called_because_too_few_come_learns_so_behind_who_and_where() -> None:
    fire, please = voice(category=Category.FIRE), "来的人还不够，请您去支援。"
    where, what = write_announcement([fire], "zh")
    assert write_announcement([fire], "zh", widened=True) == [where, please, what]
    assert please in write_message(fire, "zh", widened=True)
    assert please not in write_message(fire, "zh")


def test_who_needs_help_first_never_costs_a_third_segment() -> None:
    long = voice(first_help="disabled", category=Category.MEDICAL, place="墙下陶村3组·" + "桥" * 30)
    assert count_segments(write_message(voice(category=Category.MEDICAL, place=long.place), "zh")) == 2
    for text in (write_message, write_second_voice, write_wordless):
        assert count_segments(text(long, "zh")) <= 2, text(long, "zh")
    # Whatever the length of the place: where there is no room for why they need help, it is left out.
    told = set()
    for length in range(20, 110):
        place = "桥" * length
        plain = write_message(voice(category=Category.MEDICAL, place=place), "zh")
        urgent = write_message(voice(first_help="disabled", category=Category.MEDICAL, place=place), "zh")
        if count_segments(plain) == 2:
            assert count_segments(urgent) == 2, urgent
            told.add("家中有人行动不便" in urgent)
        elif count_segments(plain) > 2:
            assert "家中有人行动不便" in urgent, "to leave it out would save nothing"
    assert told == {True, False}
    ordinary = voice(
        first_help="disabled", category=Category.MEDICAL, door="3-12", place="墙下陶村12组·大会堂后面第12家"
    )
    assert "家中有人行动不便" in write_message(ordinary, "zh")
    assert count_segments(write_message(ordinary, "zh")) <= 2


def test_of_two_voices_the_newest_is_told_first() -> None:
    second = voice(
        household="李月芳家", household_en="the Li Yuefang household", place="墙下陶村3组·桥东第5家", door=""
    )
    assert write_announcement([voice(door=""), second], "zh") == [
        "李月芳家求助！墙下陶村3组，桥东第5家。",
        "王建国家求助！墙下陶村3组，桥东第2家。",
    ]


def test_a_drill_says_so_before_the_name_in_calls_and_texts() -> None:
    assert write_announcement([voice(drill=True)], "zh")[0].startswith("演练！王建国家")
    assert write_announcement([voice(drill=True)], "en")[0].startswith("Drill! ")
    assert "演练，不是真的警情" in write_message(voice(drill=True), "zh")
    assert "DRILL, not real" in write_message(voice(drill=True), "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_call_that_tells_of_a_whole_street_still_fits_what_a_carrier_takes(language: str) -> None:
    longest = voice(
        household="户" * 80,
        household_en="h" * 80,
        place="&" * 200,
        place_en="p" * 200,
        door="d" * 64,
        category=Category.MEDICAL,
        first_help="disabled",
    )
    address = "https://joint-defence.some-county.example.org/voice/answer/1234567890123/12"
    said = twiml.write_announcement(
        tuple(write_announcement([longest] * 12, language)),
        say_how_to_answer(language),
        language,
        action=address,
        then=address,
    )
    assert said.count("户" * 80 if language == "zh" else "h" * 80) == 2 * MOST_VOICES
    assert len(said.replace("&amp;", "&")) <= 4000


@pytest.mark.parametrize(
    ("category", "official"),
    [
        (Category.UNSPECIFIED, "110"),
        (Category.BURGLARY, "110"),
        (Category.FIRE, "119"),
        (Category.MEDICAL, "120"),
        (Category.OTHER, "110"),
    ],
)
def test_every_text_names_the_number_that_belongs_to_the_category(category: Category, official: str) -> None:
    assert find_official_number(category) == official
    for language in LANGUAGES:
        for text in (write_message, write_second_voice):
            assert official in text(voice(category=category), language)


def test_the_text_of_an_alarm_says_who_where_what_when_and_how_to_answer() -> None:
    assert write_message(voice(category=Category.FIRE), "zh") == (
        "【十户联防】王建国家求助：着火了！墙下陶村3组·桥东第2家（3-2），21:07。"
        "电话13805740001。能来请回复1，不能来请回复2，到了请回复3。必要时打119"
    )
    assert write_message(voice(), "en") == (
        "[Joint Defence] the Wang Jianguo household needs help! Qiangxiatao Village, group 3, 2nd house east of the "
        "bridge (3-2), 21:07. Phone 13805740001. Reply 1 coming, 2 cannot, 3 there. Dial 110 if needed"
    )


def test_the_callers_own_words_travel_in_the_text_cut_at_a_length_a_carrier_takes() -> None:
    assert "原话：“院子里有两个人”。" not in write_message(voice(), "zh")
    assert "原话：“院子里有两个人”" in write_message(voice(text=" 院子里有两个人 "), "zh")
    assert 'They say: "two men".' in write_message(voice(text="two men"), "en")
    for language in LANGUAGES:
        assert len(write_message(voice(text="救" * 1600), language)) < 600


def test_a_second_voice_and_a_wordless_call_say_what_they_are() -> None:
    assert write_second_voice(voice(), "zh").startswith(
        "【十户联防】又有一户求助：王建国家！墙下陶村3组·桥东第2家（3-2）"
    )
    assert "(3-2)" in write_second_voice(voice(), "en")
    for language in LANGUAGES:
        text = write_wordless(voice(), language)
        assert "13805740001" in text
        assert voice().household[:2] in text or "Wang Jianguo" in text


def test_every_household_of_the_town_fits_two_segments_in_chinese() -> None:
    lengths = {"message": 0, "second": 0, "wordless": 0}
    for each in every_household():
        for name, text in (("message", write_message), ("second", write_second_voice), ("wordless", write_wordless)):
            body = text(each, "zh")
            assert count_segments(body) <= 2, body
            lengths[name] = max(lengths[name], len(body))
    assert max(lengths.values()) <= LONGEST_TEXT
    assert min(lengths.values()) > 40


def test_every_household_of_the_town_fits_two_segments_in_english() -> None:
    for each in every_household():
        for text in (write_message, write_second_voice, write_wordless):
            body = text(each, "en")
            assert count_segments(body) <= 2, body


def test_every_household_of_the_town_is_announced_by_name_and_place_within_a_breath() -> None:
    for each in every_household():
        first = write_announcement([each], "zh")[0]
        assert first.startswith(f"{each.household}求助！")
        # Three seconds of Mandarin are about fifteen syllables to the end of the name, thirty to the end of the place.
        assert len(each.household) <= 8
        assert len(first) <= 40, first


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("+8613805740001", "13805740001"),
        ("+8657487123456", "057487123456"),
        ("+8610123456", "010123456"),
        ("+441632960000", "+441632960000"),
    ],
)
def test_a_number_is_written_as_a_neighbour_dials_it(number: str, dialled: str) -> None:
    assert write_local_number(number) == dialled


@pytest.mark.parametrize("say", [write_message, write_second_voice])
def test_a_text_that_nobody_can_reply_to_names_the_number_to_call_and_fits_as_well(say: Callable[..., str]) -> None:
    more = {write_message: ("，到了按3", ", 3 there"), write_second_voice: ("", "")}[say]
    chinese, english = (say(voice(line="+8657488805255"), language) for language in LANGUAGES)
    assert f"短信不能回复，请打057488805255：能来按1，不能来按2{more[0]}。必要时打110" in chinese
    assert f"No replies here: call 057488805255, press 1 coming, 2 cannot{more[1]}. Dial 110" in english
    assert "请回复" not in chinese
    assert "Reply" not in english
    assert count_segments(chinese) <= 2
    for language in LANGUAGES:
        assert say(voice(), language).count("057488805255") == 0


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 158 + "[]", 2),
        ("中" * 70, 1),
        ("中" * 71, 2),
        ("中" * 134, 2),
        ("中" * 135, 3),
        ("a" * 69 + "中", 1),
        ("a" * 70 + "中", 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_segments_are_counted_as_the_carrier_bills_them(body: str, count: int) -> None:
    assert count_segments(body) == count


def test_the_words_at_the_end_of_a_silent_call_say_how_to_answer_later() -> None:
    assert "回拨" in say_no_key_pressed("zh")
    assert "call this number back" in say_no_key_pressed("en")
    assert say_how_to_answer("zh") == "能来请按1，不能来请按2，到了请按3。"
    assert say_how_to_answer("en") == "Press 1 if you are coming, 2 if you cannot, 3 when you are there."


@pytest.mark.parametrize(
    ("minutes", "chinese", "english"),
    [
        (None, "", ""),
        (0, "（马上到）", " (at once)"),
        (10, "（约10分钟到）", " (in 10 minutes)"),
        (5, "（约5分钟到）", " (in 5 minutes)"),
        (LATER, "（五分钟以后到）", " (in more than 5 minutes)"),
    ],
)
def test_how_soon_a_household_is_there(minutes: int | None, chinese: str, english: str) -> None:
    assert (calls.say_how_soon(minutes, "zh"), calls.say_how_soon(minutes, "en")) == (chinese, english)
