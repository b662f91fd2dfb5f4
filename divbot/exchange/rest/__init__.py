"""Requests answered.

```
parameters (or rejections) -> rate_limiter (rate_window) -> spot | futures -> replies:
    exchange_info, kline_text, tickers, order_book, funding, derived_klines, trading_schedule
response, json_text, packing, sending: bytes to and from the client
```
"""
