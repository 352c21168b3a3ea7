"""Drills: a group's phones are rung and texted as in an alarm, behind every real call, to see who can be reached.

A drill is an incident of its own kind without a voice: nobody calls for help. Below the alarms, which stop it; above
delivery, which carries it. It must not know alarms and escalation.
"""
