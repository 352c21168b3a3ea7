"""The carrier's side: REST, what is said (TwiML), and what comes in (signatures, forms).

Doors: `twilio.TwilioCarrier`, `twiml`, `inbound`. The only importer of twilio. No tables.
It must not know incidents.
"""
