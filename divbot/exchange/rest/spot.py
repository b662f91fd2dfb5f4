"""What the spot market alone replies to, or replies to in its own way."""

from __future__ import annotations

from divbot.domain.durations import DAY, HOUR, MINUTE
from divbot.domain.market import Interval, Market
from divbot.exchange.rest import exchange_info, tickers
from divbot.exchange.rest import rejections as reject
from divbot.exchange.rest.json_text import json_bytes
from divbot.exchange.rest.order_book import depth
from divbot.exchange.rest.parameters import Parameters
from divbot.exchange.rest.replies import Handler, Replies
from divbot.recordings.grid import Grid

_AVERAGE_MINUTES = 5
_EXCHANGE_INFO = ("permissions", "showPermissionSets")
_WINDOWS = {
    **{f"{number}m": number * MINUTE for number in range(1, 60)},
    **{f"{number}h": number * HOUR for number in range(1, 24)},
    **{f"{number}d": number * DAY for number in range(1, 8)},
}
_DEFAULT_WINDOW = "1d"


class SpotReplies(Replies):
    """Reply for the spot market."""

    market = Market.SPOT
    trades_kept = 90 * DAY

    def _handlers(self) -> dict[str, Handler]:
        return super()._handlers() | {
            "uiKlines": self._klines,
            "avgPrice": self._average_price,
            "ticker": self._rolling_window,
            "ticker/tradingDay": self._trading_day,
        }

    def _exchange_info(self, parameters: Parameters) -> bytes:
        named = parameters.sent("symbol", "symbols")
        if named and parameters.sent("permissions", "symbolStatus"):
            raise reject.BAD_COMBINATION.of()
        permissions = parameters.names("permissions")
        shown = parameters.choice(
            "showPermissionSets",
            ("true", "false"),
            reject.ILLEGAL_CHARACTERS.of("showPermissionSets", "^(true|false)$"),
        )
        chosen = self._chosen(parameters, self._time.now(), *_EXCHANGE_INFO)
        if permissions is not None and not permissions & set(exchange_info.PERMISSIONS):
            chosen = []
        return self._listing_body(parameters, chosen, lean=shown == "false")

    def _ticker_24hr(self, parameters: Parameters) -> bytes:
        ticker = tickers.mini_day if _is_mini(parameters) else tickers.full_day
        return self._tickers(parameters, ticker, "type")

    def _depth(self, parameters: Parameters) -> bytes:
        now = self._time.now()
        levels = parameters.depth()
        parameters.symbol()
        (number,) = self._chosen(parameters, now, "limit")
        return json_bytes(depth(*self._view.day(number, now), levels))

    def _average_price(self, parameters: Parameters) -> bytes:
        now = self._time.now()
        number = self._traded_number(parameters.symbol(), now)
        parameters.expect_only(("symbol",))
        start = now - _AVERAGE_MINUTES * MINUTE
        grid = Grid(self._venue.interval)
        recent = self._venue.klines(number, grid, now, limit=_AVERAGE_MINUTES, start=start)
        form, last = self._view.format(number), self._venue.last_price(number, now)
        return parameters.json(tickers.average_price(form, recent, last, now))

    def _rolling_window(self, parameters: Parameters) -> bytes:
        size = parameters.choice("windowSize", _WINDOWS, reject.INVALID_VALUE.of("windowSize"))
        now = self._time.now()
        start = now - _WINDOWS[size or _DEFAULT_WINDOW]
        start -= start % MINUTE
        return self._windows(parameters, start, now, "windowSize")

    def _trading_day(self, parameters: Parameters) -> bytes:
        start = Grid(Interval.D1, parameters.time_zone()).open_at(self._time.now())
        return self._windows(parameters, start, start + DAY - 1, "timeZone")

    def _windows(self, parameters: Parameters, start: int, end: int, known: str) -> bytes:
        """Answer with what happened from `start` on; `end` is what is told as its end."""
        now = self._time.now()
        fields = tickers.MINI if _is_mini(parameters) else tickers.WINDOW
        parameters.required_symbols()
        times = {"openTime": start, "closeTime": end}
        replies = []
        for number in self._chosen(parameters, now, "type", known):
            full = tickers.full_day(*self._view.window(number, start, now)) | times
            replies.append({name: full[name] for name in fields})
        return parameters.json(replies[0] if parameters.sent("symbol") else replies)


def _is_mini(parameters: Parameters) -> bool:
    return parameters.choice("type", ("FULL", "MINI"), reject.INVALID_TYPE.of()) == "MINI"
