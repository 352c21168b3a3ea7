"""Subscriptions, devices, bills and the queue at the village office.

It must not know coverage figures and pages.
"""
