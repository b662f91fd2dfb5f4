"""One reply of the exchange, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from divbot.domain.market import Market
from divbot.exchange.rest.json_text import json_bytes

_REASONS = {status.value: status.phrase for status in HTTPStatus}

CONTENT_TYPE = {
    Market.SPOT: "application/json;charset=UTF-8",
    Market.USDM: "application/json",
}


ORIGIN_HEADER = "X-Divbot-Exchange"
"""In every reply, so that no price of ours is taken for a real one: synthetic or recorded."""
ARCHIVE_HEADER = "X-Divbot-Archive"
"""The path below this address at which the archive is listed; its files are at the address."""
CANDLES_HEADER = "X-Divbot-Candles"
"""The shortest candles that there are."""
SPEED_HEADER = "X-Divbot-Speed"
"""How many seconds of the market pass in one."""
USED_WEIGHT_HEADER = "x-mbx-used-weight-1m"
"""The request weight that the address has used in this minute."""


@dataclass(frozen=True, slots=True)
class Response:
    """One reply: status, headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def head(self, *extra: str) -> bytes:
        """Return the status line and all headers, `extra` ones too, as HTTP/1.1 sends them."""
        lines = [f"HTTP/1.1 {self.status} {_REASONS[self.status]}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join((*lines, *extra, "", "")).encode()


def html_page(title: str) -> bytes:
    """Return a page as gateways and firewalls show it."""
    text = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>"
    return f"{text}</center>\r\n</body>\r\n</html>\r\n".encode()


def plain_response(status: int, content: object) -> Response:
    """Return what the exchange says of itself, whatever the market."""
    headers = {"Content-Type": CONTENT_TYPE[Market.SPOT], ORIGIN_HEADER: "control"}
    return Response(status, headers, json_bytes(content))
