"""From candles to a published report.

```
thread      scans every check interval -> cycle -> report -> cache (one lock)
publication when the venue shows new candles: learned; rounds: which of several intervals are due
cycle       one scan: universe -> workforce -> results -> signals, evidence -> report
together    the reports of several intervals as one
report      what a scan publishes; report_documents: as JSON, CSV and pandas have it
results     what all blocks brought, put together
workforce/  worker processes: download, parse, analyse
signals/    plan of a trade, ranking, score
evidence/   what became of past divergences: base rates, confidence
checks/     divbot verify: look-ahead, warm-up; one symbol examined, for charts
port        what is wanted of a venue
block       candles side by side
shortage    why a report holds less than was asked for
why         how one symbol came to its place
```

`checks` and `workforce` import from `evidence`, and that from `signals`; never the other way.
"""
