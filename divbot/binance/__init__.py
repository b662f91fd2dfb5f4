"""The venue: its protocol, its budget, its listings."""
