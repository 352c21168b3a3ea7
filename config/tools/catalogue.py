"""The catalogue of strings: every string of the pages, in Chinese.

    python -m config.tools.catalogue           take new strings in, drop those that are gone, compile
    python -m config.tools.catalogue --check  fail on a missing, doubtful or superfluous string, or a stale .mo

The compiled file is kept in the repository beside its source, so that a fresh clone speaks Chinese without a step.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "groups/web/translations/zh_Hans_CN/LC_MESSAGES/messages.po"
LOCALE = "zh_Hans_CN"

_KEYWORDS = DEFAULT_KEYWORDS | {"_l": None, "lazy_gettext": None, "N_": None}
# The same text gives the same file: no date of the day it was written.
_WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="The catalogue of strings.")
    parser.add_argument("--check", action="store_true", help="only say what is wrong")
    if not parser.parse_args().check:
        update()
    if complaints := list(check()):
        sys.exit("\n".join(complaints))


def update() -> None:
    """Bring the catalogue in line with the pages, and compile it."""
    catalogue = _read() if SOURCE.exists() else Catalog(locale=LOCALE, charset="utf-8")
    catalogue.update(_extract_strings(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.creation_date = catalogue.revision_date = _WRITTEN
    catalogue.project, catalogue.version, catalogue.fuzzy = "joint-defence", "1", False
    catalogue.msgid_bugs_address = catalogue.last_translator = catalogue.language_team = "joint-defence"
    catalogue.header_comment = (
        "# The strings of the pages in Chinese. Written by config/tools/catalogue.py; edit the msgstr lines."
    )
    written = io.BytesIO()
    write_po(written, catalogue, width=120, no_location=True, sort_output=True, ignore_obsolete=True)
    SOURCE.parent.mkdir(parents=True, exist_ok=True)
    SOURCE.write_bytes(written.getvalue())
    with SOURCE.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, catalogue)


def check(source: Path = SOURCE) -> Iterator[str]:
    """A line for everything that is wrong with the catalogue."""
    catalogue, wanted = _read(source), _extract_strings()
    for message in wanted:
        if not message.id:
            continue
        kept = catalogue.get(message.id)
        if kept is None or not all(kept.string if isinstance(kept.string, tuple) else (kept.string,)):
            yield f"not translated: {message.id!r}"
        elif kept.fuzzy:
            yield f"doubtful: {message.id!r}"
        else:
            yield from (f"{error}: {message.id!r}" for error in kept.check(catalogue))
            # The plural's are all that may be said: "One phone" leaves its number out, the Chinese for both does not.
            values = _find_values(_find_words(message.id)[-1])
            if any(_find_values(said) != values for said in _find_words(kept.string)):
                yield f"not the same %(values)s: {message.id!r}"
    for message in catalogue:
        if message.id and message.id not in wanted:
            yield f"no page has it any more: {message.id!r}"
    compiled = source.with_suffix(".mo")
    if not compiled.exists() or _read_messages(_read_compiled(compiled)) != _read_messages(catalogue):
        yield f"{compiled.name} is stale: run python -m config.tools.catalogue"


def _extract_strings() -> Catalog:
    found = Catalog(locale=LOCALE, charset="utf-8")
    with (ROOT / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    for _file, _line, message, comments, context in extract_from_dir(ROOT, methods, options, _KEYWORDS):
        found.add(message, auto_comments=comments, context=context)
    return found


def _read(path: Path = SOURCE) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale=LOCALE)


def _read_compiled(path: Path) -> Catalog:
    with path.open("rb") as compiled:
        return read_mo(compiled)


def _read_messages(catalogue: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    """What is said for what, however the file spells it."""
    return {_find_words(message.id): _find_words(message.string) for message in catalogue if message.id}


def _find_values(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)", text))


def _find_words(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


if __name__ == "__main__":
    main()
