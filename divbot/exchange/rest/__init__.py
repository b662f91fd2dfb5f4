"""Requests answered.

```
parameters (or rejections) -> rate_limiter (rate_window) -> spot | futures -> replies:
    exchange_info, kline_text (kline_json: compiled), trade_lists, tickers, order_book, funding,
    derived_klines, trading_schedule
limits, weights: what is granted, and what each request costs
response, json_text, packing, sending: bytes to and from the client
```
"""
