"""What events say of a run.

```
trades, values of the account -> tally, costs, curve, drawdown, returns, breakdown, benchmark
    -> stats -> documents
open_trades, selection: which trades are asked for, and what they are worth now
```
"""
