"""The vocabulary and the rules: standard library only, no I/O, no clock reads."""
