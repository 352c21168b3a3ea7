"""A call for help and what people say about it: intake, texts, acknowledgement, news, closing.

It knows nothing of processes, webhooks and pages.
"""
