"""A call for help and what people say about it: intake, texts, acknowledgement, news, closing.

It must not know escalation, processes, webhooks and pages.
"""
