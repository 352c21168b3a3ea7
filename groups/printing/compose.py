"""The directory as a PDF, set by Typst with the vendored font and nothing of the machine's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import cast

import typst

from groups.printing.contents import PrintedGroup
from groups.printing.glyphs import FAMILY, FONTS

_TEMPLATE = Path(__file__).parent / "directory.typ"


class Paper(StrEnum):
    """The sizes that a village office's printer has."""

    A4 = "a4"
    A5 = "a5"


@dataclass(frozen=True, slots=True)
class Imprint:
    """What is printed beside the groups: the number that is the service, the day, and until when it may hang.

    `service_number` is as people write it; empty where the keys alone are known.
    """

    service_number: str
    printed_on: date
    replace_after: date
    paper: Paper = Paper.A4


def as_pdf(groups: Sequence[PrintedGroup], imprint: Imprint) -> bytes:
    """One group a page, as large as the page allows. The same groups and imprint give the same bytes."""
    told = {
        "family": FAMILY,
        "paper": imprint.paper.value,
        "service_number": imprint.service_number,
        "printed_on": _written(imprint.printed_on),
        "replace_after": _written(imprint.replace_after),
        "groups": [_page(group) for group in groups],
    }
    midnight = (imprint.printed_on - date(1970, 1, 1)).days * 86_400
    compiler = typst.Compiler(
        _TEMPLATE, font_paths=_fonts(), sys_inputs={"directory": json.dumps(told, ensure_ascii=False)}
    )
    return cast(bytes, compiler.compile(format="pdf", timestamp=midnight))


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def _page(group: PrintedGroup) -> dict[str, object]:
    return {
        "village": group.village,
        "name": group.name,
        "backup": group.backup,
        "version": group.version,
        "households": [
            {
                "part": household.part.value,
                "head": household.head,
                "door": household.door,
                "landmark": household.landmark,
                "phones": [{"number": phone.number, "holder": phone.holder} for phone in household.phones],
            }
            for household in group.households
        ],
    }


def _written(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
