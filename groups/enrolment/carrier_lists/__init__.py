"""A carrier's list of subscribers: matched with households, shown, written as a whole.

It must not know pages, and no other kind of list.
"""
