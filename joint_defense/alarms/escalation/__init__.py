"""Too few come: redials, other ways to reach somebody, widening to further people.

It must not know processes, webhooks and pages.
"""
