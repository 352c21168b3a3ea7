"""Was everybody who had to be reached asked for exactly once? Judged from the carrier's journal, not from ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any

from joint_defense.demo.scene import CALL, TEXT, Scene
from joint_defense.timeline import masked

_WORDS = {CALL: "rung", TEXT: "texted"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`faults` name every difference, and are empty when all is well. Times are milliseconds from the keypress."""

    calls: int
    texts: int
    first_ms: float
    last_ms: float
    faults: tuple[str, ...]


def judge(
    scene: Scene, requests: Iterable[dict[str, Any]], keypress: float, other_business: Container[str] = ()
) -> Verdict:
    """Compare the carrier's journal since the keypress with whom the roster says must be reached.

    `other_business` holds the sids of what was sent meanwhile for other reasons: news to a caller, an earlier alarm.
    """
    alarms = [entry for entry in requests if entry["kind"] in _WORDS and entry["sid"] not in other_business]
    asked = Counter((entry["to"], entry["kind"]) for entry in alarms)
    faults = []
    for number, kind in sorted(scene.expected | set(asked)):
        count = asked[number, kind]
        who = f"{scene.head_of(number)} {masked(number)}".strip()
        if (number, kind) not in scene.expected:
            faults.append(f"{who} was {_WORDS[kind]} and should not have been")
        elif count != 1:
            faults.append(f"{who} was {'never' if count == 0 else f'{count} times'} {_WORDS[kind]}")
    moments = [(entry["at"] - keypress) * 1000 for entry in alarms] or [float("nan")]
    return Verdict(
        calls=sum(count for (_, kind), count in asked.items() if kind == CALL),
        texts=sum(count for (_, kind), count in asked.items() if kind == TEXT),
        first_ms=min(moments),
        last_ms=max(moments),
        faults=tuple(faults),
    )
