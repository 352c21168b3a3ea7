"""Lines: which accounts and numbers carry, and how many requests may leave from each.

An account's calls have a pace of their own whatever the number, each number one besides. Work is shared among the
accounts that carry by their weight; one without a weight stands by until none of the others carries.

An account is out at once when it is refused (credentials, permissions), and when for `SILENT` seconds nothing came
back but errors and time-outs. A look-up or a probe that is answered does not count against that: what cannot place
calls is of no use. It is tried again by probing: the first good word after its rest brings it back. What goes out again
soon after it came back rests twice as long, so that calls are not sent back and forth.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from config.carriers import Account
from joint_defense.carriers import port
from joint_defense.carriers.port import AccountTrouble, CarrierError, RefusedNumber, Undecided
from joint_defense.delivery.pace import Pace
from joint_defense.rules.states import Channel

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


WRONG_NUMBER = frozenset({21210, 21212, 21606, 21611})
"""What the carrier says of the number that we send from: the others of the account are as good as ever."""


REFUSED = frozenset({401, 403})
"""Statuses that concern the whole account, not only calls or texts."""
WELL = "ok"


@dataclass(frozen=True, slots=True)
class Line:
    """What a request goes out from: a number (or the like) of an account."""

    account: str
    sender: str


@dataclass(frozen=True, slots=True)
class Grant:
    """How many requests may leave now on each line, and in how many seconds the next one may."""

    by_line: dict[Line, int]
    wait: float

    @property
    def count(self) -> int:
        """How many that are together."""
        return sum(self.by_line.values())


def takes_out(word: str, channel: Channel) -> bool:
    """Whether an account of which this was said carries no calls, or texts: refused, or nothing but errors."""
    if word.isdigit():
        return int(word) not in port.TOO_FAST
    return word == f"{DOWN}:{channel}"


def find_carrying(
    accounts: Iterable[Account], words: Mapping[str, str], refused: Collection[Line] = ()
) -> dict[Channel, tuple[str, ...]]:
    """By channel the names of the accounts that carry it, by what was said of each (by name) and which of their numbers
    they do not know; none: all are out.
    """
    found = {}
    for channel in Channel:
        taking = [each for each in accounts if (each.calls if channel is Channel.CALL else each.texts)]
        up = [
            each
            for each in taking
            if not takes_out(words.get(each.name, ""), channel)
            and any(
                Line(each.account_sid, sender) not in refused
                for sender in (each.from_number if channel is Channel.CALL else each.texting)
            )
        ]
        found[channel] = tuple(each.name for each in [each for each in up if each.weight] or up)
    return found


class LineStatus:
    """Which accounts and numbers carry at present, as this process knows it. May be asked from any thread.

    An account may carry texts and no calls, or the other way round. Moments are of `clock`.
    """

    def __init__(self, accounts: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._accounts = {(account, channel): Outage() for account in accounts for channel in Channel}
        self._numbers: dict[tuple[Line, Channel], Outage] = {}

    def note(self, line: Line, channel: Channel, error: CarrierError | None, began: float, *, placing: bool) -> str:
        """What came of a request that began at `began`; `placing`: for a call or text, not a question.

        Returns the word of an account that has just gone out by it, else "".
        """
        now = self._clock()
        with self._lock:
            if error is not None and error.code in WRONG_NUMBER:
                number = self._numbers.get((line, channel), Outage())
                self._numbers[line, channel] = number.taken_out(str(error.code), now)
                return ""
            if error is None or isinstance(error, RefusedNumber | Undecided):
                if placing:
                    self._change(line.account, channel, Outage.after_success)
                return ""
            if isinstance(error, AccountTrouble):
                word = str(error.code or error.status)
                refused = Channel if error.status in REFUSED else (channel,)
                return self._take_out(line.account, refused, word, now)
            before = self._accounts[line.account, channel]
            self._change(line.account, channel, lambda outage: outage.after_failure(began, now))
            after = self._accounts[line.account, channel]
            return f"{DOWN}:{channel}" if after.out and not before.out else ""

    def look(self) -> list[tuple[str, str]]:
        """The accounts that have gone out because time has passed, each with its word."""
        now = self._clock()
        gone = []
        with self._lock:
            for (account, channel), before in self._accounts.items():
                after = before.by_now(now)
                if after.out and not before.out:
                    self._accounts[account, channel] = after
                    gone.append((account, f"{DOWN}:{channel}"))
        return gone

    def hear(self, account: str, word: str, age: float) -> None:
        """What was said of an account so many seconds ago, by whichever process. `word`: WELL brings it back, once it
        has rested; a refusal's code takes it out, and so does DOWN with a channel.
        """
        now = self._clock()
        said = now - age
        with self._lock:
            if word == WELL:
                for channel in Channel:
                    self._change(account, channel, lambda outage: outage.after_good_word(said, now))
                return
            # What is older than its return says nothing of now.
            since = {each: self._accounts[account, each].back_since for each in Channel}
            channels = [each for each in Channel if takes_out(word, each) and since[each] <= said]
            self._take_out(account, channels, word, now)

    def out(self, account: str, channel: Channel) -> str:
        """Why an account does not carry these; "" where it does."""
        return self._accounts[account, channel].word

    def word(self, account: str) -> str:
        """Why an account does not carry something; WELL where it does."""
        words = (self.out(account, channel) for channel in Channel)
        return next(filter(None, words), WELL)

    def is_number_out(self, line: Line, channel: Channel) -> bool:
        """Whether the account said lately that this number is not its own. It is tried again by itself."""
        with self._lock:
            found = self._numbers.get((line, channel))
            if found is None or not found.out:
                return False
            now = self._clock()
            self._numbers[line, channel] = found.after_good_word(now, now)
            return self._numbers[line, channel].out

    def _change(self, account: str, channel: Channel, change: Callable[[Outage], Outage]) -> None:
        self._accounts[account, channel] = change(self._accounts[account, channel])

    def _take_out(self, account: str, channels: Iterable[Channel], word: str, now: float) -> str:
        gone = ""
        for channel in channels:
            if not self._accounts[account, channel].out:
                self._change(account, channel, lambda outage: outage.taken_out(word, now))
                gone = word
        return gone


@dataclass
class Bundle:
    """The lines of one account on one channel. `whole` is the pace of the account, where it has one."""

    account: str
    weight: float
    numbers: Pace
    whole: Pace | None = None
    credit: float = 0.0

    def take(self, wanted: int, senders: Sequence[str]) -> tuple[dict[Line, int], float]:
        """Leave for up to `wanted` requests from these numbers, and when the next may."""
        wait = 0.0
        if self.whole is not None:
            asked = self.whole.take(wanted)
            unused, wait = asked.count, asked.wait
            if not unused:
                return {}, wait
            found = self.numbers.take(unused, senders)
            self.whole.give_back(self.account, unused - found.count)
        else:
            found = self.numbers.take(wanted, senders)
        return {Line(self.account, each): count for each, count in found.by_sender.items()}, max(wait, found.wait)

    def give_back(self, sender: str, unused: int) -> None:
        self.numbers.give_back(sender, unused)
        if self.whole is not None:
            self.whole.give_back(self.account, unused)


@dataclass
class Lines:
    """All lines of a channel."""

    channel: Channel
    bundles: Mapping[str, Bundle]
    status: LineStatus
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def list_carrying(self) -> dict[str, list[str]]:
        """The accounts that carry this channel, each with its numbers that do; all of them where none does."""
        everything = {name: list(bundle.numbers.senders) for name, bundle in self.bundles.items()}
        return self._find_carrying() or everything

    def _find_carrying(self) -> dict[str, list[str]]:
        found = {
            name: self._open(bundle) for name, bundle in self.bundles.items() if not self.status.out(name, self.channel)
        }
        found = {name: senders for name, senders in found.items() if senders}
        weighted = {name: senders for name, senders in found.items() if self.bundles[name].weight}
        return weighted or found

    def has_other(self, line: Line) -> bool:
        """Whether another line carries what this one does not. Of accounts that are all out none takes over."""
        return any(Line(name, each) != line for name, senders in self._find_carrying().items() for each in senders)

    def take(self, wanted: int) -> Grant:
        """Ask leave for up to `wanted` requests."""
        carrying = self.list_carrying()
        with self._lock:
            shares = self._share_out(wanted, list(carrying))
        granted: dict[Line, int] = {}
        waits = []
        # First each its share; what one may not send is offered to the others.
        left = wanted
        for name, share in [*shares.items(), *((name, wanted) for name in shares)]:
            ask = min(share, left)
            if ask <= 0:
                continue
            found, wait = self.bundles[name].take(ask, carrying[name])
            waits.append(wait)
            for line, count in found.items():
                granted[line] = granted.get(line, 0) + count
                left -= count
                self.bundles[name].credit -= count
        return Grant(granted, min(waits, default=0.0))

    def give_back(self, line: Line, unused: int) -> None:
        """Tokens taken for requests that there were none to send."""
        if unused:
            bundle = self.bundles[line.account]
            bundle.give_back(line.sender, unused)
            bundle.credit += unused

    def charge(self, line: Line, extra: int) -> None:
        """A message took `extra` segments beyond the one it had leave for."""
        pace = self.bundles[line.account].numbers
        if pace.limited:
            pace.charge(line.sender, extra)

    def slow_down(self, line: Line) -> float:
        """The carrier asks for a slower pace. Calls it counts by the account, texts by what they come from."""
        if line.account not in self.bundles:
            return 1.0
        numbers = self.bundles[line.account].numbers
        whole = self.channel is Channel.CALL or line.sender not in numbers.senders
        return max(numbers.slow_down(each) for each in (numbers.senders if whole else (line.sender,)))

    def slowed(self, line: Line) -> bool:
        """Whether the carrier has complained of this line lately, by what was heard last."""
        # What went out on a line that is not in the settings any more is nobody's.
        bundle = self.bundles.get(line.account)
        return bundle is not None and line.sender in bundle.numbers.senders and bundle.numbers.slowed(line.sender)

    def factors(self) -> dict[Line, float]:
        """How many times slower than its rate each line is now."""
        return {
            Line(name, sender): factor
            for name, bundle in self.bundles.items()
            for sender, factor in bundle.numbers.factors().items()
        }

    def rate(self) -> float:
        """Requests a second of all lines that carry, as they are slowed down now; 0 is no limit."""
        each = [self.find_rate(name) for name in self.list_carrying()]
        return sum(each) if all(each) else 0.0

    def find_rate(self, account: str) -> float:
        """Requests a second of an account, as it is slowed down now; 0 is no limit."""
        bundle = self.bundles[account]
        whole = bundle.whole.rate() if bundle.whole is not None else 0.0
        return min(filter(None, (whole, bundle.numbers.rate())), default=0.0)

    def share_with(self, processes: int) -> None:
        """So many processes send at present: see `Pace.share_with`."""
        for bundle in self.bundles.values():
            bundle.numbers.share_with(processes)
            if bundle.whole is not None:
                bundle.whole.share_with(processes)

    def _open(self, bundle: Bundle) -> list[str]:
        return [
            each
            for each in bundle.numbers.senders
            if not self.status.is_number_out(Line(bundle.account, each), self.channel)
        ]

    def _share_out(self, wanted: int, names: list[str]) -> dict[str, int]:
        """So many for each account, by its weight over time: what it has had too little of is made up for."""
        weights = {name: self.bundles[name].weight or 1.0 for name in names}
        total = sum(weights.values())
        for name in names:
            bundle = self.bundles[name]
            bundle.credit = min(max(bundle.credit + wanted * weights[name] / total, -100.0), 100.0)
        shares = dict.fromkeys(sorted(names, key=lambda name: -self.bundles[name].credit), 0)
        for _ in range(wanted):
            best = max(shares, key=lambda name: self.bundles[name].credit - shares[name])
            shares[best] += 1
        return shares


@dataclass(frozen=True, slots=True)
class Places:
    """How many calls may be held at a time: by an account, and by each of its lines; 0, or not named: any number."""

    accounts: Mapping[str, int]
    lines: Mapping[Line, int]

    def __bool__(self) -> bool:
        return any(self.accounts.values()) or any(self.lines.values())

    def room(self, granted: Mapping[Line, int], held: Mapping[Line, int]) -> dict[Line, int]:
        """What of a grant there is a place for, beside the calls that are held."""
        taken: dict[str, int] = {}
        for line, count in held.items():
            taken[line.account] = taken.get(line.account, 0) + count
        found = {}
        for line, count in granted.items():
            free = count
            if most := self.lines.get(line, 0):
                free = min(free, max(most - held.get(line, 0), 0))
            if most := self.accounts.get(line.account, 0):
                free = min(free, max(most - taken.get(line.account, 0), 0))
            taken[line.account] = taken.get(line.account, 0) + free
            found[line] = free
        return found
