"""Subscriptions, devices, bills and the queue at the village office.

It knows nothing of coverage figures and pages.
"""
