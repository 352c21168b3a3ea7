"""The read model of the board: one incident, its households, the list of incidents.

It reads; `actions` writes. It must not know the roster: an incident keeps what it began with.
"""
