"""Calls and texts go out, and what becomes of them: plan, claims, pace, messages, sender, results, tracking.

It knows no escalation, webhook or page.
"""
