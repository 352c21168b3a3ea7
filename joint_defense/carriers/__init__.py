"""The carrier's side: REST, what is said (TwiML), and what comes in (signatures, forms).

Doors: `port`, `twilio.TwilioCarrier`, `twiml`. The only importer of twilio. No tables.
It must not know incidents.
"""
