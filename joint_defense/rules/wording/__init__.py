"""What is said and written, in both languages: alarms, calls, texts. Words alone, no decision."""
