"""A body is measured before it is read, and made plain only where it is short: whoever asks, signed in or not."""

from __future__ import annotations

import time

import pytest
from flask import Flask

from groups.models.accounts import AccountRole
from tests.edges.web.conftest import VILLAGE, SignedIn, Visitor

SLOWEST = 0.6
"""Seconds of processor time. What was sent here once took 3 to 23."""


@pytest.mark.parametrize(
    "path", ["/sign-in", "/first-sign-in", "/language", "/villages/QX/groups", "/imports/x/confirm"]
)
@pytest.mark.parametrize(
    "body", [b"login=" + "\u0301".encode() * 5_500_000, b"a=&" * 3_700_000, b"--x\r\n" * 2_000_000]
)
def test_eleven_megabytes_are_refused_at_once(web: Flask, path: str, body: bytes) -> None:
    kind = "multipart/form-data; boundary=x" if body.startswith(b"--") else "application/x-www-form-urlencoded"
    begun = time.thread_time()
    answer = web.test_client().post(path, data=body, content_type=kind)
    assert time.thread_time() - begun < SLOWEST
    # Whoever is not signed in is told so first, and nothing of the body is read.
    assert answer.status_code in {413, 303}


def test_a_page_says_how_much_a_form_may_bring(signed_in: SignedIn) -> None:
    head = signed_in(AccountRole.VILLAGE_HEAD)
    answer = head.post(f"/villages/{VILLAGE}/groups", {"name": "组" * 20_000})
    assert answer.status_code == 413
    assert "16KB" in answer.text


def test_the_longest_login_that_fits_is_refused_quickly(visitor: Visitor) -> None:
    begun = time.thread_time()
    answer = visitor.post("/sign-in", {"login": "\u0301" * 2_600, "password": "\u0301" * 100}, of="/sign-in")
    assert answer.status_code == 422
    assert time.thread_time() - begun < SLOWEST + 1


def test_a_list_may_have_its_ten_megabytes_and_no_more_fields_than_a_form(signed_in: SignedIn) -> None:
    head = signed_in(AccountRole.VILLAGE_HEAD)
    page = f"/villages/{VILLAGE}/import"
    assert (
        head.post(page, {"cells": "联防组,户主,手机\n" + "1组,王建国,13900001111\n" * 2_000}, of=page).status_code
        == 303
    )
    answer = head.client.post(page, data=b"a=&" * 3_000_000, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413
