"""What the venue says when a request is wrong: its codes and its words.

Codes are stable, texts vary; these are the texts of the spot documentation, and of live futures
where they differ.
"""

from __future__ import annotations

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


def illegal_characters(name: str, legal: str) -> Rejection:
    """A parameter holds characters that it must not."""
    text = f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    return Rejection(-1100, text)


def too_many(expected: int, received: int) -> Rejection:
    """An endpoint without parameters was sent some."""
    text = f"Too many parameters; expected '{expected}' and received '{received}'."
    return Rejection(-1101, text)


def duplicate_values() -> Rejection:
    """A parameter was sent twice."""
    return Rejection(-1101, "Duplicate values for a parameter detected.")


def missing(name: str) -> Rejection:
    """A mandatory parameter is absent, empty or malformed."""
    text = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    return Rejection(-1102, text)


def neither(one: str, other: str) -> Rejection:
    """Of two parameters one must be sent."""
    text = f"Param '{one}' or '{other}' must be sent, but both were empty/null!"
    return Rejection(-1102, text)


def not_all_read(read: int, sent: int) -> Rejection:
    """There is a parameter that the endpoint does not know."""
    text = "Not all sent parameters were read; "
    return Rejection(-1104, f"{text}read '{read}' parameter(s) but was sent '{sent}'.")


def empty(name: str) -> Rejection:
    """An optional parameter was sent without a value."""
    return Rejection(-1105, f"Parameter '{name}' was empty.")


def bad_combination() -> Rejection:
    """Two parameters exclude each other."""
    return Rejection(-1128, "Combination of optional parameters invalid.")


def too_long(*, hours: int) -> Rejection:
    """A range of times is longer than may be looked up."""
    text = f"More than {hours} hours between startTime and endTime."
    return Rejection(-1127, text)


def invalid_value(name: str) -> Rejection:
    """A parameter's value is out of range."""
    return Rejection(-1130, f"Data sent for parameter '{name}' is not valid.")


def invalid_interval(detail: str = "") -> Rejection:
    """There are no candles of that interval."""
    return Rejection(-1120, f"Invalid interval.{detail}")


def invalid_symbol() -> Rejection:
    """No such symbol."""
    return Rejection(-1121, "Invalid symbol.")


def invalid_status() -> Rejection:
    """No such symbol status."""
    return Rejection(-1122, "Invalid symbolStatus.")


def not_traded() -> Rejection:
    """Futures: the symbol is on the list, but not traded yet."""
    return Rejection(-1122, "Invalid symbol status.")


def invalid_type() -> Rejection:
    """No such kind of ticker."""
    return Rejection(-1139, "Invalid ticker type.")


def repeated_symbol() -> Rejection:
    """A list names a symbol twice."""
    return Rejection(-1151, "Symbol is present multiple times in the list.")


def other_status(status: str) -> Rejection:
    """The symbol asked for is not in the status asked for."""
    return Rejection(-1220, f"The symbol is not in the status '{status}'.")


def start_after_end() -> Rejection:
    """Futures: a range that ends before it starts."""
    return Rejection(-1023, "Start time is greater than end time.")


def invalid_depth(limit: str) -> Rejection:
    """Futures: so many levels are not to be had."""
    return Rejection(-4021, f"'{limit}' is not valid depth limit.")


def unknown_path(method: str, path: str) -> Rejection:
    """There is nothing at that path."""
    return Rejection(-5000, f"Path {path}, Method {method} is invalid", status=404)


def over_limit(market: Market, limit: int) -> Rejection:
    """More request weight was used than is granted."""
    if market is Market.SPOT:
        text = (
            f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
            "Please use WebSocket Streams for live updates to avoid polling the API."
        )
    else:
        text = (
            f"Too many requests; current limit is {limit} requests per minute. "
            "Please use the websocket for live updates to avoid polling the API."
        )
    return Rejection(-1003, text, status=429)


def banned(market: Market, until: int) -> Rejection:
    """The address has been banned until `until` (ms UTC)."""
    if market is Market.SPOT:
        text = (
            f"Way too much request weight used; IP banned until {until}. "
            "Please use WebSocket Streams for live updates to avoid bans."
        )
    else:
        text = (
            f"Way too many requests; IP(127.0.0.1) banned until {until}. "
            "Please use the websocket for live updates to avoid bans."
        )
    return Rejection(-1003, text, status=418)
