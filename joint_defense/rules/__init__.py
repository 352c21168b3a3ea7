"""The rules of an alarm: pure functions and tables. They must not know the database, queues or the carrier."""
