"""The local exchange: Binance's protocol in front of a synthetic or recorded market.

```
server (asyncio) -> front -> desk -> rest/     responses, as the venue writes them
                          -> faults/           what is answered wrongly, late or not at all
                 -> streams/                   what is told unasked
                 -> archive/                   the files of all this, and S3's listing of them
                 -> control, traffic           what a test asks of the exchange itself
each room but faults reads market/             candles, trades, quotes at any time
options, bounds, seeded_plan, embedded, stop_signals, loopback: how it is run, and who reaches it
bounded_cache: what is costly to make, kept within bounds
```

It knows the venue from its documents alone, and nothing of divbot's client: neither could find the
other's error in a table that both share. A test compares the two.
"""
