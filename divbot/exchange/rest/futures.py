"""What the USD-M futures market alone replies to, or replies to in its own way."""

from __future__ import annotations

from divbot.domain.durations import DAY
from divbot.domain.market import Market
from divbot.exchange.market import quotes
from divbot.exchange.market.number_format import Decimals
from divbot.exchange.market.tape import OPEN_TIME
from divbot.exchange.rest import limits, tickers
from divbot.exchange.rest import rejections as reject
from divbot.exchange.rest.derived_klines import PriceOf, derived_klines
from divbot.exchange.rest.funding import funding_info, funding_records
from divbot.exchange.rest.json_text import json_bytes
from divbot.exchange.rest.order_book import futures_depth
from divbot.exchange.rest.parameters import Parameters
from divbot.exchange.rest.replies import Handler, Replies, Service
from divbot.exchange.rest.trading_schedule import trading_schedule

_CONTRACTS = ("PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER", "TRADIFI_PERPETUAL")


class FuturesReplies(Replies):
    """Reply for the USD-M futures market."""

    market = Market.USDM
    trades_kept = DAY

    def _handlers(self) -> dict[str, Handler]:
        return super()._handlers() | {
            "premiumIndex": self._premium_index,
            "openInterest": self._open_interest,
            "fundingRate": self._funding_rate,
            "fundingInfo": self._funding_info,
            "tradingSchedule": self._trading_schedule,
            "markPriceKlines": self._mark_klines,
            "indexPriceKlines": self._index_klines,
            "premiumIndexKlines": self._premium_klines,
            "continuousKlines": self._continuous_klines,
        }

    def services(self) -> dict[str, Service]:
        """Return every endpoint of the market, by its path."""
        services = super().services()
        return services | {"/fapi/v2/ticker/price": services["/fapi/v1/ticker/price"]}

    def _exchange_info(self, parameters: Parameters) -> bytes:
        known = self._venue.known(self._time.now())
        return self._listing_body(parameters, known, lean=True)

    def _ticker_24hr(self, parameters: Parameters) -> bytes:
        return self._tickers(parameters, tickers.futures_day)

    def _premium_index(self, parameters: Parameters) -> bytes:
        return self._tickers(parameters, tickers.premium_index)

    def _depth(self, parameters: Parameters) -> bytes:
        now = self._time.now()
        symbol, levels = parameters.symbol(), parameters.depth()
        number = self._traded_number(symbol, now)
        return json_bytes(futures_depth(*self._view.day(number, now), levels))

    def _open_interest(self, parameters: Parameters) -> bytes:
        now = self._time.now()
        number = self._traded_number(parameters.symbol(), now)
        listing, form, day = self._view.day(number, now)
        held = form.volume.text(quotes.open_interest(listing, day))
        return json_bytes({"openInterest": held, "symbol": listing.symbol, "time": day.now})

    def _funding_rate(self, parameters: Parameters) -> bytes:
        now = self._time.now()
        symbols = parameters.symbols()
        start, end = parameters.time_range()
        limit = parameters.limit(limits.FUNDING)
        numbers = (
            self._venue.listed(now)
            if symbols is None
            else [self._number(symbol, now) for symbol in symbols]
        )
        return json_bytes(
            funding_records(self._venue, numbers, now, start=start, end=end, limit=limit)
        )

    def _funding_info(self, _: Parameters) -> bytes:
        now = self._time.now()
        known = map(self._venue.listing, self._venue.listed(now))
        return json_bytes(funding_info(known, now))

    def _trading_schedule(self, _: Parameters) -> bytes:
        return json_bytes(trading_schedule(self._time.now()))

    def _mark_klines(self, parameters: Parameters) -> bytes:
        return self._derived(parameters, parameters.symbol(), quotes.mark_price)

    def _index_klines(self, parameters: Parameters) -> bytes:
        # A pair is named as its perpetual contract is.
        return self._derived(parameters, parameters.symbol("pair"), quotes.index_price)

    def _premium_klines(self, parameters: Parameters) -> bytes:
        return self._derived(parameters, parameters.symbol(), quotes.premium, quotes.RATE)

    def _derived(
        self,
        parameters: Parameters,
        symbol: str,
        price_of: PriceOf,
        decimals: Decimals | None = None,
    ) -> bytes:
        now, asked = self._time.now(), self._asked(parameters)
        number = self._number(symbol, now)
        listing, rows = self._venue.listing(number), self._venue.joined(*self._parts(number, asked))
        close_times = asked.grid.close_times(rows[:, OPEN_TIME])
        form = decimals or quotes.mark_decimals(listing)
        return json_bytes(derived_klines(listing, rows, close_times, now, price_of, form))

    def _continuous_klines(self, parameters: Parameters) -> bytes:
        pair = parameters.symbol("pair")
        contract = parameters.choice(
            "contractType", _CONTRACTS, reject.INVALID_VALUE.of("contractType")
        )
        if contract is None:
            raise reject.MISSING.of("contractType")
        asked = self._asked(parameters)
        number = self._venue.contract(pair, contract, self._time.now())
        if number is None:
            raise reject.INVALID_SYMBOL.of()
        return self._klines_of(number, asked, parameters)
