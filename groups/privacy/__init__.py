"""What the law on people's data asks for: who looked at it, how long it is kept, a sheet of it, and its end.

Tables: `looks`; it reads and blanks those of the roster. It must not know
pages and alarms.
"""
