"""What an incident is: timeline, inbound events, answers, policy, conference, record.

It knows nothing of sending, and of what people say only the answers on record.
"""
