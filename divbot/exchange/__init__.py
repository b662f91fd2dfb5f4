"""The local exchange: Binance's protocol in front of a synthetic or recorded market.

```
server (asyncio)  -> front -> faults/   what is answered wrongly, late or not at all
                           -> desk  -> rest/     the answers, written
                  -> streams/          pushed answers
market/  synthetic or recorded tape -> venue: candles, trades, quotes at any time
control, traffic, options, embedded: how a test or a demo runs it
```
"""
