"""The kinds of faults: every way in which the venue can be made to fail, by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Where on the way of a request a fault acts."""

    MARKET = "market"
    """What the market is asked: it answers for another time."""
    RESPONSE = "response"
    """The response, which is then sent as any other."""
    TRANSFER = "transfer"
    """The bytes on the connection, as no proper server would send them."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One way in which a venue can fail."""

    name: str
    stage: Stage
    meaning: str
    meets: tuple[str, ...] = ()
    """Ends of the paths that it can meet; none: it can meet any."""
    seconds: float = 0.0
    """How long, or how far, where a fault has a length that is not asked for otherwise."""


_MARKET, _RESPONSE, _TRANSFER = Stage
_ROWS = ("/klines", "/uiKlines")
_PRICES = (*_ROWS, "/ticker/24hr", "/ticker/price", "/ticker/bookTicker")
_LISTS = (*_PRICES, "/exchangeInfo", "/premiumIndex")
_CLOCKS = ("/time", "/exchangeInfo")

KINDS = {
    kind.name: kind
    for kind in (
        FaultKind("html403", _RESPONSE, "403, an HTML page of the firewall"),
        FaultKind("html502", _RESPONSE, "502, an HTML page of the gateway"),
        FaultKind("html504", _RESPONSE, "504, an HTML page of the gateway"),
        FaultKind("restricted451", _RESPONSE, "451, code 0: not served from this place"),
        FaultKind("unavailable503", _RESPONSE, "503, plain text: Service Unavailable."),
        FaultKind("busy", _RESPONSE, "503, code -1008: the server is overloaded"),
        FaultKind("disconnected", _RESPONSE, "503, code -1001: no answer from the engine"),
        FaultKind("empty_200", _RESPONSE, "200 without a body"),
        FaultKind("html_200", _RESPONSE, "200, an HTML page"),
        FaultKind("redirect", _RESPONSE, "302 to another path of this host"),
        FaultKind("redirect_loop", _RESPONSE, "302 to the same address, for ever"),
        FaultKind("truncated_json", _RESPONSE, "200, half of the JSON, the length correct"),
        FaultKind("nan_json", _RESPONSE, "200, numbers replaced by NaN, Infinity and 1e999"),
        FaultKind("deep_json", _RESPONSE, "200, 200,000 brackets deep"),
        FaultKind("duplicated_rows", _RESPONSE, "every row or entry twice", _LISTS),
        FaultKind("shuffled_rows", _RESPONSE, "rows or entries in another order", _LISTS),
        FaultKind("missing_last", _RESPONSE, "the newest candle is not there yet", _ROWS),
        FaultKind("zero_price", _RESPONSE, 'prices of "0.00000000"', _PRICES),
        FaultKind("clock_offset", _MARKET, "serverTime is that far ahead", _CLOCKS, 300.0),
        FaultKind("stale", _MARKET, "the answer is as old as that", _PRICES, 300.0),
        FaultKind("timeout", _TRANSFER, "no answer for that long, then the end", (), 30.0),
        FaultKind("reset_before", _TRANSFER, "RST before the answer"),
        FaultKind("reset_mid_body", _TRANSFER, "RST after half of the body"),
        FaultKind("fin_mid_body", _TRANSFER, "FIN after half of the body, no length announced"),
        FaultKind("truncated_gzip", _TRANSFER, "half of the gzip stream, the length correct"),
        FaultKind("bad_gzip", _TRANSFER, "said to be gzip, but is not"),
        FaultKind("gzip_without_trailer", _TRANSFER, "gzip without its checksum and length"),
        FaultKind(
            "wrong_length_long", _TRANSFER, "a Content-Length of more than there is", (), 30.0
        ),
        FaultKind("wrong_length_short", _TRANSFER, "a Content-Length of less than there is"),
        FaultKind("negative_length", _TRANSFER, "a Content-Length of -1", (), 30.0),
        FaultKind("slow_drip", _TRANSFER, "the body byte by byte, ten a second", (), 30.0),
        FaultKind("slow_header", _TRANSFER, "the headers byte by byte, ten a second", (), 30.0),
        FaultKind("giant_body", _TRANSFER, "1 GiB of blanks around an empty list"),
        FaultKind("gzip_bomb", _TRANSFER, "1 MB of gzip that unpacks to 1 GiB"),
        FaultKind("chunk_garbage", _TRANSFER, "a chunk whose size is no number"),
        FaultKind("huge_header", _TRANSFER, "one header of 70 KB"),
        FaultKind("many_headers", _TRANSFER, "200 headers"),
        FaultKind("garbage", _TRANSFER, "bytes that are no HTTP"),
    )
}
"""Every kind of fault, by name."""
