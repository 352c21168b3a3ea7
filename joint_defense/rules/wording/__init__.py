"""What is said and written, in both languages: alarms, calls, texts. Words alone: it must not know
why something is said.
"""
