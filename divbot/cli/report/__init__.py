"""A run as one page with charts, which opens without a network."""
