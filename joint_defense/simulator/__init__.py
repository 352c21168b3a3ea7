"""A Twilio-compatible network of handsets: a process of its own, which must not know the application.

Doors: `python -m joint_defense.simulator` (the network), `python -m joint_defense.simulator.handset` (one handset from
the command line), the carrier's REST API under /2010-04-01/, the control API under /sim/ (`control.py`), and a page on
which people use the handsets (`page`).
Tables: none; it keeps everything in memory, and of everything only the latest (`Options.keep`).

Layers, top to bottom: __main__ → server, guard → rest, control, page → exchange, texting → interpreter, ringing,
conferences → callbacks → webhooks → leg → network → views, events, faults, phone_book → records, scripts, twiml →
wire, refusals.
"""
