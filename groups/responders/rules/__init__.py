"""Rules of duty hours: as offices write them, and who is on duty at a minute.

They must not know the database or pages.
"""
