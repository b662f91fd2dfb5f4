"""Requests answered.

```
parameters (or rejections) -> gate, weights -> spot | futures -> replies, catalogue, tickers
```
"""
