"""Rules of a carrier's list: what a row says, whom it means, what it changes.

They must not know the database or pages.
"""
