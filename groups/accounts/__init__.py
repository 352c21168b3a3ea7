"""Accounts, sessions, invitations, passwords and API clients.

It must not know figures and pages.
"""
