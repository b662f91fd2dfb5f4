"""A search: many settings on the same history, each signal traded by itself, on every core.

```
space     values of settings -> points: a grid, or some of it by a scrambled Sobol sequence
variants  what a point means for signals, and for trades
market    candles, lists, settlements and spreads in files that workers map
unit      one month of one set of signals, traded by some plans: what a worker does at once
hands     who does it: processes of this machine, or a Dask cluster
run       all units of a search, those of an earlier start kept -> daily results
```
"""
