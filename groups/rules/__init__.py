"""The roster's rules: pure functions. They must not know the database, files or pages."""
