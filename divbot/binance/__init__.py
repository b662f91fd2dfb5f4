"""The venue.

```
market_data, trading_data   what scanner and trader see through their ports
   listing/    which symbols there are, and which are worth looking at
   candles/    candles downloaded, and kept on disk
client      a method for each question, for weight of one lease -> protocol/
session     one request: budget (weight, across processes), bans -> transport/
```
"""
