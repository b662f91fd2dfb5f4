"""Trade the signals that sweep.py hands over by vectorbt; run by the Python that has it.

    PYTHON sweep_vectorbt.py FILE.npz

It prints seconds and trades as JSON. Of each setting and symbol there is a column, and in it one
position at a time; a signal while one is open is passed over. Stop and target lie as far from the
entry as divbot has them; an opposite signal closes. It has no longest time for a position.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import vectorbt


def main() -> None:
    with np.load(sys.argv[1]) as given:
        prices = {x: given[x] for x in ("open", "high", "low", "close")}
        row, symbol, side = (given[x] for x in ("row", "symbol", "side"))
        stops, targets = given["stops"], given["targets"]
    rows, symbols = prices["close"].shape
    columns = symbols * len(stops)
    wide = {name: np.tile(values, (1, len(stops))) for name, values in prices.items()}
    entries = {1: np.zeros((rows, columns), bool), -1: np.zeros((rows, columns), bool)}
    stop, target = (np.full((rows, columns), np.nan) for _ in range(2))
    for number, (way, reward) in enumerate(zip(stops, targets, strict=True)):
        own = way > 0  # where the price is beyond the stop already, nobody enters
        place = row[own], symbol[own] + number * symbols
        for one in (1, -1):
            entries[one][tuple(x[side[own] == one] for x in place)] = True
        stop[place], target[place] = way[own], reward[own]

    def trade(last: int) -> int:
        chosen = slice(last)
        portfolio = vectorbt.Portfolio.from_signals(
            wide["close"][chosen],
            entries=entries[1][chosen],
            exits=entries[-1][chosen],
            short_entries=entries[-1][chosen],
            short_exits=entries[1][chosen],
            price=wide["open"][chosen],
            **{name: wide[name][chosen] for name in ("open", "high", "low")},
            sl_stop=stop[chosen],
            tp_stop=target[chosen],
            fees=0.0005,
            slippage=0.0004,
            freq="5min",
        )
        return int(portfolio.trades.count().sum())

    trade(100)  # compiles
    began = time.process_time()
    count = trade(rows)
    print(json.dumps({"seconds": time.process_time() - began, "trades": count}))


if __name__ == "__main__":
    main()
