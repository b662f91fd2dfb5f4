r"""The market as it was: candles of years, who was listed then, and which of it is one contract.

```
archive, REST, recordings --> store: plain Parquet, a file for each symbol and month
   jobs: what is missing   month: one month, put together   download: many, by threads
   shelf: what is kept where   parts: one file, and what it says of itself
   detail: short candles, fetched when first needed; else longer ones stand in
port: PastCandles <-- store, joined: a recording, asked: a venue afterwards
   |
columns: a calendar month of all symbols in one mapped file, made once
   |-- lives      one folder that held two contracts is two lives
   |-- ranks      a month of who may be listed, by volume; instruments: what a name tells
   \-- universe   the list at each close of the past, by the live rules
```
"""
