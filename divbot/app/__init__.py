"""The composition root: the only room that names the concrete clock, venue, pool and exchange.

```
scanning       a scanner: settings, venue or demo, workers
scan_rules     what the settings say about a scan
trading_rules  what they say about trading
paper          a paper run: scanner thread, engine, journal
journals       runs: opened, resumed, listed
run_candles    the candles around the trades of a run
explanation    why one symbol came to its place
examination    one symbol, as every kernel sees it
verification   what was stated of a recording, against what came
```
"""
