"""What is found out from the past: reports as they would have been, and trading on them.

```
past_signals  a month of candles -> its divergences, and where another window may show one (workers)
past_venue    a venue of the past, for the very Scanner of a live scan
past          what may be open to trade at each close, and the exact report of any of them
rates         base rates counted from a history

tape      candles of the past on a grid, a stretch at a time
venue     the past as a venue to trade on: quotes, minutes, funding at one moment
feed      the reports that a scanner would have published by then
outlook   what reports may bring, month by month
moments   when something may happen next (floats, with a margin); there the exact engine acts
backtest  the engine, look by look, or moment by moment: with the same journal
comparison  a paper run beside the same time again: what differs, and why

sweep         many settings on the same past, each signal traded by itself
trials        the ledger of what was tried, and the verdict on a sweep
sweep_report  what a sweep found, as far as it may be told
```
"""
