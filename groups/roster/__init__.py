"""Villages, groups, households and where they live: kept, found, exported, printed.

It must not know responders, enrolment, figures, accounts or alarms.
"""
