from __future__ import annotations

import pytest

from tests.edges.web.conftest import Visitor

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_pages_are_chinese_until_somebody_asks_for_english(visitor: Visitor) -> None:
    chinese = visitor.get("/sign-in", headers={"Accept-Language": "en"}).text
    answer = visitor.post("/language", {"language": "en", "next": "/sign-in?next=/account"}, of="/sign-in")
    english = visitor.get("/sign-in").text

    assert '<html lang="zh-CN">' in chinese
    assert "登录" in chinese
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/account")
    assert '<html lang="en">' in english
    assert "登录" not in english


def test_the_language_outlives_signing_out_and_is_changed_back(visitor: Visitor) -> None:
    visitor.sign_in("operator")
    visitor.post("/language", {"language": "en"})
    visitor.post("/sign-out")
    assert "Sign in" in visitor.get("/sign-in").text

    visitor.post("/language", {"language": "zh_Hans_CN"}, of="/sign-in")
    assert "登录" in visitor.get("/sign-in").text


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example"])
def test_the_switch_never_leads_to_another_site(visitor: Visitor, target: str) -> None:
    assert visitor.post("/language", {"language": "en", "next": target}, of="/sign-in").location == "/"
