"""Who lives where, whom a ring reaches, and who has signed up.

Rooms, in reading order: `models` the tables; `roster` villages, groups, households; `responders` who is called
besides; `enrolment` who has signed up; `coverage` the figures; `accounts` who may sign in; `history` what was done, and
undo; `files` and `rules` what they share. Doors: `directory` (for joint_defense), `web` and `commands` (for app.py).
It must not know alarms: nothing here imports joint_defense.
"""
