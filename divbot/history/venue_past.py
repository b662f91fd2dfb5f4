"""What the venue itself tells of the past, as the store keeps it."""

from __future__ import annotations

import numpy as np

from divbot.binance.past_data import BinancePast
from divbot.domain.market import Interval
from divbot.history.funding import Funding
from divbot.history.kind import Kind
from divbot.history.shelf import Shelf
from divbot.history.spans import Span
from divbot.recordings.track import Track

SOURCE = "REST"


def venue_candles(venue: BinancePast, shelf: Shelf, interval: Interval, span: Span) -> Track:
    """Return the final candles of a shelf that open in `span`."""
    is_mark = shelf.kind is Kind.MARK
    candles, amounts = venue.candles(shelf.symbol, interval, *span, mark=is_mark)
    if is_mark:  # all but its prices are placeholders
        prices = candles._replace(volume=np.zeros(len(candles.open_time)))
        return Track(shelf.symbol, SOURCE, *prices)
    return Track(shelf.symbol, SOURCE, *candles, *amounts)


def venue_funding(venue: BinancePast, shelf: Shelf, span: Span) -> Funding:
    """Return the settlements of a symbol that were due in `span`."""
    rates = venue.funding(shelf.symbol, *span)
    return Funding.of(
        [x.at for x in rates],
        [float(x.rate) for x in rates],
        mark_price=[float(x.mark_price) for x in rates],
    )
