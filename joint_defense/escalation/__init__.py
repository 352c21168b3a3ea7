"""Too few come: redials, other ways to reach somebody, widening to further people.

It knows nothing of processes, webhooks and pages.
"""
