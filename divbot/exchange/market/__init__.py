"""What happens in the market, as integers and times; nothing of how it is asked or written.

```
synthetic: coins (coin_names), price_paths -> tape <- recorded: contracts, exactness
awkward, outages: what markets do to programs
tape: listings, final candles -> pages, candles -> venue: candles, trades, statistics at any
quotes, settlements: bid and ask, mark price, funding        moment of market_time
```
"""
