"""What a simulated phone does with a call: ringing, TwiML, gathering, conferences, texts."""
