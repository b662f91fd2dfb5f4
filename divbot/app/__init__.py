"""The composition root: the room that chooses venue, pool and exchange, and puts all together.

```
scanning       a scanner: settings, venue or demo, workers
scan_rules     what the settings say about a scan
trading_rules  what they say about trading
paper          a paper run: scanner thread, engine, journal; options: what it is told besides
backtest       a run on the past
journals       runs: opened, resumed, listed
run_candles    the candles around the trades of a run
explanation    why one symbol came to its place
examination    one symbol, as every kernel sees it
data           the store of candles; download: what fills it; homes: where it is
store_rate     the base rate that it shows
verification   what was stated of a recording, against what came
```
"""
