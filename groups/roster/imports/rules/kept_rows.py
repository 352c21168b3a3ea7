"""The rows of a preview as they are kept: a page of 20,000 is read without unpacking them all.

First how long the index is, then the index (which kinds of rows there are, and each row's), then the rows, a hundred
in a piece; index and pieces are compressed JSON.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

_IN_A_PIECE = 100
_LENGTH = 4


def packed(rows: Sequence[dict[str, Any]]) -> bytes:
    """The rows as they are kept. A row's kinds are its `verdict` and its `change`."""
    kinds = list(dict.fromkeys((row["verdict"], row["change"]) for row in rows))
    number = {kind: place for place, kind in enumerate(kinds)}
    pieces = [_squeezed(rows[start : start + _IN_A_PIECE]) for start in range(0, len(rows), _IN_A_PIECE)]
    index = _squeezed(
        {
            "kinds": kinds,
            "of": [number[row["verdict"], row["change"]] for row in rows],
            "ends": list(accumulate(len(piece) for piece in pieces)),
        }
    )
    return b"".join([len(index).to_bytes(_LENGTH, "big"), index, *pieces])


class KeptRows:
    """What `packed` has kept; nothing at all: no rows."""

    def __init__(self, kept: bytes) -> None:
        self._kept = kept
        self._start = _LENGTH + int.from_bytes(kept[:_LENGTH], "big")
        index = json.loads(zlib.decompress(kept[_LENGTH : self._start])) if kept else {}
        self._kinds: list[list[str]] = index.get("kinds", [])
        self._of: list[int] = index.get("of", [])
        self._ends: list[int] = index.get("ends", [])

    def __len__(self) -> int:
        return len(self._of)

    def count(self, kind: str) -> int:
        """How many rows are of this kind."""
        counts = Counter(self._of)
        return sum(counts[number] for number in self._numbers(kind))

    def page(self, kind: str, start: int, size: int) -> list[dict[str, Any]]:
        """So many of the rows of this kind (empty: of all), from the place `start` among them."""
        numbers = self._numbers(kind)
        places = [place for place, number in enumerate(self._of) if number in numbers][start : start + size]
        pieces = {at: self._piece(at) for at in {place // _IN_A_PIECE for place in places}}
        return [pieces[place // _IN_A_PIECE][place % _IN_A_PIECE] for place in places]

    def _numbers(self, kind: str) -> set[int]:
        return {number for number, kinds in enumerate(self._kinds) if not kind or kind in kinds}

    def _piece(self, at: int) -> list[dict[str, Any]]:
        begins = self._ends[at - 1] if at else 0
        piece = self._kept[self._start + begins : self._start + self._ends[at]]
        rows: list[dict[str, Any]] = json.loads(zlib.decompress(piece))
        return rows


def _squeezed(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, ensure_ascii=False).encode(), 3)
