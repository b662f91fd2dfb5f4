"""What S3 refuses, and in which words."""

from __future__ import annotations

from divbot.exchange.archive.xml_text import DECLARATION, element, writable

MOST_KEY_BYTES = 1024
_REQUEST_ID = "DIVBOT0000000000"


class S3Refusal(Exception):
    """Refuse a request: HTTP status, S3's code, its message, and what it tells besides."""

    def __init__(self, status: int, code: str, message: str, **told: str) -> None:
        super().__init__(message)
        self.status = status
        self.xml = _xml({"Code": code, "Message": message, **told, "RequestId": _REQUEST_ID})


def _xml(about: dict[str, str]) -> bytes:
    inner = "".join(element(name, writable(text)) for name, text in about.items())
    return f"{DECLARATION}<Error>{inner}</Error>".encode()


def bad_argument(name: str, value: str, message: str) -> S3Refusal:
    """One argument is wrong."""
    return S3Refusal(400, "InvalidArgument", message, ArgumentName=name, ArgumentValue=value)


def key_too_long(size: int) -> S3Refusal:
    """A key, or what keys are compared with, has so many bytes."""
    message, most = "Your key is too long", str(MOST_KEY_BYTES)
    return S3Refusal(400, "KeyTooLongError", message, Size=str(size), MaxSizeAllowed=most)


def no_such_key(key: str) -> S3Refusal:
    """There is no file at `key`."""
    return S3Refusal(404, "NoSuchKey", "The specified key does not exist.", Key=key)


def denied() -> S3Refusal:
    """No reason is told."""
    return S3Refusal(403, "AccessDenied", "Access Denied")


def bad_method(method: str) -> S3Refusal:
    """The method is neither GET nor HEAD."""
    message = "The specified method is not allowed against this resource."
    return S3Refusal(405, "MethodNotAllowed", message, Method=method)


def bad_range(asked: str, size: int) -> S3Refusal:
    """The range begins after the end."""
    message = "The requested range is not satisfiable"
    told = {"RangeRequested": asked, "ActualObjectSize": str(size)}
    return S3Refusal(416, "InvalidRange", message, **told)


def internal() -> S3Refusal:
    """Something broke."""
    message = "We encountered an internal error. Please try again."
    return S3Refusal(500, "InternalError", message)


def slow_down() -> S3Refusal:
    """There are too many requests."""
    return S3Refusal(503, "SlowDown", "Please reduce your request rate.")
