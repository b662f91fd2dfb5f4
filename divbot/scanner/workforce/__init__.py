"""Worker processes: they download candles, parse and analyse them, a block of symbols at a time.

```
size -> pool (ProcessPoolExecutor) -- task --> process: worker: download, parse, kernels --> pool
         a dead or hung worker: only what it had not finished is done again
     -> inline (in the process that asks)
preload, kernels   what a worker has loaded and compiled before its first task
```
"""
