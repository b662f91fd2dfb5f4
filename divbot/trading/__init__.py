"""The paper trader.

```
engine/   quotes, reports, ended minutes -> decisions, sizes, fills -> events
journal/  events on disk, one chain; tables derived from them; journals of every version
figures/  what events say of a run: returns, drawdown, costs, breakdowns
port      what is wanted of a venue, a cache and a journal
```
"""
