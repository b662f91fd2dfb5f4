"""The HTTP server of the local exchange: aiohttp around the desks, on one event loop.

One module, though a long one: what is put together here is started, and ended in the other order.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from aiohttp import web

from divbot.domain.clock import Clock, SystemClock, utc_text
from divbot.domain.durations import MINUTE
from divbot.domain.errors import InputError
from divbot.domain.hosts import is_loopback
from divbot.domain.market import Market
from divbot.exchange.archive import contents
from divbot.exchange.archive.archive import ServedArchive
from divbot.exchange.archive.defects import Defects
from divbot.exchange.archive.holdings import Holding
from divbot.exchange.control import Control, is_control
from divbot.exchange.desk import Desk
from divbot.exchange.faults.schedule import Faults
from divbot.exchange.faults.transfers import BrokenTransfer
from divbot.exchange.front import Front
from divbot.exchange.market.awkward import Special, specials
from divbot.exchange.market.market_time import MarketTime
from divbot.exchange.market.outages import InterruptedTape, Outages
from divbot.exchange.market.tape import Tape
from divbot.exchange.market.venue import Venue
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.rest.packing import Packer
from divbot.exchange.rest.rate_limiter import RateLimiter
from divbot.exchange.rest.rejections import Rejection
from divbot.exchange.rest.response import Response, plain_response
from divbot.exchange.rest.sending import SentResponse
from divbot.exchange.stop_signals import heeding_signals
from divbot.exchange.streams.broadcast import Broadcast
from divbot.exchange.streams.sockets import Sockets

_BACKLOG = 1024
_SHUTDOWN_SECONDS = 0.5
_WORTH_COMPRESSING = 512


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
    clock = SystemClock()
    limiter = open_limiter(options, clock)
    start = _start(options, clock)
    venues = _venues(options, start)
    desks = _desks(options, venues, clock, limiter)
    faults, defects = Faults(options.plan), Defects(options.defect_plan)
    # Before anything that takes long: where time runs fast, what starts later is behind.
    archive = _archive(options, venues, start, clock, defects)
    _warm(desks)
    front = Front(desks, faults, archive)
    broadcast = Broadcast([desk.feed() for desk in desks], clock, aging=options.aging)
    control = Control(options.markets, limiter, faults, front.traffic, broadcast, archive)
    handler = _Handler(options, front, control, broadcast)
    stop = stop or threading.Event()
    with heeding_signals(stop):
        asyncio.run(_serve(options, handler, announce, stop))


def open_desks(
    options: ExchangeOptions, clock: Clock, limiter: RateLimiter | None = None
) -> list[Desk]:
    """Build the market that `options` describe; return the desk of each of its venues.

    Raise RecordingError when the recording cannot be used, InputError when the time asked for is
    before its begin or after its end.
    """
    limiter = limiter or open_limiter(options, clock)
    return _desks(options, _venues(options, _start(options, clock)), clock, limiter)


def _start(options: ExchangeOptions, clock: Clock) -> int:
    """Return when a synthetic market starts, ms UTC."""
    return clock.now() if options.at is None else options.at


def _desks(
    options: ExchangeOptions, venues: Mapping[Market, Venue], clock: Clock, limiter: RateLimiter
) -> list[Desk]:
    return [
        Desk(
            market,
            venue,
            _market_time(options, venue, clock),
            limiter,
            publish_lag=options.publish_lag,
        )
        for market, venue in venues.items()
    ]


def open_limiter(options: ExchangeOptions, clock: Clock) -> RateLimiter:
    """Return the accounts of request weight that `options` describe."""
    limit = options.weight_limit
    limits = None if limit is None else dict.fromkeys(Market, limit)
    return RateLimiter(
        clock, limits, speed=options.speed, window=options.window, patience=options.patience
    )


def _venues(options: ExchangeOptions, start: int) -> dict[Market, Venue]:
    if options.recorded is not None:
        from divbot.exchange.market.recorded import load_tape  # pandas: only when needed

        # One recording behind both markets is kept in memory once.
        recording = load_tape(options.recorded, options.interval)
        return dict.fromkeys(options.markets, Venue(_interrupted(options, recording)))
    return {
        market: Venue(_interrupted(options, _synthetic(options, market, start)))
        for market in options.markets
    }


def _archive(
    options: ExchangeOptions,
    venues: Mapping[Market, Venue],
    start: int,
    clock: Clock,
    defects: Defects,
) -> ServedArchive:
    venue = next(iter(venues.values()))

    def holdings() -> dict[Market, list[Holding]]:
        from divbot.exchange.archive.population import listed, with_past

        if venue.is_recorded or not options.awkward:
            return {market: listed(each.tape) for market, each in venues.items()}
        interrupted = partial(_interrupted, options)
        return {
            market: with_past(market, options.seed, start, options.symbols, each.tape, interrupted)
            for market, each in venues.items()
        }

    origin = "recorded" if venue.is_recorded else "synthetic"
    return ServedArchive(holdings, _market_time(options, venue, clock), defects, origin)


def _interrupted(options: ExchangeOptions, tape: Tape) -> Tape:
    return InterruptedTape(tape, Outages(options.seed)) if options.outages else tape


def _synthetic(options: ExchangeOptions, market: Market, start: int) -> Tape:
    from divbot.exchange.market.synthetic import SyntheticTape

    tape = SyntheticTape(
        market=market,
        seed=options.seed,
        symbols=options.symbols,
        until=start,
        others=_specials(options, market, start),
    )
    plan = options.edge_plan
    if plan is None:
        return tape
    from divbot.exchange.market.edge import PlantedTape

    return PlantedTape(tape, plan, options.symbols)


def _specials(options: ExchangeOptions, market: Market, start: int) -> list[Special]:
    if not options.awkward:
        return []
    after = options.delist_after
    return specials(market, start, None if after is None else start + round(after * MINUTE))


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
    end = venue.last + length - 1
    if at > end:
        raise InputError(
            f"expected a time before {utc_text(end + 1)} UTC, where this market ends, "
            f"found {utc_text(at)}"
        )
    return MarketTime(clock, at=at, speed=options.speed, end=end)


def warm() -> None:
    """Compile or load all kernels that a synthetic market needs."""
    _warm(open_desks(ExchangeOptions(symbols=1), SystemClock()))


def _warm(desks: Sequence[Desk]) -> None:
    """Let no client wait for the compiler."""
    for desk in desks:
        desk.warm()
    contents.warm()


async def _serve(
    options: ExchangeOptions,
    handler: _Handler,
    announce: Callable[[str], None],
    stop: threading.Event,
) -> None:
    # Faults that take their time end when their client has gone.
    server = web.Server(handler, access_log=None, handler_cancellation=True, logger=_complaints())
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    pulse = asyncio.create_task(handler.sockets.run())
    pulse.add_done_callback(lambda _: stop.set())
    try:
        announce(await _listen(runner, options))
        await asyncio.to_thread(stop.wait)
    finally:
        handler.close()
        await runner.cleanup()
        pulse.cancel()
        with suppress(asyncio.CancelledError):
            await pulse


def _complaints() -> logging.Logger:
    """Return where aiohttp tells of requests that it cannot read, and of bugs."""
    logger = logging.Logger("divbot exchange", logging.WARNING)
    logger.addHandler(_OneLine())
    return logger


class _OneLine(logging.Handler):
    """Tell what went wrong in one line on stderr, without a traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it."""
        error = record.exc_info[1] if record.exc_info else None
        reason = "" if error is None else f": {type(error).__name__}: {error}"
        print("divbot:", *f"{record.getMessage()}{reason}".split(), file=sys.stderr)


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
    """Carry requests to the front and answers back."""

    def __init__(
        self, options: ExchangeOptions, front: Front, control: Control, broadcast: Broadcast
    ) -> None:
        self.sockets = Sockets(broadcast)
        self._broadcast = broadcast
        self._front = front
        self._control = control if is_loopback(options.host) else None
        self._latency = options.latency
        self._packer = Packer() if options.compress else None

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._control is not None and is_control(request.host, request.path):
            body = await request.read()
            told = self._control.answer(request.method, request.path, request.headers, body)
            return SentResponse(told)
        target = _target(request)
        # Asked first, as can_prepare goes through all of a handshake to say no.
        if "Upgrade" in request.headers and web.WebSocketResponse().can_prepare(request):
            streaming = await self._stream(request, target)
            if streaming is not None:
                return streaming
        archived = self._front.from_archive(target, request.method, request.headers)
        if archived is None:
            outcome = self._front.take(target, request.method, request.headers)
        else:
            outcome = await asyncio.to_thread(archived)
        if self._latency:
            await asyncio.sleep(self._latency)
        if outcome.transfer is not None:
            return BrokenTransfer(outcome.transfer, outcome.response)
        # The archive packs nothing that it sends: zips are packed already.
        packed = self._packed(request, outcome.response) if archived is None else outcome.response
        return SentResponse(packed)

    def close(self) -> None:
        """End all that takes long."""
        self.sockets.abort()
        self._front.close()

    async def _stream(self, request: web.BaseRequest, target: str) -> web.StreamResponse | None:
        try:
            session = self._broadcast.open(target)
        except Rejection as refusal:
            told = {"code": refusal.code, "msg": refusal.message}
            return SentResponse(plain_response(refusal.status, told))
        return None if session is None else await self.sockets.serve(request, session)

    def _packed(self, request: web.BaseRequest, response: Response) -> Response:
        if self._packer is None or len(response.body) < _WORTH_COMPRESSING:
            return response
        if "gzip" not in request.headers.get("Accept-Encoding", ""):
            return response
        body = self._packer.packed(response.body)
        return replace(
            response, headers={**response.headers, "Content-Encoding": "gzip"}, body=body
        )


def _target(request: web.BaseRequest) -> str:
    """Return path and query as they came; what is no text in them can be told to nobody."""
    return request.raw_path.encode(errors="surrogateescape").decode(errors="replace")
