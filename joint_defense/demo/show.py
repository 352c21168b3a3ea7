"""One alarm, shown: a #9 on a handset of the town, the timeline as it happens, and whether everybody was reached.

Was everybody who had to be reached asked for exactly once? Judged from the carrier's journal, not from ours.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joint_defense.demo.handsets import Handsets
from joint_defense.demo.programs import DemoTrouble
from joint_defense.demo.scene import CALL, TEXT, Scene, make_scripts
from joint_defense.demo.story import Story
from joint_defense.incidents.record import mask_number

LOOK_EVERY = 0.05
KEYPRESS_WITHIN = 15.0
REQUESTS_WITHIN = 20.0


def raise_alarm(scene: Scene, handsets: Handsets, story: Story) -> float:
    """Press #9 on the caller's handset and tell what follows until the carrier was asked for everybody.

    Returns the moment of the keypress in epoch seconds. Raises DemoTrouble if it never came through. Not everybody
    being asked for in time is no error here: it is for the verdict to name.
    """
    for number, script in make_scripts(scene).items():
        handsets.script(number, script)
    print(f"{scene.head} ({scene.place}) calls and presses #9", flush=True)
    call_sid = handsets.dial(scene.caller, "#9")
    follow(story, lambda: handsets.find_keypress(call_sid) is not None, KEYPRESS_WITHIN)
    keypress = handsets.find_keypress(call_sid)
    if keypress is None:
        raise DemoTrouble("the #9 did not reach the service: see the logs of web and simulator")
    story.count_from(keypress)

    def have_all_been_asked_for() -> bool:
        asked = {(entry["to"], entry["kind"]) for entry in handsets.requests(keypress)}
        return scene.expected <= asked

    follow(story, have_all_been_asked_for, REQUESTS_WITHIN)
    return keypress


def follow(story: Story, over: Callable[[], bool], within: float) -> None:
    """Tell the story until something is over, or for so many seconds."""
    deadline = time.monotonic() + within
    while not over() and time.monotonic() < deadline:
        tell(story.go_on())
        time.sleep(LOOK_EVERY)
    tell(story.go_on())


def tell(lines: Iterable[str]) -> None:
    """Print lines at once, also into a pipe. When nobody reads them any more, the demo is over."""
    try:
        for line in lines:
            print(line, flush=True)
    except BrokenPipeError:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - what is said from now on goes nowhere
        raise SystemExit(1) from None


def conclude(scene: Scene, handsets: Handsets, story: Story, keypress: float) -> Verdict:
    """Judge, and say it: a line of figures, then a line for each difference."""
    verdict = judge(scene, handsets.requests(keypress), keypress, story.find_other_business())
    people = f"{verdict.calls} calls and {verdict.texts} texts for {len(scene.neighbours)} phones"
    times = f"first request {verdict.first_ms:.0f} ms, last {verdict.last_ms:.0f} ms after the keypress"
    word = "every expected phone was requested exactly once" if not verdict.faults else "NOT as it should be"
    tell([f"{people}; {times}; {word}", *(f"  {fault}" for fault in verdict.faults)])
    return verdict


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
        who = f"{scene.name_head(number)} {mask_number(number)}".strip()
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
