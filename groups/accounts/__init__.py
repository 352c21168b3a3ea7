"""Accounts, sessions, invitations, passwords and API clients.

It knows nothing of rosters and figures.
"""
