"""One scale of letters and one of spaces: our stylesheets name their steps, and only there does a size stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHEETS = sorted(
    path for place in ("groups/web/static", "joint_defense/web/static") for path in (ROOT / place).glob("*.css")
)
LETTERS = {
    f"--text-{step}": size
    for step, size in enumerate((".9rem", "1rem", "1.1rem", "1.25rem", "1.6rem", "2.2rem", "3.4rem"))
}
SPACES = {
    f"--space-{step}": size for step, size in enumerate((".15rem", ".3rem", ".5rem", ".7rem", "1rem", "1.5rem", "2rem"))
}
_STEPS = re.compile(r"(--(?:text|space)-\d): ([^;]+);")
_SPACING = re.compile(r"(?<![\w-])((?:margin|padding)(?:-[a-z]+)*|gap|row-gap|column-gap): ([^;}]+)")
_LETTERS = re.compile(r"(?<![\w-])font-size: ([^;}]+)")
# An icon beside letters and what aligns with them goes with the letters; a border's width is made up for in px.
_ALLOWED = re.compile(
    r"var\(--space-\d\)|calc|auto|inherit|-?\.?\d*\.?\d+em|(?<=[+-] )8px|100%|!important|[()+*,\s-]|1\b|0\b"
)


def read_screen(path: Path) -> str:
    """What holds on a screen: paper has its own measures, in points."""
    text, kept, at = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL), "", 0
    for found in re.finditer(r"@media print\s*\{", text):
        if found.start() < at:
            continue
        depth, end = 1, found.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        kept, at = kept + text[at : found.start()], end
    return kept + text[at:]


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_letters_and_spaces_are_steps_of_the_one_scale(path: Path) -> None:
    screen = read_screen(path)
    wrong = [
        found[0]
        for found in _LETTERS.finditer(screen)
        if not re.fullmatch(r"var\(--text-\d\)|112\.5%", found[1].strip())
    ]
    wrong += [found[0] for found in _SPACING.finditer(screen) if _ALLOWED.sub("", found[2])]
    assert wrong == [], "a step of docs/look.md: var(--text-…), var(--space-…)"
    # A page that loads nothing else says the same steps itself.
    assert {name: size for name, size in _STEPS.findall(screen) if (LETTERS | SPACES)[name] != size} == {}
    used = set(re.findall(r"var\((--(?:text|space)-\d)\)", screen))
    own = {name for name, _ in _STEPS.findall(screen)}
    assert used <= (own or (LETTERS | SPACES).keys())


def test_the_document_has_the_scales_as_they_are() -> None:
    look = (ROOT / "docs" / "look.md").read_text()
    assert dict(_STEPS.findall((ROOT / "groups/web/static/app.css").read_text())) == LETTERS | SPACES
    for name, size in (LETTERS | SPACES).items():
        assert f"| `{name}` | {size} |" in look, name
