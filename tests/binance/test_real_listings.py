"""The universe of recorded listings, against lists made by an independent script and by hand."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from divbot.binance.listing.rules import MarketSnapshot, UniverseRules
from divbot.binance.listing.universe import select
from divbot.binance.protocol.exchange_info import ExchangeInfo, ListingParser
from divbot.binance.protocol.wire import BidAsk, parse_quotes, parse_tickers
from divbot.domain.market import Market, Ticker
from divbot.domain.universe import Rule, Universe

GOLDEN = Path(__file__).parents[1] / "golden"
EVERYTHING = UniverseRules(top=5000)


def listing_of(data: Path, name: str, market: Market) -> ExchangeInfo:
    return ListingParser(market).parse(real(data, name))


def real(data: Path, name: str) -> bytes:
    return gzip.decompress((data / "rest" / f"{name}.json.gz").read_bytes())


def universe_of(
    listing: ExchangeInfo,
    market: Market,
    day: Mapping[str, Ticker] | None = None,
    quotes: Mapping[str, BidAsk] | None = None,
) -> Universe:
    """Return the universe of a listing; without tickers, as if all were traded alike."""
    assert listing.server_time is not None
    alike = Ticker("", *(Decimal(1) for _ in range(4)), listing.server_time)
    return select(
        MarketSnapshot(
            market,
            listing.server_time,
            listing.instruments,
            dict.fromkeys(listing.instruments, alike) if day is None else day,
            dict.fromkeys(listing.instruments, BidAsk(Decimal(1), Decimal(1)))
            if quotes is None
            else quotes,
        ),
        EVERYTHING,
    )


def verdicts(universe: Universe) -> dict[str, str]:
    """Return what became of each symbol that is quoted in USDT."""
    return {
        **{x.symbol: "in" for x in universe.listed},
        **{x.symbol: x.rule.value for x in universe.left_out if x.rule is not Rule.QUOTE},
    }


def golden(name: str) -> dict[str, str]:
    lines = (GOLDEN / f"universe-{name}.txt").read_text("utf-8").splitlines()
    return dict(line.split() for line in lines)


def test_the_spot_market_of_2020(data: Path) -> None:
    body = real(data, "spot_ticker24hr_2020-10-09")
    listing = listing_of(data, "spot_exchangeInfo_2020-10-09", Market.SPOT)

    found = universe_of(listing, Market.SPOT, parse_tickers(body).found, parse_quotes(body).found)

    assert verdicts(found) == golden("spot-2020-10-09")
    by_volume = (GOLDEN / "universe-spot-2020-10-09-by-volume.txt").read_text().split()
    assert [x.symbol for x in found.listed] == by_volume


def test_the_spot_market_of_2024(data: Path) -> None:
    listing = listing_of(data, "spot_exchangeInfo_2024-09-08", Market.SPOT)

    assert verdicts(universe_of(listing, Market.SPOT)) == golden("spot-2024-09-08")


def test_the_futures_of_2022(data: Path) -> None:
    listing = listing_of(data, "usdm_exchangeInfo_2022-05-04", Market.USDM)

    assert verdicts(universe_of(listing, Market.USDM)) == golden("usdm-2022-05-04")


def test_leveraged_tokens_are_known_as_such_when_nothing_else_is_wrong_with_them(
    data: Path,
) -> None:
    body = real(data, "spot_exchangeInfo_2020-10-09")
    # In 2020 spot trading of them was not allowed, which already leaves them out.
    allowed = body.replace(b'"isSpotTradingAllowed":false', b'"isSpotTradingAllowed":true')
    allowed = allowed.replace(b'"isSpotTradingAllowed": false', b'"isSpotTradingAllowed": true')
    listing = ListingParser(Market.SPOT).parse(allowed.replace(b'"BREAK"', b'"TRADING"'))

    found = universe_of(listing, Market.SPOT)

    leveraged = [x.symbol for x in found.left_out if x.rule is Rule.LEVERAGED]
    assert len(leveraged) == 32  # BULL and BEAR, gone since 2020, have no stem to know them by
    assert all(
        symbol.removesuffix("USDT").endswith(("UP", "DOWN", "BULL", "BEAR")) for symbol in leveraged
    )
