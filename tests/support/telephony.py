"""What a telephone remembers, as the simulator's control API shows it: calls, what was heard in them, and texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

OVER = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that sounded; `at_ms` counts the telephone's milliseconds from the answer."""

    at_ms: int
    verb: str
    text: str
    language: str
    voice: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A call as its handset saw it. `attempt` counts from 1; times are epoch seconds."""

    sid: str
    direction: str
    attempt: int
    status: str
    sender: str
    to: str
    heard: tuple[Heard, ...]
    pressed: tuple[str, ...]
    says: str | None
    conference: str | None
    parent_sid: str | None
    created_at: float
    answered_at: float | None
    ended_at: float | None
    duration: int

    @property
    def sentences(self) -> list[str]:
        """What was said, sentence by sentence, a cut one too."""
        return [heard.text for heard in self.heard if heard.verb == "Say"]

    @property
    def text(self) -> str:
        """Everything that was said, a line a sentence."""
        return "\n".join(self.sentences)

    @property
    def over(self) -> bool:
        return self.status in OVER


@dataclass(frozen=True, slots=True)
class Text:
    """A text as its handset saw it; `direction` is inbound for those it sent itself."""

    sid: str
    direction: str
    sender: str
    to: str
    body: str
    status: str
    error_code: int | None
    at: float


def read_call(given: dict[str, Any]) -> Call:
    """A call from the control API's JSON."""
    heard = tuple(
        Heard(**{name: entry[name] for name in ("at_ms", "verb", "text", "language", "voice", "complete")})
        for entry in given["heard"]
    )
    same = ("sid", "direction", "attempt", "status", "to", "says", "conference", "parent_sid", "duration")
    times = ("created_at", "answered_at", "ended_at")
    return Call(
        sender=given["from"],
        heard=heard,
        pressed=tuple(given["pressed"]),
        **{name: given[name] for name in same + times},
    )


def read_text(given: dict[str, Any]) -> Text:
    """A text from the control API's JSON."""
    same = ("sid", "direction", "to", "body", "status", "error_code", "at")
    return Text(sender=given["from"], **{name: given[name] for name in same})
