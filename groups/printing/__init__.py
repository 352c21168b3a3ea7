"""Printed matter: Typst templates and the call that compiles them."""
