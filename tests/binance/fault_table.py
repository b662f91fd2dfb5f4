"""Every fault that a client can meet, and how divbot's own must end it: one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from divbot.binance.client import BinanceClient
from divbot.domain.errors import (
    BadAnswer,
    DivbotError,
    InputError,
    StopUntil,
    VenueRefused,
    VenueUnreachable,
)

from . import arrangements as arranged
from . import rude
from .arrangements import Arrange, candles, candles_twice, ordered, secured, served
from .rude import CHUNKED, OK, Script, drip, flood, hold, packed, refusal, saying

Ask: TypeAlias = Callable[[BinanceClient], object]


@dataclass(frozen=True, slots=True)
class Fault:
    """One row: a fault, and what the client makes of it."""

    name: str
    arrange: Arrange
    ends: type[DivbotError] | None
    """The error that it ends as while it lasts; None: in a right answer."""
    tries: int = 4
    """Requests sent while it lasts."""
    fewest: int | None = None
    """Where there may be fewer: a library may try again by itself."""
    is_got_over: bool = True
    """Once only, it is got over by asking again."""
    seconds: float = 5.0
    """The deadline: short where all of it will be used up."""
    ask: Ask = candles
    deceives: bool = False
    """Nothing shows that it is there: the answer is one of another time."""


def _try_again(error: type[DivbotError], *kinds: str) -> list[Fault]:
    return [Fault(kind, ordered(kind, "klines"), error) for kind in kinds]


def _slow(name: str, arrange: Arrange) -> Fault:
    """Return a fault that uses up the deadline, so that there is one try."""
    return Fault(name, arrange, VenueUnreachable, 1, is_got_over=False, seconds=0.4)


def _final(name: str, arrange: Arrange, error: type[DivbotError]) -> Fault:
    """Return a fault after which asking again is of no use."""
    return Fault(name, arrange, error, 1, is_got_over=False)


def _harmless(name: str, arrange: Arrange, ask: Ask = candles) -> Fault:
    return Fault(name, arrange, None, 1, ask=ask)


def _deceptive(kind: str, ask: Ask = candles) -> Fault:
    return Fault(kind, ordered(kind), None, 1, is_got_over=False, ask=ask, deceives=True)


def _of_the_exchange() -> Iterator[Fault]:
    """Yield the faults of the local exchange."""
    yield from _try_again(BadAnswer, "html502", "html504", "unavailable503", "busy")
    yield from _try_again(BadAnswer, "disconnected", "empty_200", "html_200", "redirect")
    yield from _try_again(BadAnswer, "redirect_loop", "truncated_json", "nan_json", "deep_json")
    yield from _try_again(BadAnswer, "duplicated_rows", "shuffled_rows", "zero_price")
    yield from _try_again(BadAnswer, "fin_mid_body", "truncated_gzip", "bad_gzip")
    yield from _try_again(BadAnswer, "gzip_without_trailer", "wrong_length_short")
    yield from _try_again(BadAnswer, "negative_length", "giant_body", "gzip_bomb")
    yield from _try_again(VenueUnreachable, "reset_before", "reset_mid_body", "chunk_garbage")
    yield from _try_again(VenueUnreachable, "huge_header", "many_headers", "garbage")
    for kind in ("timeout", "wrong_length_long", "slow_drip", "slow_header"):
        yield _slow(kind, ordered(kind))
    yield _final("html403", ordered("html403"), StopUntil)
    yield _final("restricted451", ordered("restricted451"), VenueRefused)
    for kind in ("duplicated_rows", "shuffled_rows"):
        yield _harmless(f"{kind}, tickers", ordered(kind), BinanceClient.tickers)
        yield _harmless(f"{kind}, listing", ordered(kind), BinanceClient.exchange_info)
    yield _deceptive("missing_last")
    yield _deceptive("stale")
    yield _deceptive("clock_offset", BinanceClient.server_time)


def _of_a_body() -> Iterator[Fault]:
    """Yield what else can be wrong with a body."""
    gzip = rude.members(rude.BODY)
    scripts: dict[str, Script] = {
        "gzip with a wrong checksum": packed(gzip[:-8] + b"1234" + gzip[-4:]),
        "gzip, then garbage": packed(gzip + b"garbage"),
        "gzip of two members, the second cut": packed(rude.members(rude.ROWS, b"]")[:-8]),
        "a coding not asked for": packed(rude.BODY, b"br"),
        "1 GiB without a length": flood(OK + b"\r\n["),
        "1 GiB in chunks": flood(CHUNKED, b"100000\r\n" + b" " * 2**20 + b"\r\n"),
        "a length of 5000 digits": saying(
            OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n" + rude.BODY
        ),
        "no UTF-8": saying(OK + b'\r\n[["\xff"]]'),
        "a byte order mark": saying(OK + b"\r\n\xef\xbb\xbf" + rude.BODY),
        "an integer of 6000 digits": saying(OK + b"\r\n[[" + b"9" * 6000 + b"]]"),
        "a redirect to another host": refusal(302, b"Location: http://127.0.0.1:9/\r\n"),
        "a redirect to a file": refusal(302, b"Location: file:///etc/hosts\r\n"),
        "204, no content": refusal(204),
    }
    for name, script in scripts.items():
        yield Fault(name, served(script), BadAnswer)
    two = saying(OK + b"Content-Encoding: gzip\r\n\r\n" + rude.members(rude.ROWS, b"]"))
    yield _harmless("gzip of two members", served(two))
    weight = saying(OK + b"x-mbx-used-weight-1m: " + b"9" * 5000 + b"\r\n\r\n" + rude.BODY)
    yield _harmless("a used weight of 5000 digits", served(weight))


def _of_a_pause() -> Iterator[Fault]:
    """Yield pauses and bans whose end is told badly."""
    for value in (b"soon", b"-5", b"Sat, 31 Dec 0000 99:99:99 GMT"):
        header = b"Retry-After: " + value + b"\r\n"
        name = f"Retry-After: {value.decode()}"
        # Waited for, as long as one is wherever nothing is said.
        yield Fault(f"429, {name}", served(refusal(429, header)), StopUntil)
        yield _final(f"418, {name}", served(refusal(418, header)), StopUntil)
    for value in (b"Thu, 31 Dec 2099 23:59:59 GMT", b"9" * 5000):
        header = b"Retry-After: " + value + b"\r\n"
        yield _final(f"429, {value[:16].decode()}...", served(refusal(429, header)), StopUntil)
    cut = b"HTTP/1.1 418 No\r\nRetry-After: 300\r\nContent-Length: 99\r\n\r\n{"
    yield _final("418, its body cut", served(saying(cut)), StopUntil)


def _of_a_line() -> Iterator[Fault]:
    """Yield what else can be wrong with a connection."""
    scripts: dict[str, Script] = {
        "FIN before the answer": saying(b""),
        "chunks cut short": saying(CHUNKED + b"99\r\n["),
        "two lengths": saying(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]"),
    }
    for name, script in scripts.items():
        yield Fault(name, served(script), VenueUnreachable)
    told = b"%x\r\n%s\r\n0\r\nHTTP/X: no status\r\n\r\n" % (len(rude.BODY), rude.BODY)
    yield _harmless("a trailer that begins as a status does", served(saying(CHUNKED + told)))
    endless = {
        "100 Continue for ever": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        "chunks of one byte": flood(CHUNKED, b"1\r\n \r\n" * 999),
        "trailers for ever": drip(CHUNKED + b"0\r\n", b"X: x\r\n"),
    }
    for name, script in endless.items():
        yield _slow(name, served(script))
    for name, script in (
        ("a kept connection closed", saying(rude.GOOD)),
        ("RST on a kept connection", rude.reset_at_the_next_request),
    ):
        yield Fault(name, served(script), None, tries=3, fewest=2, ask=candles_twice)


def _of_the_way() -> Iterator[Fault]:
    """Yield what can be wrong before a request is sent."""
    yield Fault("refused", arranged.refused, VenueUnreachable, is_got_over=False)
    yield Fault("no such host", arranged.unknown_host, VenueUnreachable, is_got_over=False)
    yield _slow("connection swallowed", arranged.swallowed)
    yield _slow("five addresses that swallow", arranged.swallowed_by_all)
    yield _slow("dead resolver", arranged.dead_resolver)
    yield _final("no host name at all", arranged.bad_label, InputError)
    yield _harmless("dead proxy in the environment", arranged.dead_proxy)


def _of_tls() -> Iterator[Fault]:
    """Yield what can be wrong with TLS."""
    good = saying(rude.GOOD)
    yield _harmless("TLS, nothing wrong", secured(good))
    yield _final("TLS, unknown authority", secured(good, is_trusted=False), VenueRefused)
    yield _final("TLS, another name", secured(good, name="other.example"), VenueRefused)
    yield _final("TLS, expired", secured(good, is_expired=True), VenueRefused)
    yield _slow("TLS, headers byte by byte", secured(drip(b"HTTP/1.1 200 OK\r\nX: ", b"x")))
    no_tls = arranged.speaking_no_tls
    yield _slow("TLS, no handshake", no_tls(hold))
    yield _slow("TLS, handshake byte by byte", no_tls(drip(b"\x16\x03\x03\x40\x00\x02", b"\0")))
    for name, script in (("cut", saying(b"")), ("answered in plain", saying(rude.GOOD))):
        yield Fault(f"TLS, handshake {name}", no_tls(script), VenueUnreachable, is_got_over=False)


FAULTS = (
    *_of_the_exchange(),
    *_of_a_body(),
    *_of_a_pause(),
    *_of_a_line(),
    *_of_the_way(),
    *_of_tls(),
)
"""Every row."""
