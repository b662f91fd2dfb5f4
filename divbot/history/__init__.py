"""The market as it was: the store of candles, and how it is filled.

```
archive, REST, recordings -> store: plain Parquet, a file for each symbol and month
shelf: what is kept where   parts: one file, and what it says of itself   store: all of a market
```
"""
