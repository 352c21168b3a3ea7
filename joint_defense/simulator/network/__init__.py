"""The simulated network: phones, legs, messages, faults, callbacks.

It must not know who asks: neither the API nor the page.
"""
