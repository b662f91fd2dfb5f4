"""From candles to a published report.

```
thread      scans whenever a candle closes -> cycle -> report -> cache (one lock)
cycle       one scan: universe -> workforce -> results -> signals, evidence -> report
results     what all blocks brought, put together
workforce/  worker processes: download, parse, analyse
signals/    plan of a trade, ranking, score
evidence/   what became of past divergences: base rates, confidence
checks/     divbot verify: look-ahead, warm-up, one symbol examined
port        what is wanted of a venue
block       candles side by side
shortage    why a report holds less than was asked for
why         how one symbol came to its place
```

`checks` and `workforce` import from `evidence`, and that from `signals`; never the other way.
"""
