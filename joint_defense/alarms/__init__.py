"""A call for help and what people say about it: intake, texts, acknowledgement, news, closing; and too few come.

`escalation` stands on the rest; nothing here imports it. It must not know processes, webhooks and pages.
"""
