"""Where alerts go: `port` says what a sink is, `opening` makes one of an address."""
