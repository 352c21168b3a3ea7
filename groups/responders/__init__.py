"""Grids, responders, cameras and duty hours: who is called besides neighbours.

It knows nothing of households and alarms.
"""
