"""What events say of a run.

```
trades, values of the account -> tally, costs, curve, drawdown, returns, breakdown, benchmark
    -> stats -> documents
selection: which trades are asked for; charted: the candles behind them
```
"""
