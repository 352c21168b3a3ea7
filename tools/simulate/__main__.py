"""Nights by their seeds: `make simulate SEEDS=100`, `ARGS="--seed 7 --shrink"`."""

from __future__ import annotations

import argparse
import sys
import time

from tools.simulate.judge import complaints
from tools.simulate.put_backs import ALL, find
from tools.simulate.town import GROUPS
from tools.simulate.world import FAULTS, Nights


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="so many nights, of some 400 alarms each")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seed", type=int, help="this night alone")
    parser.add_argument("--shrink", action="store_true", help="find the fewest alarms and faults that still fail")
    parser.add_argument("--minutes", type=float, help="stop after so long, whatever is left")
    parser.add_argument("--put-backs", action="store_true", help="put faults of the past back, and see which are found")
    parser.add_argument("--only", default="", help="of these, those with this in their name")
    given = parser.parse_args()
    nights = Nights()
    if given.put_backs:
        return show_put_backs(nights, given.only)
    seeds = [given.seed] if given.seed is not None else list(range(given.first, given.first + given.seeds))
    begun, alarms, failed = time.monotonic(), 0, []
    try:
        for played, seed in enumerate(seeds):
            if given.minutes and time.monotonic() - begun > given.minutes * 60:
                seeds = seeds[:played]
                break
            world = nights.play(seed)
            alarms += len(world.raised)
            if wrong := complaints(world):
                failed.append(seed)
                print(f"seed {seed}: {len(wrong)} wrong", *wrong[:8], sep="\n    ", flush=True)
                if given.shrink:
                    print(shrink(nights, seed))
    finally:
        nights.close()
    seconds = time.monotonic() - begun
    print(
        f"{len(seeds)} nights, {alarms} alarms in {seconds:.0f} s: {alarms / seconds * 60:.0f} a minute; "
        + (f"seeds that fail: {failed}" if failed else "nothing to complain of")
    )
    return 1 if failed else 0


def show_put_backs(nights: Nights, only: str) -> int:
    """Each fault of the past (with `only` in its name) that is put back: found, and by what; or not."""
    missed = 0
    for name in (each for each in ALL if only in each):
        found = find(nights, name)
        missed += not found
        print(f"| {name} | {'found' if found else 'NOT FOUND'} | {found} |", flush=True)
    nights.close()
    return 1 if missed else 0


def shrink(nights: Nights, seed: int) -> str:
    """The fewest kinds of faults, and then the fewest groups, with which the night of this seed still fails."""
    without: frozenset[str] = frozenset()
    for fault in FAULTS:
        if complaints(nights.play(seed, None, without | {fault})):
            without |= {fault}
    only = frozenset(range(GROUPS))
    size = len(only) // 2
    while size:
        for begin in range(0, GROUPS, size):
            fewer = only - set(range(begin, begin + size))
            if fewer != only and complaints(nights.play(seed, fewer, without)):
                only = fewer
        size //= 2
    wrong = complaints(nights.play(seed, only, without))
    return f"seed {seed}, groups {sorted(only)}, faults {sorted(set(FAULTS) - without)}: {wrong[:5]}"


if __name__ == "__main__":
    sys.exit(main())
