"""The sound of a new alarm on a page: three times two tones, drawn up here, so that it is nobody's recording.

python -m config.tools.alarm_sound
"""

from __future__ import annotations

import math
import wave
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "joint_defense/web/static/new_alarm.wav"
RATE = 4000
TONES = (880, 660)
TONE_SECONDS = 0.42
PAUSE_SECONDS = 0.3
TURNS = 3


def draw_up() -> bytes:
    """The samples: one channel, 8 bits without a sign, `RATE` a second."""
    samples = bytearray()
    length = int(RATE * TONE_SECONDS)
    for _ in range(TURNS):
        for pitch in TONES:
            for place in range(length):
                # It swells and dies away, so that it does not crack.
                loudness = min(1, place / 120) * min(1, (length - place) / 600)
                turn = 2 * math.pi * pitch * place / RATE
                samples.append(128 + int(95 * loudness * (math.sin(turn) + 0.25 * math.sin(3 * turn)) / 1.25))
        samples += bytes([128]) * int(RATE * PAUSE_SECONDS)
    return bytes(samples)


def main() -> None:
    """Write the file."""
    with wave.open(str(FILE), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(1)
        written.setframerate(RATE)
        written.writeframes(draw_up())


if __name__ == "__main__":
    main()
