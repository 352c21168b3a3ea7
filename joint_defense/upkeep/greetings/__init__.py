"""Good mornings: who wishes them, the days on which they are asked, how, and who looks in where nobody answers.

Tables: `models/greetings.py`. It must not know alarms and escalation.
"""
