"""A Twilio-compatible network of handsets, a process of its own. Imports nothing of the application."""
