"""Duty hours: as offices write them, as they are kept, and who is on duty at a minute."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from groups.responders.on_duty import NoDutyHours, is_on_duty, read, write, write_in_english

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("全天", ""),
        ("24小时", ""),
        ("每天 全天", ""),
        ("周一至周五 18:00-06:00", "周一至周五 18:00-06:00"),
        ("周一到周五：18：00～次日6：00", "周一至周五 18:00-06:00"),
        ("一三五 19:00-23:00", "周一、周三、周五 19:00-23:00"),
        ("周一至五 8点到17点", "周一至周五 08:00-17:00"),
        ("星期六、星期天 全天", "周六、周日 全天"),
        ("工作日 08:30-17:00；周末 全天", "周一至周五 08:30-17:00;周六、周日 全天"),
        ("18:00-24:00", "每天 18:00-24:00"),
        ("0:00-8:00", "每天 00:00-08:00"),
        ("每天 8:00-12:00、14:00 - 18:00", "每天 08:00-12:00;每天 14:00-18:00"),
        ("周五至周一 22:00-05:00", "周一、周五至周日 22:00-05:00"),
        ("Mon-Fri 18:00-6:00; Sat all day", "周一至周五 18:00-06:00;周六 全天"),
        ("周日 全天\n周日 全天", "周日 全天"),
    ],
)
def test_hours_are_read_as_people_write_them_and_kept_in_one_form(text: str, kept: str) -> None:
    assert write(read(text)) == kept
    assert read(kept) == read(text)
    assert read(write_in_english(read(text))) == read(text)


def test_hours_are_told_in_english_too() -> None:
    hours = read("工作日 18:00-06:00;周六 全天;每天 12:00-13:00")
    assert write_in_english(hours) == "daily 12:00-13:00; Mon-Fri 18:00-06:00; Sat all day"


@pytest.mark.parametrize(
    "text",
    [
        "看情况",
        "周八 8:00-9:00",
        "周一 25:00-26:00",
        "周一",
        "周一至 8:00-9:00",
        "8:00-8:00",
        "8:61-9:00",
        "周一 8:00-9:00 大概",
    ],
)
def test_what_is_no_duty_hours_is_refused_with_the_piece_that_is_wrong(text: str) -> None:
    with pytest.raises(NoDutyHours, match=text[:2]):
        read(f"周二 全天;{text}")


@pytest.mark.parametrize(
    ("hours", "moment", "on"),
    [
        ("", "2026-11-23 03:00", True),
        ("周一 18:00-06:00", "2026-11-23 17:59", False),
        ("周一 18:00-06:00", "2026-11-23 18:00", True),
        ("周一 18:00-06:00", "2026-11-24 05:59", True),
        ("周一 18:00-06:00", "2026-11-24 06:00", False),
        ("周一 18:00-06:00", "2026-11-24 18:00", False),
        ("周日 20:00-04:00", "2026-11-23 03:59", True),
        ("周一 08:00-17:00", "2026-11-23 17:00", False),
        ("周一 08:30-17:30", "2026-11-23 08:29", False),
        ("周一 08:30-17:30", "2026-11-23 08:30", True),
        ("周一 08:30-17:30", "2026-11-23 17:29", True),
        ("周一 08:30-17:30", "2026-11-23 17:30", False),
        ("周一 18:00-24:00", "2026-11-24 00:00", False),
        ("周一 全天", "2026-11-23 23:59", True),
    ],
)
def test_whoever_is_on_duty_at_a_minute_is_known_over_midnight_too(hours: str, moment: str, on: bool) -> None:
    assert is_on_duty(read(hours), datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)) is on
