"""What an incident is: timeline, inbound events, answers, policy, conference, record.

It must not know sending, and of what people say it knows only the answers on record.
"""
