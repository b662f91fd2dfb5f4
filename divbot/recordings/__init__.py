"""Candles in files: parquet or CSV tables, folders of zips as the venue's archive has them.

```
table | zips (each file decoded under one guard: decoding) -> track: one symbol, checked
                                                           -> recording: all of one interval
grid: where candles of an interval open; exactness: integers for floats; funding_table: rates
```
"""
