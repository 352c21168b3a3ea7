"""The telephone tree (电话链) on the printed page: whom each household calls when the service itself is silent.

The households stand in a ring, as on the page, and each calls the next three, the first ones after the last. Whoever
needs help begins, so the ring is anybody's tree. Between any two households there are three ways that share nobody:
with any two phones dead, all the others still hear of it. The three in front of whoever began find them among their
own three, and call back who is coming.

A household without a phone calls nobody. The three in front of it go to its door, and it goes to one of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (3, 1, 2)
"""Three, one more than the phones that may be lost. The furthest first: the next one's own first call goes elsewhere
then, and fewer phones are busy (ten households know in 200 s by 40 s a call; from the nearest on, in 360 s).
"""


@dataclass(frozen=True, slots=True)
class Links:
    """A household's part, by the places (from 0) of the others on the page.

    calls       whom it rings, in this order
    called_by   who rings it
    visits      to whose door it goes, because there is no phone
    visited_by  who comes to its door, and to whom it goes when it needs help itself; for one without a phone
    """

    calls: tuple[int, ...] = ()
    called_by: tuple[int, ...] = ()
    visits: tuple[int, ...] = ()
    visited_by: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nobody to call, and nobody who calls."""
        return not (self.calls or self.called_by or self.visits or self.visited_by)


def draw_tree(have_phones: Sequence[bool]) -> list[Links]:
    """The part of each household in the order of the page, given whether each has a phone."""
    ring = [at for at, has_phone in enumerate(have_phones) if has_phone]
    places = {at: turn for turn, at in enumerate(ring)}
    visited_by = {at: _find_in_front(ring, at) for at, has_phone in enumerate(have_phones) if not has_phone}
    drawn = []
    for at in range(len(have_phones)):
        if at not in places:
            drawn.append(Links(visited_by=visited_by[at]))
            continue
        steps = [step for step in _STEPS if step < len(ring)]
        drawn.append(
            Links(
                calls=tuple(ring[(places[at] + step) % len(ring)] for step in steps),
                called_by=tuple(ring[places[at] - step] for step in steps),
                visits=tuple(other for other, comers in visited_by.items() if at in comers),
            )
        )
    return drawn


def _find_in_front(ring: Sequence[int], at: int) -> tuple[int, ...]:
    """The nearest with a phone before this place, the ones at the end before the first place."""
    before = [other for other in reversed(ring) if other < at]
    behind = [other for other in reversed(ring) if other > at]
    return tuple((before + behind)[: len(_STEPS)])
