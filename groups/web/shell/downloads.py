"""How a file is called that somebody keeps: in Chinese, with whose it is and of which day."""

from __future__ import annotations

import re
from urllib.parse import quote

TOWN = "全镇"
"""Whose a file is that is of no one village."""
_NO_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def name_download(name: str, plain: str, *, inline: bool = False) -> dict[str, str]:
    """The header that names a file, as RFC 6266 has it: `name` for every browser of today (RFC 5987), and `plain`, in
    letters that any mail program keeps, for what reads only that. Both end alike (`.xlsx`).

    `inline`: it is shown, not kept, where the browser can.
    """
    how = "inline" if inline else "attachment"
    # What no Windows takes in a file's name, as a village's or a list's may have it.
    called = quote(_NO_NAME.sub("-", name), safe="")
    return {"Content-Disposition": f"{how}; filename=\"{_PLAIN.sub('-', plain)}\"; filename*=UTF-8''{called}"}
