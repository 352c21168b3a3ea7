"""What runs: runtime, queues, dispatcher, worker, clock, spool and its drain, heartbeats, health, metrics.

Door: `engine`. It must not know pages and webhooks.
"""
