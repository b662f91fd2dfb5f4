"""Listings that fail, each in its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from divbot.exchange.archive import errors
from divbot.exchange.archive.listing import KeyPage
from divbot.exchange.archive.store import FileFigures
from divbot.exchange.archive.tree import KeyedFile
from divbot.exchange.rest.response import Response, html_page

_XML = {"Content-Type": "application/xml"}
_ROOT, _OTHER_ROOT = b"ListBucketResult", b"ListVersionsResult"
_REFUSALS = {
    "listing_denied": errors.denied,
    "listing_error": errors.internal,
    "listing_slow_down": errors.slow_down,
}


def failed_listing(
    failure: str,
    page: KeyPage,
    figures: Callable[[Sequence[KeyedFile]], Sequence[FileFigures]],
) -> Response:
    """Return `page` as that failure leaves it, as it is when there is none.

    Raise S3Refusal where there is no page at all.
    """
    refusal = _REFUSALS.get(failure)
    if refusal is not None:
        raise refusal()
    if failure == "listing_html":
        return Response(200, {"Content-Type": "text/html"}, html_page("Just a moment..."))
    if failure == "listing_standing":
        page = replace(page, is_truncated=True)
    body = page.xml(figures)
    if failure == "listing_cut":
        body = body[: len(body) // 2]
    if failure == "listing_other_root":
        body = body.replace(_ROOT, _OTHER_ROOT)
    return Response(200, _XML, body)
