"""`divbot verify`: `lookahead`, `warmup`; and for charts the `examination` of one symbol."""
