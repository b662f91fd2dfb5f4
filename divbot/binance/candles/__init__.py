"""Candles of one symbol: `history` downloads what `candle_store` does not have on disk."""
