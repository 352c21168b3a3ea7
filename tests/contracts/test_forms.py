"""A form that is refused is seen to be: what is wrong is in view and in focus, without scripts too."""

from __future__ import annotations

from tests.contracts.sources import ROOT


def test_the_field_that_is_marked_as_wrong_is_the_one_in_focus() -> None:
    """The browser then brings it into view. A macro's marks count as those of every page that uses it."""
    marked = [
        (f"{path.relative_to(ROOT)}:{number}", "autofocus" in line)
        for room in ("groups", "joint_defense")
        for path in sorted((ROOT / room / "web/templates").rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if "aria-invalid=" in line
    ]
    assert len(marked) > 10
    assert [where for where, is_in_focus in marked if not is_in_focus] == []
