"""What is found out from the past: the paper trader on a virtual clock.

```
tape      candles of the past on a grid, a stretch at a time
venue     the past as a venue to trade on: quotes, minutes, funding at one moment
feed      the reports that a scanner would have published by then
moments   when something may happen next (floats, with a margin); there the exact engine acts
backtest  the engine, look by look, or moment by moment: with the same journal
```
"""
