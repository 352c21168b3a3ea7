"""Identity numbers in lists: nobody needs them here, and no message, page or log has them in full."""

from __future__ import annotations

import re

_DAY = r"(?:0[1-9]|1[0-2])[\s-]?(?:0[1-9]|[12]\d|3[01])"
IDENTITY = re.compile(
    rf"(?<![\d.])(?:[1-9]\d{{5}}[\s-]?(?:18|19|20)\d{{2}}[\s-]?{_DAY}[\s-]?\d{{3}}[\dXx]|[1-9]\d{{5}}[\s-]?\d{{2}}{_DAY}[\s-]?\d{{3}})"
    r"(?![\dXx])|(?<![\d.])[1-9]\.\d{9,}[Ee]\+?1[47](?!\d)"
)
"""An identity number of 18 or 15 figures, or what a spreadsheet has left of one: nobody needs it here."""


def mask_identity(text: str) -> str:
    """The text, of each identity number in it the first two figures and the last one."""
    return IDENTITY.sub(lambda found: f"{found[0][:2]}****{found[0][-1]}", text) if len(text) > 14 else text
