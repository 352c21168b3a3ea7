"""Past incidents: searched, exported as a workbook, and summed up with a picture.

Door: `register(app)` of `pages`. It reads closed incidents; it must not know open ones, nor what people do about them.
"""
