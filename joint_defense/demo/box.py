"""The box that stays last on the screen: what to open, what to press, whom to sign in as."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

SIGN_INS = {
    "operator": "the alarms of the town, and the board of the one above 看警情",
    "head": "a village: its groups, households and phones 管名册",
    "liaison": "the town: enrolment, coverage, bills 看全镇",
    "admin": "accounts 管账号",
}
"""Who may sign in to the demo, and what for."""


def sign_in_box(*, pages: str, handsets: str, password: str, log: Path, fresh: str) -> list[str]:
    """The box, line by line. `password` is empty where it was shown at an earlier start; `fresh`: how to start anew."""
    known = f"Password  {password}   (for all four; shown at this start only)"
    forgotten = "Password  as shown at the first start   (another one: make demo NEW_PASSWORD=1)"
    return draw_box(
        [
            "Joint Defence 十户联防 is running. Every phone is simulated: nobody real is called.",
            "",
            f"1. Open   {handsets}",
            "   Press #9 on a handset; answer on the others: 1 coming, 2 cannot come.",
            f"2. Open   {pages}",
            "   The pages are Chinese; “English” stands at their top. Sign in as",
            *(f"   {name:<9} to see {what}" for name, what in SIGN_INS.items()),
            f"   {known if password else forgotten}",
            "",
            f"What happens from now on: {log}",
            f"Stop: Ctrl-C.   Start anew: {fresh}",
        ]
    )


def draw_box(lines: Sequence[str]) -> list[str]:
    """The lines in a frame. Chinese signs are two columns wide in a terminal."""
    width = max(map(_measure_columns, lines))
    inside = [f"│ {line}{' ' * (width - _measure_columns(line))} │" for line in lines]
    return [f"┌{'─' * (width + 2)}┐", *inside, f"└{'─' * (width + 2)}┘"]


def _measure_columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
