"""Pages set by Typst with the vendored font, and which characters that has: no name comes out as an empty box.

    set_pages(template, told, day)                     here: a few pages
    print_apart(template, told, day)                   in a process of its own
    set_parts_apart(template, [told, told], day)       many pages: each part in one, then joined

Typst keeps some 6 MB for each page that fits its letters to it, until the whole is set. A process for each part, with
limits of memory and time, gives them back; it goes behind whatever else the machine has to do.
"""

from __future__ import annotations

import io
import json
import logging
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from groups.errors import NothingToPrint, say

if TYPE_CHECKING:
    import typst

FONTS = Path(__file__).parent / "fonts" / "noto-sans-cjk-sc-2.004"
FAMILY = "Noto Sans CJK SC"
_LIMITS = (2_000_000_000, 60)
"""Bytes of address space, and seconds of processor time, that a part may take. 50 pages take a third and a tenth."""
_PATIENCE = 180.0
"""Seconds by the clock, for a machine that has other things to do."""
_QUEUE = 60.0
"""Seconds to wait until another's pages are set: a process has one such work at a time."""
_log = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[2]
_one_at_a_time = threading.Lock()


def set_pages(template: Path, told: Mapping[str, Any], day: date) -> bytes:
    """The PDF of a template whose input `report` is `told`, dated `day`. The same gives the same bytes."""
    import typst  # noqa: PLC0415 - loaded where something is printed

    inputs = {"report": json.dumps(told, ensure_ascii=False)}
    compiler = typst.Compiler(template, font_paths=_load_fonts(), sys_inputs=inputs)
    return cast(bytes, compiler.compile(format="pdf", timestamp=(day - date(1970, 1, 1)).days * 86_400))


def set_parts_apart(template: Path, parts: Sequence[Mapping[str, Any]], day: date) -> bytes:
    """The same for many pages, part by part. Raises NothingToPrint where it takes too much, or others come first."""
    from pypdf import PdfWriter  # noqa: PLC0415 - as above

    if not _one_at_a_time.acquire(timeout=_QUEUE):
        raise NothingToPrint(say("printing_is_busy"))
    try:
        pages = [print_apart(template, told, day) for told in parts]
    finally:
        _one_at_a_time.release()
    # The first brings the title and the day along.
    writer, whole = PdfWriter(clone_from=io.BytesIO(pages[0])), io.BytesIO()
    for content in pages[1:]:
        writer.append(io.BytesIO(content))
    writer.write(whole)
    return whole.getvalue()


def print_apart(template: Path, told: Mapping[str, Any], day: date) -> bytes:
    """The same, set in a process of its own with limits. Raises NothingToPrint where it takes too much."""
    command = [sys.executable, "-m", "groups.files.typeset", str(template), day.isoformat(), *map(str, _LIMITS)]
    clean = {"PYTHONPATH": str(_ROOT), "PYTHONIOENCODING": "utf-8"}
    content = json.dumps(told, ensure_ascii=False).encode()
    try:
        done = subprocess.run(  # noqa: S603  our own module, and no text of anybody's in the line
            command, input=content, capture_output=True, timeout=_PATIENCE, env=clean, cwd=_ROOT, check=False
        )
    except subprocess.TimeoutExpired:
        raise NothingToPrint(say("printing_takes_too_much")) from None
    if done.returncode:
        _log.error("%s: ended with %s: %s", template.name, done.returncode, done.stderr.decode(errors="replace")[-500:])
        raise NothingToPrint(say("printing_takes_too_much"))
    return done.stdout


@cache
def _load_fonts() -> typst.Fonts:
    import typst  # noqa: PLC0415 - as above

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def find_missing(texts: Iterable[str]) -> str:
    """The characters of these texts that the font cannot print, each once, in their order. Blanks are no character."""
    known = _read_covered()
    return "".join(dict.fromkeys(sign for text in texts for sign in text if ord(sign) not in known and sign.strip()))


@cache
def _read_covered() -> frozenset[int]:
    """The code points of the font's character map (OpenType `cmap`, format 12: runs of code points)."""
    font = next(FONTS.glob("*.otf")).read_bytes()
    tables = {font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in _find_directory(font)}
    cmap = tables[b"cmap"]
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    for number in range(count):
        (offset,) = struct.unpack_from(">I", font, cmap + 4 + 8 * number + 4)
        start = cmap + offset
        if struct.unpack_from(">H", font, start)[0] == 12:
            (runs,) = struct.unpack_from(">I", font, start + 12)
            spans = struct.iter_unpack(">III", font[start + 16 : start + 16 + 12 * runs])
            return frozenset(code for first, last, _ in spans for code in range(first, last + 1))
    raise ValueError("the font has no map of all its characters")


def _find_directory(font: bytes) -> range:
    (count,) = struct.unpack_from(">H", font, 4)
    return range(12, 12 + 16 * count, 16)


def main(arguments: Sequence[str]) -> int:
    """The child: what is told on standard input, its pages on standard output."""
    import resource  # noqa: PLC0415  not on every system; where it is missing there are no limits but time

    template, day, memory, seconds = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)
    sys.stdout.buffer.write(set_pages(Path(template), json.load(sys.stdin.buffer), date.fromisoformat(day)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
