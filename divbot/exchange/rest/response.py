"""One reply of the exchange, before it is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass

from divbot.domain.market import Market

CONTENT_TYPE = {
    Market.SPOT: "application/json;charset=UTF-8",
    Market.USDM: "application/json",
}


ORIGIN_HEADER = "X-Divbot-Exchange"
"""In every reply, so that no price of ours is taken for a real one: synthetic or recorded."""
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


def json_bytes(content: object) -> bytes:
    """Return `content` as JSON, without blanks and without escapes."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def html_page(title: str) -> bytes:
    """Return a page as gateways and firewalls show it."""
    text = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>"
    return f"{text}</center>\r\n</body>\r\n</html>\r\n".encode()
