"""Worker processes: they download candles, parse and analyse them, a block of symbols at a time.

```
size -> pool (ProcessPoolExecutor) -- task --> worker: download, parse, kernels -- found --> pool
         a dead or hung worker: only what it had not finished is done again
preload, kernels   what a worker has loaded and compiled before its first task
```
"""
