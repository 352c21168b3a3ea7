"""When an account carries no more, and when it is tried again.

An account is out at once when it is refused (credentials, permissions), and when for `SILENT` seconds nothing came
back but errors and time-outs. A look-up or a probe that is answered does not count against that: what cannot place
calls is of no use. It is tried again by probing: the first good word after its rest brings it back. What goes out again
soon after it came back rests twice as long, so that calls are not sent back and forth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

SILENT = 10.0
"""Seconds of nothing but errors and time-outs after which an account is out."""
REST = 5.0
LONGEST_REST = 300.0
STEADY = 600.0
"""Seconds after its return from which an account that goes out again rests as short as the first time."""
DOWN = "down"


@dataclass(frozen=True, slots=True)
class Outage:
    """What is known of an account, or of one number of it; by any one clock that only goes forward, in seconds.

    `word` is why it is out: a carrier's code, or DOWN; empty while it carries.
    """

    word: str = ""
    failing_since: float | None = None
    failed_last: float = float("-inf")
    failures: int = 0
    out_since: float = 0.0
    back_since: float = float("-inf")
    rest: float = 0.0

    @property
    def out(self) -> bool:
        return bool(self.word)

    def after_success(self) -> Outage:
        """A call or text was taken. One that is out stays so until its rest is over."""
        return replace(self, failing_since=None)

    def after_failure(self, began: float, now: float) -> Outage:
        """A request that began then brought an error or nothing."""
        anew = self.failing_since is None or began - self.failed_last > SILENT
        since = began if anew or self.failing_since is None else min(self.failing_since, began)
        failures = 1 if anew else self.failures + 1
        found = replace(self, failing_since=since, failed_last=now, failures=failures)
        return found.taken_out(DOWN, now) if now - since >= SILENT and not self.out else found

    def by_now(self, now: float) -> Outage:
        """Out as well where it fails for long enough and the next failure has not been noted yet: it may hang."""
        if self.out or self.failing_since is None or self.failures < 2 or now - self.failed_last > SILENT / 2:
            return self
        return self.taken_out(DOWN, now) if now - self.failing_since >= SILENT else self

    def taken_out(self, word: str, now: float) -> Outage:
        """It carries no more, from now on."""
        if self.out:
            return self
        steady = now - self.back_since > STEADY
        rest = REST if steady else min(max(self.rest * 2, REST), LONGEST_REST)
        return replace(self, word=word, out_since=now, rest=rest)

    def rested(self, now: float) -> bool:
        """Whether a good word would bring it back."""
        return now - self.out_since >= self.rest

    def after_good_word(self, said: float, now: float) -> Outage:
        """A probe was answered well at the moment `said`."""
        if not self.out or said - self.out_since < self.rest:
            return self
        return replace(self, word="", failing_since=None, back_since=now)
