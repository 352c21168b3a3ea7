"""Grids, responders, cameras and duty hours: who is called besides neighbours.

It must not know enrolment, figures and alarms.
"""
