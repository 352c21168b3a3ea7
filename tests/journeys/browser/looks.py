"""What can be measured of a page in a browser: for eyes, fingers and screen readers."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

_AXE = (Path(__file__).parents[2] / "vendor/axe-core-4.14.1/axe.min.js").read_text()
# Made where they are found: all that axe has to say of a page is long to hand over.
_LINES = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .flatMap(each => each.nodes.map(node => `${each.id} (${each.impact}): ${node.html.slice(0, 160)}`))"""
# Links in a line of text, and fields that stand in a label of the full size.
_SMALL_TARGETS = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), textarea, select")]
  .filter(each => each.checkVisibility() && !each.closest(".skip-link"))
  .map(each => ["radio", "checkbox"].includes(each.type) ? each.closest("label") : each)
  .filter(each => each.getBoundingClientRect().height < 47.5)
  .map(each => each.outerHTML.slice(0, 120))"""
_TEXT_SIZES = """() => {
  const sizes = {};
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    sizes[size] = (sizes[size] || 0) + walker.currentNode.data.trim().length;
  }
  return Object.entries(sizes).map(([size, count]) => [parseFloat(size), count]);
}"""


def violations(page: Page) -> list[str]:
    """What axe finds wrong with the page, a line each."""
    # A page that has just been sent for has its words before its looks.
    page.wait_for_load_state()
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_AXE)
    return list(page.evaluate(_LINES))


def small_targets(page: Page) -> list[str]:
    """Whatever can be pressed and is too small for a finger: less than 48 px high."""
    page.wait_for_load_state()
    return list(page.evaluate(_SMALL_TARGETS))


def sideways(page: Page) -> list[str]:
    """A line, where the page has to be scrolled sideways."""
    return [f"{too_wide(page)} px too wide"] if too_wide(page) > 0 else []


def text_sizes(page: Page) -> list[tuple[float, int]]:
    """How many characters of the main text stand in which size, in px."""
    return [(size, count) for size, count in page.evaluate(_TEXT_SIZES)]


def too_wide(page: Page) -> int:
    """By how many px the page would have to be scrolled sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
