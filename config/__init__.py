"""What the service is told from outside, and the plumbing that needs no domain: settings, database, logs, web server.

Doors: `settings.Settings`, `database.Database`, `logging.configure`. No tables. Imports nothing of the project.
"""
