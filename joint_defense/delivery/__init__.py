"""Calls and texts go out, and what becomes of them: plan, claims, pace, messages, sender, results, tracking.

It must not know alarms, escalation, webhooks and pages.
"""
