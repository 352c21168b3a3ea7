"""The demo town: 21 villages with households, subscriptions and responders. Never for a live carrier.

It must not know pages and alarms.
"""
