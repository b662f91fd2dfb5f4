"""The vocabulary and the rules: standard library only, no clock reads, no I/O.

But for one file: the list of assets that lies beside `assets`.
"""
