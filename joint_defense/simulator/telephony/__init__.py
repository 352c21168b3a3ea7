"""What a simulated phone does with a call: ringing, TwiML, gathering, conferences, texts.

It must not know the API and the page.
"""
