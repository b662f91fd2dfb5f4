"""Binance's archive of candles and funding: what is kept under which key, lists of it, its files.

```
keys: names   listings: S3's lists, page by page   archive: files, checked against their checksums
```
"""
