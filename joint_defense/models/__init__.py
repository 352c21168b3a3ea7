"""The tables of the alarm's side, a file a subject. It must not know a use case, page, command or process."""
