"""How a browser is told to people."""

from __future__ import annotations

# The first that is found counts: a browser names its forebears too, and Android names Linux.
_BROWSERS = (
    ("MicroMessenger", "微信 WeChat"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")


def name_browser(user_agent: str) -> str:
    """A browser and its system in two words, so that somebody knows their own: `Chrome · Android`; "": unknown."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), None)
    system = next((name for name in _SYSTEMS if name in user_agent), None)
    return " · ".join(filter(None, (browser, system)))
