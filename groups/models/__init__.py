"""All tables of the roster's side, and `batch`: the one way to write a row that is on record.

It must not know a use case, page or command.
"""
