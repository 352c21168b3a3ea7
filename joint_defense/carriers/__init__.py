"""The carriers' side: REST, what is said (TwiML), and what comes in (signatures, forms). The only importer of twilio."""
