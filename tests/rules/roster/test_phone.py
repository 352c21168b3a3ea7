"""Phone numbers as lists have them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groups.errors import InvalidNumber
from groups.errors.words import write_both
from groups.rules.phone import as_written_here, find_kind, mask, normalise, read_called_number, read_line_number


@pytest.mark.parametrize(
    "text",
    [
        "19992222367",
        "199 9222 2367",
        "199-9222-2367",
        "199–9222—2367",
        "１９９９２２２２３６７",
        "＋８６ １９９ ９２２２ ２３６７",
        "+86 19992222367",
        "+86-199-9222-2367",
        "8619992222367",
        "0086 19992222367",
        "019992222367",
        "'19992222367",
        "’19992222367",
        "19992222367.0",
        "(199)92222367",
        "\u200b19992222367\ufeff",
        "\t19992222367\n",
    ],
)
def test_a_mobile_is_read_however_it_is_written(text: str) -> None:
    number = normalise(text, "CN", "574")
    assert (number.e164, number.kind) == ("+8619992222367", "mobile")


@pytest.mark.parametrize(
    "text",
    [
        "0574-88805255",
        "(0574)88805255",
        "（０５７４）８８８０５２５５",
        "0574 8880 5255",
        "57488805255",
        "+86 574 88805255",
        "88805255",
        "88805255.0",
        "8880-5255",
    ],
)
def test_a_landline_is_read_however_it_is_written_and_a_local_one_gets_the_area_code(text: str) -> None:
    number = normalise(text, "CN", "574")
    assert (number.e164, number.kind) == ("+8657488805255", "landline")


def test_the_area_code_is_the_configured_one() -> None:
    assert normalise("88805255", "CN", "571").e164 == "+8657188805255"


def test_a_local_landline_of_seven_digits_gets_the_area_code_where_such_numbers_exist() -> None:
    assert normalise("8802255", "CN", "570").e164 == "+865708802255"


def test_a_foreign_number_keeps_its_country() -> None:
    assert normalise("+1 202-555-0123", "CN", "574").e164 == "+12025550123"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.38E+10", "digits are gone"),
        ("1.99922E+10", "digits are gone"),
        ("１.38e+10", "digits are gone"),
        ("", "no number"),
        (" - ", "no number"),
        ("1378888", "no such number"),
        ("199922223670", "no such number"),
        ("12345678901", "no such number"),
        ("110", "no such number"),
        ("无", "no digits"),
        ("19992222367、19931492906", "no digits"),
        ("19992222367/19931492906", "no digits"),
        ("88805255转801", "extension"),
        ("0574-88805255 ext 2", "extension"),
        ("4008008888", "service number"),
        ("8008108888", "service number"),
        ("1" * 60, "too long"),
        ("+", "no digits"),
        ("+999123456789", "not a phone number"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason_in_two_languages(text: str, words: str) -> None:
    with pytest.raises(InvalidNumber) as refused:
        normalise(text, "CN", "574")
    assert words in write_both(refused.value.message)
    assert any("\u4e00" <= character <= "\u9fff" for character in write_both(refused.value.message))
    assert "\n" not in write_both(refused.value.message)


@given(st.text(max_size=60) | st.text(alphabet="0123456789+-() .eE'転转x０１８６", max_size=30))
def test_no_text_makes_it_crash_and_what_it_takes_it_takes_again_unchanged(text: str) -> None:
    with suppress(InvalidNumber):
        number = normalise(text, "CN", "574")
        assert normalise(number.e164, "CN", "574") == number


@given(
    st.integers(0, 99_999_999).map(lambda digits: f"+86199{digits:08}")
    | st.integers(20_000_000, 89_999_999).map(lambda digits: f"+86574{digits}")
    | st.just("+12025550123")
    | st.just("+442079460018")
)
def test_a_number_written_as_people_here_write_it_reads_as_the_same_number(e164: str) -> None:
    written = as_written_here(e164, "CN")
    assert normalise(written, "CN", "574").e164 == e164
    assert not written.isdigit(), "a spreadsheet would take it for a figure"


def test_kinds_of_numbers() -> None:
    assert find_kind("+8657488805255") == "landline"
    assert find_kind("+8619992222367") == "mobile"
    assert find_kind("+8612345") == "mobile"


def test_a_masked_number_shows_no_more_than_its_head_and_tail() -> None:
    assert mask("+8619992222367") == "+86199****2367"
    assert mask("+8657488805255") == "+86574****5255"
    assert mask("+49110") == "****"


def test_the_roster_never_loads_the_geocoder_of_191_megabytes() -> None:
    script = (
        "import sys, groups.commands.roster, groups.directory; from groups.rules.phone import normalise;"
        "normalise('88805255', 'CN', '574');"
        "sys.exit(', '.join(name for name in sys.modules if name.startswith('phonenumbers.')"
        " and any(part in name for part in ('geocoder', 'geodata', 'carrier', 'timezone', 'tzdata', 'prefix'))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_roster_is_ready_without_the_dictionaries_of_pinyin() -> None:
    script = "import sys, groups.commands.roster, groups.directory; sys.exit('pypinyin' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize(
    "text",
    [
        *("+8619992222367", "8619992222367", "008619992222367", "019992222367", "19992222367", "+019992222367"),
        *("sip:+8619992222367@10.0.0.1", "sip:8619992222367@gw.example.cn:5060;user=phone", "SIPS:019992222367@gw"),
        *("tel:+8619992222367", "tel:+86-199-9222-2367;phone-context=+86", '"王建国" <sip:+8619992222367@gw>'),
        *(" 8619992222367", "%2B8619992222367", "+86 199 9222 2367", "+008619992222367", "sip:%2B8619992222367@gw"),
    ],
)
def test_a_mobile_is_recognised_however_a_gateway_hands_it_over(text: str) -> None:
    assert read_line_number(text, "CN", "574") == "+8619992222367"


@pytest.mark.parametrize(
    "text",
    ["+8657488805255", "8657488805255", "057488805255", "57488805255", "88805255", "sip:88805255@gw", "+88805255"],
)
def test_a_landline_is_recognised_with_and_without_its_area_code(text: str) -> None:
    assert read_line_number(text, "CN", "574") == "+8657488805255"


def test_a_foreign_caller_keeps_the_country_also_where_the_plus_got_lost() -> None:
    for text in ("+12025550123", "12025550123", "0012025550123"):
        assert read_line_number(text, "CN", "574") == "+12025550123"


@pytest.mark.parametrize(
    "text",
    [
        *("", "anonymous", "Anonymous", "restricted", "unknown", "sip:anonymous@anonymous.invalid", "+", "*", "12"),
        *("+266696687", "266696687", "+86256", "+7378742833", "+86282452253", "+8656696", "+2562533", "+464"),
        *("client:alice", "<>", "1" * 40),
    ],
)
def test_a_withheld_number_is_nobody(text: str) -> None:
    for area in ("574", "570"):  # in the second a local number has seven digits
        assert read_line_number(text, "CN", area) == ""


def test_a_short_number_stays_what_it_is() -> None:
    assert read_line_number("10086", "CN", "574") == "10086"
    assert read_line_number("+8695559", "CN", "574") == "+8695559"


@given(st.text(max_size=60) | st.text(alphabet="0123456789+-() sip:tel@<>%2B", max_size=40))
def test_whatever_stands_there_is_read_without_a_crash_fits_its_column_and_is_read_again_as_itself(text: str) -> None:
    number = read_line_number(text, "CN", "574")
    assert len(number) <= 16
    assert read_line_number(number, "CN", "574") == number


def test_a_number_of_a_country_that_is_not_called_is_refused_with_the_countries_that_are() -> None:
    assert read_called_number("13800138000", "CN", "574", ("+86",)).e164 == "+8613800138000"
    assert read_called_number("+852 5123 4567", "CN", "574", ("+86", "+852")).e164 == "+85251234567"
    with pytest.raises(InvalidNumber) as refused:
        read_called_number("+1 202-555-0123", "CN", "574", ("+86", "+852"))
    assert (refused.value.message.code, refused.value.message.values) == (
        "country_is_not_called",
        {"known": ("+86", "+852")},
    )
