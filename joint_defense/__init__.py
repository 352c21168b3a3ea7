"""From a keypress to neighbours at the door: intake, fan-out, delivery, acknowledgement.

Doors: `webhooks`, `jobs`, `clock`, `web` and `cli` (for app.py), `runtime` (the composition root).
Tables: see `models`. Enters the roster only through `groups.directory`.
"""
