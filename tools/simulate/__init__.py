"""A year of bad nights in an hour: the real code of an alarm's way on a virtual clock, with faults drawn from a seed.

One process and one thread play the web, two senders, the clock, the carrier, the people and the database. Whatever is
left to chance comes from the seed, so that a seed that fails does so again, to the last step.

`make simulate SEEDS=100`; `ARGS="--seed 7"` plays one again, `--shrink` looks for the fewest alarms and faults.
"""
