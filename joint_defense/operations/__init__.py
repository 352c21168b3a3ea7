"""What keeps the service going over the years: commands, back-ups, and a look at whether all is set up as it should be.

It knows processes and tables; it must not know pages, webhooks or what people say.
"""
