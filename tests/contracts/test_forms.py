"""A form that is refused is seen to be: what is wrong is in view and in focus, without scripts too."""

from __future__ import annotations

import re

from tests.contracts.sources import ROOT

TEMPLATES = {
    str(path.relative_to(ROOT)): path.read_text()
    for room in ("groups", "joint_defense")
    for path in sorted((ROOT / room / "web/templates").rglob("*.html"))
}
OF_ROWS = "groups/web/templates/responders/import.html"
"""Names what is wrong with each row of a file; the file as a whole is refused above them."""


def test_the_field_that_is_marked_as_wrong_is_the_one_in_focus() -> None:
    """The browser then brings it into view. A macro's marks count as those of every page that uses it."""
    marked = [
        (f"{path}:{number}", "autofocus" in line)
        for path, text in TEMPLATES.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if "aria-invalid=" in line
    ]
    assert len(marked) > 10
    assert [where for where, is_in_focus in marked if not is_in_focus] == []


def test_what_is_wrong_is_said_in_one_way_alone_so_that_each_page_sums_it_up_at_its_top() -> None:
    """`wrong_line`, `wrong_page`: the layout gathers what they say into its summary and its title."""
    by_hand = {
        path
        for path, text in TEMPLATES.items()
        if 'class="field-error"' in text or re.search(r"notice-danger[^>]*>.*\{\{ *(said\.)?(wrong|refused)\b", text)
    }
    assert by_hand == {OF_ROWS, "groups/web/templates/shell/mistake.html"}
    marked = {path for path, text in TEMPLATES.items() if "aria-invalid=" in text or "marks(" in text}
    silent = {path for path in marked if not re.search(r"wrong_line\(|beside\(|\bwhy\(|field_error\(", TEMPLATES[path])}
    assert silent == set()
    assert [path for path, text in TEMPLATES.items() if '_("Error")' in text and "block title" in text] == [
        OF_ROWS,
        "groups/web/templates/shell/layout.html",
        "groups/web/templates/uploads/unread.html",
    ]
