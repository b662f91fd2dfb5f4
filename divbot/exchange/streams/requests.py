"""What clients ask of a connection, in text frames such as {"method":"GET_PROPERTY",...,"id":1}.

Codes and words are those of the venue's documentation; the envelope is that of its live replies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from divbot.domain.market import Market
from divbot.exchange.rest.json_text import NotJson, is_whole, read_json

Id: TypeAlias = int | str | None

_LONGEST_ID = 36
_NOTHING = object()


class Method(StrEnum):
    """What can be asked for."""

    SUBSCRIBE = "SUBSCRIBE"
    UNSUBSCRIBE = "UNSUBSCRIBE"
    LIST_SUBSCRIPTIONS = "LIST_SUBSCRIPTIONS"
    SET_PROPERTY = "SET_PROPERTY"
    GET_PROPERTY = "GET_PROPERTY"


_METHODS = ", ".join(f"`{method}`" for method in Method)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, of the right shape."""

    method: Method
    params: Sequence[Any]
    id: Id


class BadRequest(Exception):
    """Refuse a request: the venue's code and its words, and the request's id if it has one."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.id: Id = None


def read_request(market: Market, text: str) -> Request:
    """Return the request that `text` holds; raise BadRequest when it holds none."""
    content = _object(text)
    try:
        return _request(market, content, f"at line 1 column {len(text)}")
    except BadRequest as refusal:
        request_id = content.get("id")
        refusal.id = request_id if _is_id(market, request_id) else None
        raise


def invalid(what: str) -> BadRequest:
    """Return the refusal of a request that is JSON, but wrong."""
    return BadRequest(2, f"Invalid request: {what}")


def _request(market: Market, content: dict[str, Any], where: str) -> Request:
    found = content.get("method", _NOTHING)
    if found is _NOTHING:
        raise invalid(f"missing field `method` {where}")
    if not isinstance(found, str) or found not in list(Method):
        raise invalid(f"unknown variant `{found}`, expected one of {_METHODS} {where}")
    request_id = content.get("id", _NOTHING)
    if not _is_id(market, request_id):
        raise invalid("request ID must be an unsigned integer")
    return Request(Method(found), _params(Method(found), content), request_id)


def _object(text: str) -> dict[str, Any]:
    try:
        content = read_json(text)
    except NotJson as error:
        place = f"line {error.line} column {error.column}"
        raise BadRequest(3, f"Invalid JSON: expected value at {place}") from None
    if not isinstance(content, dict):
        raise invalid("expected an object")
    return content


def _is_id(market: Market, value: object) -> bool:
    """Tell whether a request may bear `value`: spot takes more than futures do."""
    if market is Market.USDM:
        return is_whole(value) and 0 <= value < 2**64
    if isinstance(value, str):
        return len(value) <= _LONGEST_ID
    return value is None or (is_whole(value) and -(2**63) <= value < 2**63)


def _params(method: Method, content: dict[str, Any]) -> Sequence[Any]:
    params = content.get("params", [])
    if not isinstance(params, list):
        raise invalid("params must be an array")
    if method in {Method.SUBSCRIBE, Method.UNSUBSCRIBE}:
        if not all(isinstance(each, str) for each in params):
            raise invalid("stream name must be a string")
        return params
    return _property(params, {Method.SET_PROPERTY: 2, Method.GET_PROPERTY: 1}.get(method, 0))


def _property(params: list[Any], count: int) -> Sequence[Any]:
    """Check name and value of a property, of which there is one: combined, true or false."""
    if len(params) > count:
        raise invalid("too many parameters")
    if count and not (params and isinstance(params[0], str)):
        raise invalid("property name must be a string")
    if count and params[0] != "combined":
        raise BadRequest(0, "Unknown property")
    if count > 1 and not (len(params) > 1 and isinstance(params[1], bool)):
        raise BadRequest(1, "Invalid value type: expected Boolean")
    return params
