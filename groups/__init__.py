"""Who lives where, whom a ring reaches, and who has signed up.

Doors: `directory` (for joint_defense), `web` and `cli` (for app.py). Tables: see `models`.
"""
