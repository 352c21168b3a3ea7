"""Rules of passwords. They must not know accounts, the database or pages."""
