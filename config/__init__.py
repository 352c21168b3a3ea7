"""What the service is told from outside, and the plumbing that needs no domain: settings, database, logs, web server.

Doors: `settings.Settings`, `database.Database`, `logging.configure`. No tables. It must not know
who uses it: it imports nothing of the project.
"""
