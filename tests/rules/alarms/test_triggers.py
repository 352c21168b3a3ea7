"""What counts as a call for help, and what does not."""

from __future__ import annotations

import pytest

from joint_defense.rules.triggers import has_alarm


@pytest.mark.parametrize("keys", ["#9", "9", "9#", "##9", "99", "*9", "1#9", "#91", "123#9", "*#9", "9*#", "999"])
def test_the_keys_that_raise_the_alarm(keys: str) -> None:
    assert has_alarm(keys)


@pytest.mark.parametrize("keys", ["", "#", "*", "1", "19", "92", "90", "##", "#1", "08", "110"])
def test_the_keys_that_raise_nothing(keys: str) -> None:
    assert not has_alarm(keys)
