"""The HTTP server of the local exchange: aiohttp around the desks, on one event loop."""

from __future__ import annotations

import asyncio
import signal
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import unquote

from aiohttp import web

from divbot.domain.clock import Clock, SystemClock, utc_text
from divbot.domain.errors import InputError
from divbot.domain.market import Market
from divbot.exchange.desk import Answer, Desk
from divbot.exchange.market_time import MarketTime
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.venue import Venue
from divbot.exchange.weights import WeightMeter

_BACKLOG = 1024
_SHUTDOWN_SECONDS = 0.5
_WORTH_COMPRESSING = 512
_GZIP = 16 + zlib.MAX_WBITS


def serve(
    options: ExchangeOptions,
    *,
    announce: Callable[[str], None],
    stop: threading.Event | None = None,
) -> None:
    """Serve a local exchange until SIGINT, SIGTERM or `stop`.

    Call `announce` with the base URL once requests are answered. Raise InputError when the
    address cannot be listened on, RecordingError when the recording cannot be used.
    """
    desks = open_desks(options, SystemClock())
    _warm(desks)
    stop = stop or threading.Event()
    with _heeding_signals(stop):
        asyncio.run(_serve(options, desks, announce, stop))


def open_desks(options: ExchangeOptions, clock: Clock) -> list[Desk]:
    """Build the market that `options` describe; return the desk of each of its venues.

    Raise RecordingError when the recording cannot be used, InputError when it begins later than
    the time asked for.
    """
    now = clock.now()
    weights = WeightMeter(clock)
    return [
        Desk(market, venue, _market_time(options, venue, clock), weights)
        for market, venue in _venues(options, now).items()
    ]


def _venues(options: ExchangeOptions, now: int) -> dict[Market, Venue]:
    if options.recorded is not None:
        from divbot.exchange.recorded import load_recording  # pandas: only when needed

        # One recording behind both markets is kept in memory once.
        return dict.fromkeys(
            options.markets, Venue(load_recording(options.recorded, options.interval))
        )
    from divbot.exchange.synthetic import SyntheticTape

    until = now if options.at is None else options.at
    return {
        market: Venue(
            SyntheticTape(market=market, seed=options.seed, symbols=options.symbols, until=until)
        )
        for market in options.markets
    }


def _market_time(options: ExchangeOptions, venue: Venue, clock: Clock) -> MarketTime:
    length = venue.interval.milliseconds
    at = options.at
    if at is None:
        at = venue.last + length // 2 if venue.is_recorded else clock.now()
    if at < venue.first:
        raise InputError(
            f"expected a time from {utc_text(venue.first)} UTC on, where this market begins, "
            f"found {utc_text(at)}"
        )
    # The last candle never becomes final: nobody knows what came after it.
    return MarketTime(clock, at=at, speed=options.speed, end=venue.last + length - 1)


def _warm(desks: Sequence[Desk]) -> None:
    """Let no client wait for the compiler."""
    for desk in desks:
        desk.warm()


@contextmanager
def _heeding_signals(stop: threading.Event) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    for each, handler in before.items():
        # A child whose parent decides when it ends ignores Ctrl-C: keep it so.
        if handler is not signal.SIG_IGN:
            signal.signal(each, lambda *_: stop.set())
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


async def _serve(
    options: ExchangeOptions,
    desks: Sequence[Desk],
    announce: Callable[[str], None],
    stop: threading.Event,
) -> None:
    server = web.Server(_Handler(options, desks), access_log=None)
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        announce(await _listen(runner, options))
        await asyncio.to_thread(stop.wait)
    finally:
        await runner.cleanup()


async def _listen(runner: web.ServerRunner, options: ExchangeOptions) -> str:
    site = web.TCPSite(runner, options.host, options.port, backlog=_BACKLOG)
    try:
        await site.start()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"cannot listen on {options.host}, port {options.port}: {reason}; "
            "choose another host or port (port 0 takes a free one)"
        ) from error
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Handler:
    """Carry requests to the desks and answers back."""

    def __init__(self, options: ExchangeOptions, desks: Sequence[Desk]) -> None:
        self._desks = [(desk.prefix, desk) for desk in desks]
        self._latency = options.latency
        self._compress = options.compress

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        path, _, query = request.raw_path.partition("?")
        answer = self._answer(unquote(path), query, request.method)
        if self._latency:
            await asyncio.sleep(self._latency)
        return self._response(request, answer)

    def _answer(self, path: str, query: str, method: str) -> Answer:
        for prefix, desk in self._desks:
            if path.startswith(prefix):
                return desk.answer(path, query, method)
        return self._desks[0][1].answer(path, query, method)

    def _response(self, request: web.BaseRequest, answer: Answer) -> web.Response:
        headers, body = answer.headers, answer.body
        wanted = self._compress and "gzip" in request.headers.get("Accept-Encoding", "")
        if wanted and len(body) >= _WORTH_COMPRESSING:
            body = zlib.compress(body, level=1, wbits=_GZIP)
            headers = {**headers, "Content-Encoding": "gzip"}
        return web.Response(body=body, status=answer.status, headers=headers)
