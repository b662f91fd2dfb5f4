"""What the venue says when a request is wrong: its codes and its words.

Codes are stable, texts vary; these are the texts of the spot documentation, and of live futures
where they differ.
"""

from __future__ import annotations

from typing import NamedTuple

from divbot.domain.market import Market

SYMBOL_RANGE = r"^[\w\-._&&[^a-z]]{1,50}$"
SYMBOLS_RANGE = rf'^\[("{SYMBOL_RANGE[1:-1]}"(,"{SYMBOL_RANGE[1:-1]}"){{0,}}){{0,1}}\]$'
NUMBER_RANGE = "^[0-9]{1,20}$"


class Rejection(Exception):
    """Refuse a request: HTTP status, the venue's code, and its message."""

    def __init__(self, code: int, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class ErrorCode(NamedTuple):
    """One way to refuse a request."""

    code: int
    words: str
    status: int = 400

    def of(self, *told: object) -> Rejection:
        """Return the error, with `told` where the words leave something open."""
        return Rejection(self.code, self.words.format(*told), status=self.status)


START_AFTER_END = ErrorCode(-1023, "Start time is greater than end time.")  # futures
ILLEGAL_CHARACTERS = ErrorCode(
    -1100, "Illegal characters found in parameter '{}'; legal range is '{}'."
)
TOO_MANY = ErrorCode(-1101, "Too many parameters; expected '{}' and received '{}'.")
DUPLICATE_VALUES = ErrorCode(-1101, "Duplicate values for a parameter detected.")
MISSING = ErrorCode(-1102, "Mandatory parameter '{}' was not sent, was empty/null, or malformed.")
NEITHER = ErrorCode(-1102, "Param '{}' or '{}' must be sent, but both were empty/null!")
NOT_ALL_READ = ErrorCode(
    -1104, "Not all sent parameters were read; read '{}' parameter(s) but was sent '{}'."
)
EMPTY = ErrorCode(-1105, "Parameter '{}' was empty.")
INVALID_INTERVAL = ErrorCode(-1120, "Invalid interval.{}")
INVALID_SYMBOL = ErrorCode(-1121, "Invalid symbol.")
INVALID_STATUS = ErrorCode(-1122, "Invalid symbolStatus.")
NOT_TRADED = ErrorCode(-1122, "Invalid symbol status.")  # futures: listed, but not traded yet
TOO_LONG = ErrorCode(-1127, "More than {} hours between startTime and endTime.")
BAD_COMBINATION = ErrorCode(-1128, "Combination of optional parameters invalid.")
INVALID_VALUE = ErrorCode(-1130, "Data sent for parameter '{}' is not valid.")
INVALID_TYPE = ErrorCode(-1139, "Invalid ticker type.")
REPEATED_SYMBOL = ErrorCode(-1151, "Symbol is present multiple times in the list.")
OTHER_STATUS = ErrorCode(-1220, "The symbol is not in the status '{}'.")
INVALID_DEPTH = ErrorCode(-4021, "'{}' is not valid depth limit.")  # futures
UNKNOWN_PATH = ErrorCode(-5000, "Path {}, Method {} is invalid", 404)
OVER_LIMIT = {
    Market.SPOT: ErrorCode(
        -1003,
        "Too much request weight used; current limit is {} request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API.",
        429,
    ),
    Market.USDM: ErrorCode(
        -1003,
        "Too many requests; current limit is {} requests per minute. "
        "Please use the websocket for live updates to avoid polling the API.",
        429,
    ),
}
BANNED = {
    Market.SPOT: ErrorCode(
        -1003,
        "Way too much request weight used; IP banned until {}. "
        "Please use WebSocket Streams for live updates to avoid bans.",
        418,
    ),
    Market.USDM: ErrorCode(
        -1003,
        "Way too many requests; IP(127.0.0.1) banned until {}. "
        "Please use the websocket for live updates to avoid bans.",
        418,
    ),
}
