"""From a keypress to neighbours at the door: intake, fan-out, delivery, acknowledgement.

Rooms, in the order of an alarm: `webhooks` what the carrier calls; `alarms` intake, what people say, and too few come;
`delivery` calls and texts go out; `incidents` what an incident is; `upkeep` every number stays proven; `processes` what
runs all this; `operations` commands, and what keeps it going over the years; `web` the board; `carriers` the API;
`rules` and `models` beneath; `simulator` and `demo` apart. It enters the roster only through `groups.directory`, and
pages through `groups.web.shell`: it must not know how a roster is kept.
"""
