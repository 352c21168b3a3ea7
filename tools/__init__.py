"""What a developer runs now and then: vendored files, the strings. Nothing in here is part of the service."""
