"""What the tests of streaming clients share: addresses, a limit of time, and orders."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any, TypeVar
from urllib.request import Request, urlopen

T = TypeVar("T")

SECONDS = 30


def played(story: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, which it must reach in time."""
    return asyncio.run(asyncio.wait_for(story, SECONDS))


def redirected(url: str, base_url: str) -> str:
    """Return `url` below the exchange's own address: the venue's host becomes part of the path.

    https://HOST/PATH keeps its path only, wss://HOST/PATH all of it.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "wss":
        return f"ws{base_url.removeprefix('http')}/{rest}"
    return f"{base_url}/{rest.partition('/')[2]}".rstrip("/")


def order(base_url: str, market: str, by: str) -> int:
    """Have something done to all connections of `market`; return how many there were."""
    body = json.dumps({"market": market, "by": by}).encode()
    headers = {"Content-Type": "application/json"}
    request = Request(f"{base_url}/divbot/streams", data=body, headers=headers)
    with urlopen(request, timeout=30) as reply:
        return int(json.load(reply)["connections"])
