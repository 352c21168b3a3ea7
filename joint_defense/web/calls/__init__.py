"""Pages of calls that are no alarm: drills, tests of one phone, good mornings. It must not know webhooks."""
