"""What the exchange says over plain HTTP, without any client in between."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

SPOT, USDM = "/api/v3", "/fapi/v1"
NOT_FOUND = 404


def said(base_url: str, path: str, **parameters: object) -> Any:
    """Return what a good answer holds."""
    status, content = answered(base_url, path, **parameters)
    assert status == 200, content
    return content


def answered(base_url: str, path: str, **parameters: object) -> tuple[int, Any]:
    """Return status and content of an answer, good or not."""
    url = f"{base_url}{path}" + (f"?{urlencode(parameters)}" if parameters else "")
    try:
        with urlopen(url, timeout=30) as response:
            return response.status, json.load(response)
    except HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def need(base_url: str, path: str, **parameters: object) -> None:
    """Skip the test if the exchange has nothing at `path`, and only then."""
    if answered(base_url, path, **parameters)[0] == NOT_FOUND:
        pytest.skip(f"the exchange has no {path} yet")


def by_symbol(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the entries of a list by their symbols."""
    return {each["symbol"]: each for each in entries}
