"""Every text of ours that comes back, whole, quoted, cut off or without our name, is known as ours: it says nothing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from joint_defense.rules.escalation import Whom
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import ClosingOutcome
from joint_defense.rules.triggers import Category
from joint_defense.rules.understanding.meanings import Meaning, Writer
from joint_defense.rules.understanding.understand import understand
from joint_defense.rules.wording import alarm, links, written

VOICE = alarm.Voice(
    *("王建国家", "the Wang Jianguo household", "墙下陶村1组·桥东第2家", "Qiangxiatao Village, group 1", "1-1"),
    *("+8613800138000", Category.FIRE, "厨房着火了", datetime(2026, 1, 1, 7, 36, tzinfo=UTC)),
    first_help="alone",
)
LINK = "https://joint.example/l/abcdef"
TABLES = (
    *(
        written.HELP_TEXT,
        written.HOW_TO_ANSWER,
        written.NOTED,
        written.STOPPED,
        written.STARTED,
        written.STOPPED_FOR_OVERSEER,
    ),
    *(written.OVERSEER_NOTED, written.RELEASED, written.MUTED),
)


def _alarms(language: str) -> Iterator[str]:
    made = itertools.product(Category, ("", "厨房着火了，快来"), ("", "+8657488805255"), (False, True))
    for category, words, line, drill in made:
        voice = replace(VOICE, category=category, text=words, line=line, drill=drill)
        yield alarm.write_message(voice, language)
        yield alarm.write_message(voice, language, widened=True)
        yield alarm.write_message(voice, language, held=True)
        yield alarm.write_second_voice(voice, language)
        yield alarm.write_wordless(voice, language)
        yield links.tell_overseer(voice, LINK, language)
        yield links.write_alarm_with_link(voice, LINK, language)


def _conversation(language: str) -> Iterator[str]:
    names = ["王建国家"] if language == "zh" else ["the Wang Jianguo household"]
    for category in Category:
        yield written.write_news(names, names, category, language)
        yield written.write_news([], [], category, language, [Whom.LEADERS, Whom.DUTY])
        yield written.reply_thanks(names, Answer.COMING, 1, language, category)
    for answer in Answer:
        yield written.reply_thanks(names, answer, 0, language)
    for outcome in ClosingOutcome:
        yield written.write_all_clear(names, outcome, language)
    yield from (written.write_alarm_answer(households, language) for households in (0, 3))
    yield written.write_alarm_held(3, "7", language)
    yield written.write_lapsed(names, language)
    yield written.reply_over(names, language)
    yield from (written.reply_withdrawn(closed, language) for closed in (True, False))
    yield from (written.write_words_noted(helpers, language) for helpers in (0, 1, 2))
    yield written.write_words_noted(0, language, untold=2)
    yield written.write_where_it_is(names[0], VOICE.place, VOICE.door, VOICE.number, "着火了", language)
    yield from (written.write_who_is_coming(each, each, language) for each in ([], names))
    yield from (table[language] for table in TABLES)


def _forms(text: str) -> Iterator[str]:
    bare = re.sub(r"^(?:【十户联防】|\[Joint Defence\] )", "", text)
    yield from (
        text,
        bare,
        bare.replace("。", ""),
        bare[: len(bare) * 2 // 3],
        f"“{text}”",
        f"“{bare}”",
        f"你们发的：{text}",
    )


@pytest.mark.parametrize("writer", list(Writer))
def test_what_we_wrote_concludes_nothing_when_it_comes_back(writer: Writer) -> None:
    sent = {text for language in ("zh", "en") for text in (*_alarms(language), *_conversation(language))}
    sent |= {
        written.BROKEN_TEXT,
        written.KEPT_TEXT,
        written.KEPT_ANSWER_TEXT,
        written.KEPT_OTHER_TEXT,
        written.STRANGER_TEXT,
    }
    assert len(sent) > 300
    nothing = {Meaning.TOLD, Meaning.MACHINE, Meaning.NOTHING}
    assert [
        (meaning, form)
        for text in sent
        for form in _forms(text)
        if (meaning := understand(form, writer).meaning) not in nothing
    ] == []


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        ("1\n王建国家求助！墙下陶村1组，07:36。能来请回复1", Meaning.COMING),
        ("2，谢谢，已记下您正赶往王建国家。", Meaning.CANNOT),
        ("王建国家求助：着火了！墙下陶村1组。正在通知邻居，看进展：https://joint.example/l/a\n马上到", Meaning.COMING),
        ("the Wang household needs help! Follow it: https://joint.example/l/a\non my way", Meaning.COMING),
    ],
)
def test_what_somebody_wrote_beside_ours_counts(body: str, meaning: Meaning) -> None:
    assert understand(body, Writer.RUNG).meaning is meaning
