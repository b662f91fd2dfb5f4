"""What `divbot verify` looks at: `examination` of one symbol, `lookahead`, `warmup`."""
