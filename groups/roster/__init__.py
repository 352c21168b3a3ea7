"""Villages, groups, households and where they live: kept, found, exported, printed.

It knows nothing of subscriptions, figures, accounts or alarms.
"""
