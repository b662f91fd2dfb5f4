"""What the venue's answers say, from JSON to types.

`endpoints` (paths, weights), `rows` (fields), `exchange_info` and `wire` (all other answers;
`compiled_klines`: candles, fast).
"""
