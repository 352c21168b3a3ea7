"""What keeps a demo from running."""

from __future__ import annotations


class DemoTrouble(Exception):
    """The demo cannot start or go on. The message is for people, one line as a rule, and says what to do."""
