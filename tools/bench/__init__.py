"""`make bench`: from the keypress webhook to the last carrier request, on the real processes.

A real PostgreSQL (waiting for its disk) and Redis, the Procfile's processes, signed webhooks over HTTP, and a carrier
in a process of its own that takes every request after 100 ms and does nothing else. Pacing is off. CPU is that of
every process of ours, PostgreSQL and Redis included, from before the webhook until every answer of the carrier stands
in the database; the carrier and the driver are not counted.
"""
