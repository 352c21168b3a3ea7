"""The rules of an alarm: pure functions and tables, no I/O."""
