"""The venue.

```
market_data, trading_data   what scanner and trader see through their ports
   listing/    which symbols there are, and which are worth looking at
   candles/    candles downloaded, and kept on disk
client      a method for each question, for weight of one lease -> protocol/
past_data   what the archive of the past lacks; limits: how the venue sees this machine
notebook    what is worth knowing in the next run (bans); server_clock: the venue's time
glance      whether it shows a candle yet
session     one request: budget (weight, across processes), bans -> transport/
```
"""
