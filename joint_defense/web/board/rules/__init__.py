"""Rules of how a household stands in an incident, for those who watch.

They must not know the database or pages.
"""
