"""What the law on people's data asks for: who looked at it.

Tables: `looks`. It knows no page, and no alarm.
"""
