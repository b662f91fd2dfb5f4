"""One reply of the exchange, before it is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass

from divbot.domain.market import Market

CONTENT_TYPE = {
    Market.SPOT: "application/json;charset=UTF-8",
    Market.USDM: "application/json",
}


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
