"""Which characters the printed directory's font has, so that nobody's name comes out as an empty box."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import cache
from pathlib import Path

FONTS = Path(__file__).parent / "fonts" / "noto-sans-cjk-sc-2.004"
FAMILY = "Noto Sans CJK SC"


def find_missing(texts: Iterable[str]) -> str:
    """The characters of these texts that the font cannot print, each once, in their order. Blanks are no character."""
    known = _read_covered()
    return "".join(dict.fromkeys(sign for text in texts for sign in text if ord(sign) not in known and sign.strip()))


@cache
def _read_covered() -> frozenset[int]:
    """The code points of the font's character map (OpenType `cmap`, format 12: runs of code points)."""
    font = next(FONTS.glob("*.otf")).read_bytes()
    tables = {font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in _find_directory(font)}
    cmap = tables[b"cmap"]
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    for number in range(count):
        (offset,) = struct.unpack_from(">I", font, cmap + 4 + 8 * number + 4)
        start = cmap + offset
        if struct.unpack_from(">H", font, start)[0] == 12:
            (runs,) = struct.unpack_from(">I", font, start + 12)
            spans = struct.iter_unpack(">III", font[start + 16 : start + 16 + 12 * runs])
            return frozenset(code for first, last, _ in spans for code in range(first, last + 1))
    raise ValueError("the font has no map of all its characters")


def _find_directory(font: bytes) -> range:
    (count,) = struct.unpack_from(">H", font, 4)
    return range(12, 12 + 16 * count, 16)
