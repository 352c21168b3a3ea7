"""Every error code of a carrier has a verdict and words."""

from __future__ import annotations

import pytest

from joint_defense.carriers.port import (
    CODES,
    COUNTRY_NOT_CALLED,
    TOO_FAST,
    AccountTrouble,
    CarrierError,
    OutcomeUnknown,
    RefusedNumber,
    Temporary,
    TooFast,
    Verdict,
    explain,
    explain_error,
    judge,
)

# From the carrier's error dictionary, as the project's page on the carrier sorts them.
TEMPORARY = (10004, 20429, 20500, 30003, 30007, 30008, 30036)
NUMBER = (21211, 21214, 21217, 21610, 21612, 21614, 30004, 30005, 30006, 13224, 21216, 13225, COUNTRY_NOT_CALLED)
ACCOUNT = (20003, 21210, 21606, 21215, 21408, 13227)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        *((code, Verdict.TEMPORARY) for code in TEMPORARY),
        *((code, Verdict.NUMBER) for code in NUMBER),
        *((code, Verdict.ACCOUNT) for code in ACCOUNT),
    ],
)
def test_every_known_code_has_its_verdict_and_words_in_both_languages(code: int, verdict: Verdict) -> None:
    # Whatever HTTP status it comes with.
    assert {judge(code), judge(code, 400), judge(code, 500)} == {verdict}
    chinese, english = explain(code), explain(str(code), "en")
    assert any("一" <= sign <= "鿿" for sign in chinese)
    assert english.isascii()
    assert len(english) > 5


def test_no_code_is_in_the_table_that_is_not_tested() -> None:
    assert set(CODES) == {*TEMPORARY, *NUMBER, *ACCOUNT}
    assert {code for code in TOO_FAST if code in CODES} == {10004, 20429}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (None, Verdict.TEMPORARY),
        (408, Verdict.TEMPORARY),
        (429, Verdict.TEMPORARY),
        (500, Verdict.TEMPORARY),
        (503, Verdict.TEMPORARY),
        (400, Verdict.ACCOUNT),
        (401, Verdict.ACCOUNT),
        (403, Verdict.ACCOUNT),
        (404, Verdict.ACCOUNT),
    ],
)
def test_an_unknown_refusal_is_loud_and_never_strikes_out_a_neighbours_number(
    status: int | None, verdict: Verdict
) -> None:
    assert judge(99999, status) is verdict
    assert judge(None, status) is verdict


def test_an_unknown_code_is_shown_as_it_is() -> None:
    assert (explain(99999), explain("weird"), explain(None)) == ("99999", "weird", "")


@pytest.mark.parametrize("kind", [TooFast, Temporary, RefusedNumber, AccountTrouble, OutcomeUnknown, CarrierError])
def test_every_error_is_told_in_chinese_and_not_in_the_carriers_words(kind: type[CarrierError]) -> None:
    for error in (kind("To +8613805740001 is bad"), kind("bad", code=99999, status=400), kind("bad", status=418)):
        assert any("一" <= sign <= "鿿" for sign in explain_error(error))
        assert "bad" not in explain_error(error) + explain_error(error, "en")
        assert explain_error(error, "en").isascii()
    assert explain_error(kind("bad", code=99999, status=400)).endswith("(99999)")
    assert explain_error(kind("bad", code=21211)) == "号码无效（空号）"
