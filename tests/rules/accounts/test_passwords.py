from __future__ import annotations

import pytest

from groups.accounts.rules.passwords import Weakness, find_weakness


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", Weakness.TOO_SHORT),
        ("kx7-2qp", Weakness.TOO_SHORT),
        ("k" * 128 + "x", Weakness.TOO_LONG),
        ("12345678", Weakness.GUESSABLE),
        ("１２３４５６７８", Weakness.GUESSABLE),
        ("87654321", Weakness.GUESSABLE),
        ("67890123", Weakness.GUESSABLE),
        ("abcdefgh", Weakness.GUESSABLE),
        ("88888888", Weakness.GUESSABLE),
        ("ababababab", Weakness.GUESSABLE),
        ("PassWord", Weakness.GUESSABLE),
        ("13800138000", Weakness.NAMES_ITS_OWNER),
        ("Wangjianguo1", Weakness.NAMES_ITS_OWNER),
    ],
)
def test_what_anybody_would_guess_is_refused_with_the_reason(password: str, why: Weakness) -> None:
    assert find_weakness(password, ("wangjianguo", "13800138000")) is why


@pytest.mark.parametrize("password", ["seven camphor trees", "墙下陶村的大樟树", "kx7-2qpm", "wangjianguo's goats"])
def test_a_password_needs_no_signs_only_length(password: str) -> None:
    assert find_weakness(password, ("wangjianguo", "")) is None
