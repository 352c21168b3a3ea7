"""Rules of a roster on their own: door order, what is missing in a group.

They must not know the database, files or pages.
"""
