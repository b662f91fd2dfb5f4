"""What happens in the market, as integers and times; nothing of how it is asked or told.

```
synthetic: coins, coin_names, price_paths, awkward --> tape: listings, final candles
recorded: contracts, exactness ----------------------^   (outages: without some)
edge_plan, edge: a tape with a drift after each divergence
tape -> pages (candles put them together) -> venue: candles, trades, days at any moment
quotes, settlements: bid and ask, mark price, funding; market_time: which moment it is
trade_numbers: which trade is which; number_format: numbers as text
recorded_series: a recording as floats, to count on
view: a venue as one market's replies and streams see it
```
"""
