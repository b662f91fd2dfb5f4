"""A backtest by freqtrade on the candles of a store; its markets are a local exchange's."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from freqtrade_run import CLIENTS, GUARD
from spending import Spent, own_environment, spent_by
from venue import Exchange

from divbot.domain.market import Market
from divbot.history.exports import Layout, export
from divbot.history.spans import Span
from divbot.history.store import Store

STRATEGY = Path(__file__).parent / "freqtrade" / "past_peer.py"
_EVER = Span(0, 1 << 62)


def pairs_of(url: str, count: int) -> list[str]:
    """Return so many symbols of a spot exchange, quoted in USDT, that freqtrade can name."""
    with urllib.request.urlopen(f"{url}/api/v3/exchangeInfo") as answer:
        listed = json.load(answer)["symbols"]
    names = [x["symbol"] for x in listed if x["quoteAsset"] == "USDT" and x["status"] == "TRADING"]
    return sorted(x for x in names if x.isascii() and x.isalnum())[:count]


def backtest_by_freqtrade(executable: str, exchange: Exchange, store: Store, home: Path) -> Spent:
    """Return what its backtest takes, from its start to its end."""
    assert store.market is Market.SPOT
    folder = home / "freqtrade"
    for part in ("user/strategies", "user/data", "guard"):
        (folder / part).mkdir(parents=True)
    list(export(store, store.shelves(), _EVER, folder / "candles", Layout.FEATHER))
    shutil.copy(STRATEGY, folder / "user" / "strategies")
    shutil.copy(CLIENTS / "loopback.py", folder / "guard")
    (folder / "guard" / "sitecustomize.py").write_text(GUARD, "utf-8")
    pairs = [f"{x.symbol.removesuffix('USDT')}/USDT" for x in store.shelves()]
    config = folder / "config.json"
    config.write_text(json.dumps(_config(exchange.url, pairs)), "utf-8")
    command = [
        *(executable, "backtesting", f"--config={config}", f"--userdir={folder / 'user'}"),
        *(f"--datadir={folder / 'candles'}", "--strategy=PastPeer", "--timeframe=15m"),
        *("--cache=none", "--export=none", "--fee=0.001"),
    ]
    environment = {**own_environment(), "PYTHONPATH": str(folder / "guard"), "NO_COLOR": "1"}
    return spent_by(command, environment, besides=exchange.pid)


def _config(url: str, pairs: Sequence[str]) -> dict[str, object]:
    text = (CLIENTS / "freqtrade" / "config.json").read_text("utf-8").replace("EXCHANGE", url)
    config: dict[str, object] = json.loads(text)
    config |= {"pairlists": [{"method": "StaticPairList"}], "max_open_trades": 3}
    exchange = dict(config["exchange"])  # type: ignore[call-overload]
    config["exchange"] = exchange | {"pair_whitelist": list(pairs)}
    return config
