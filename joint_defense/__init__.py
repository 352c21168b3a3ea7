"""From a keypress to neighbours at the door: intake, fan-out, delivery, acknowledgement.

Rooms, in the order of an alarm: `webhooks` what the carrier calls; `alarms` intake and what people say; `delivery`
calls and texts go out; `escalation` too few come; `incidents` what an incident is; `processes` what runs all this;
`web` the board; `carriers` the API; `rules` and `models` beneath; `simulator` and `demo` apart. It enters the roster
only through `groups.directory`, and pages through `groups.web.shell`: it must not know how a roster is kept.
"""
