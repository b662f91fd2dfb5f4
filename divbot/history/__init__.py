r"""The market as it was: candles of years, who was listed then, and which of it is one contract.

```
port: PastCandles <-- recorded: a recording        (a store of Parquet files: the other one)
   |
columns: a calendar month of all symbols in one mapped file, made once
   |-- lives      one folder that held two contracts is two lives
   \-- universe   the list at each close of the past, by the live rules
```
"""
