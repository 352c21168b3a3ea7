"""The demo: one command that starts a town, presses #9 on a simulated handset and shows what follows.

Doors: `python -m joint_defense.demo` (`make demo`); `programs` and `embedded_redis` serve the tests as well. No tables.
It must not know a live carrier. A demo never reaches a real person: its carrier is the simulator on loopback,
whatever the environment says.
"""
