"""QR codes on pages: of a secret for an app, of an address to be opened with a phone's camera."""

from __future__ import annotations

import segno
from markupsafe import Markup


def draw_qr_code(text: str) -> Markup:
    """Black on white whatever the page's colours are, with the margin that cameras want; as large as its place."""
    made = segno.make(text, error="m", micro=False)
    return Markup(made.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None))  # noqa: S704 # a drawing of squares: no text stands in it
