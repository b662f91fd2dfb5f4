"""What the past says: reports as a live scan would have published them, and what years count.

```
past_signals  a month of candles -> its divergences, and where another window may show one (workers)
past_venue    a venue of the past, for the very Scanner of a live scan
past          what may be open to trade at each close, and the exact report of any of them
rates         base rates counted from a history
```
"""
