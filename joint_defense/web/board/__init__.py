"""The read model of the board: one incident, its households, the list of incidents.

It reads; `actions` writes.
"""
