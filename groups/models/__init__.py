"""All tables of the roster's side, and `batch`: the one way to write a row that is on record.

It knows no use case, page or command.
"""
