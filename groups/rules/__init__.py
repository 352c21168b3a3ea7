"""The roster's rules: pure functions, no database, no web."""
