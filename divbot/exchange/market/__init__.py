"""What happens in the market.

```
synthetic | recorded (awkward, outages: what markets do to programs) -> tape: final candles
venue: candles of any interval, trades, quotes, at any moment of market_time
```
"""
