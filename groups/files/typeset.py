"""Setting pages in type: a PDF made in a process of its own; which characters the font has, so that nobody's name
comes out as an empty box.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import cast

FONTS = Path(__file__).parent / "fonts" / "noto-sans-cjk-sc-2.004"
FAMILY = "Noto Sans CJK SC"
PATIENCE = 120.0
"""Seconds by the clock that a PDF may take, on a machine that has other things to do."""
_ROOT = Path(__file__).resolve().parents[2]


def print_apart(template: Path, told: Mapping[str, object], day: date) -> bytes:
    """The PDF of a template whose input `report` is `told`; dated `day`, so that the same gives the same bytes.

    It is set in a process of its own: neither the time nor the memory is taken from whoever serves pages. Raises
    RuntimeError where it cannot be set, TimeoutExpired after two minutes.
    """
    midnight = (day - date(1970, 1, 1)).days * 86_400
    done = subprocess.run(  # noqa: S603 - our own module; what people have written goes by standard input
        [sys.executable, "-m", "groups.files.typeset", str(template), str(midnight)],
        input=json.dumps(told, ensure_ascii=False).encode(),
        capture_output=True,
        timeout=PATIENCE,
        env={"PYTHONPATH": str(_ROOT)},
        cwd=_ROOT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{template.name} cannot be set: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout


def main(arguments: Sequence[str]) -> int:
    """The child: what is told as JSON on standard input, the PDF on standard output."""
    import typst  # noqa: PLC0415 - loaded where something is printed

    template, midnight = arguments
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
    compiler = typst.Compiler(template, font_paths=fonts, sys_inputs={"report": sys.stdin.buffer.read().decode()})
    sys.stdout.buffer.write(cast(bytes, compiler.compile(format="pdf", timestamp=int(midnight))))
    return 0


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
