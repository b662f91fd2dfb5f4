"""Downloads from a local exchange and its archive, without waits."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

from divbot.app.download import Supply, open_supply
from divbot.binance.archive.archive import ArchiveClient
from divbot.binance.transport.transports import open_transport
from divbot.domain.clock import ManualClock, SystemClock
from divbot.domain.market import Interval, Market
from divbot.history.candles import between
from divbot.history.download import Downloader, DownloadOutcome, DownloadStages
from divbot.history.kind import StoredKind
from divbot.history.shelf import Shelf
from divbot.history.spans import Span
from divbot.history.store import Store
from divbot.history.venue_past import venue_candles, venue_funding
from divbot.settings import Settings

from .markets import equal


@contextmanager
def supply_of(base_url: str, store: Store) -> Iterator[Supply]:
    """Provide the archive and venue at `base_url`; the archive's client never really waits."""
    settings = Settings(base_url=base_url, market=store.market, store=store.root)
    stop = threading.Event()
    with (
        open_supply(settings, store) as supply,
        open_transport(SystemClock(), connections=12) as transport,
    ):
        listing = f"{base_url}/data.binance.vision"
        archive = ArchiveClient(base_url, listing, transport, ManualClock(), stop)
        yield replace(supply, archive=archive, stop=stop)


def download(
    supply: Supply, shelves: list[Shelf], span: Span, progress: DownloadStages | None = None
) -> DownloadOutcome:
    """Fetch what `shelves` lack of `span`."""
    downloader: Downloader = supply.downloader(progress or DownloadStages())
    with supply.store.locked():
        jobs, failed = downloader.plan(shelves, span)
        assert not failed, failed
        return downloader.run(jobs)


def is_the_market(supply: Supply, symbol: str, interval: Interval, span: Span) -> bool:
    """Tell whether the store holds the market's candles of `span`, each to the last bit."""
    shelf = supply.store.shelf(symbol, interval)
    wanted = between(venue_candles(supply.venue, shelf, interval, span), *span)
    found = supply.store.candles(symbol, interval, *span)
    return len(wanted.open_time) > 0 and equal(found, wanted)


def is_its_funding(supply: Supply, symbol: str, span: Span) -> bool:
    """Tell the same of funding."""
    wanted = venue_funding(supply.venue, supply.store.shelf(symbol, None, StoredKind.FUNDING), span)
    found = supply.store.funding(symbol, *span)
    return found.at.tolist() == wanted.at.tolist() and found.rate.tolist() == wanted.rate.tolist()


def spoil(base_url: str, kind: str, path: str = "", **others: object) -> None:
    """Let something be wrong in the archive."""
    content = json.dumps({"kind": kind, "path": path, **others})
    control(base_url, "POST", "/divbot/archive", content)


def mend(base_url: str) -> None:
    """Let the archive be whole."""
    control(base_url, "DELETE", "/divbot/archive")


def control(base_url: str, method: str, path: str, body: str | None = None) -> None:
    """Tell the exchange something."""
    connection = HTTPConnection(base_url.removeprefix("http://"), timeout=30)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        assert response.status == 200, response.read()
    finally:
        connection.close()


def new_store(folder: Path, market: Market = Market.USDM) -> Store:
    """Return an empty store below `folder`."""
    return Store(folder / "store", market)
