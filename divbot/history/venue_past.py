"""What the venue itself tells of the past, as the store keeps it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from divbot.binance.past_data import BinancePast
from divbot.domain.market import Interval
from divbot.history.funding import FundingTrack
from divbot.history.kind import StoredKind
from divbot.history.shelf import Shelf
from divbot.history.spans import Span
from divbot.recordings.track import Track

SOURCE = "REST"


def venue_candles(venue: BinancePast, shelf: Shelf, interval: Interval, span: Span) -> Track:
    """Return the final candles of a shelf that open in `span`."""
    is_mark = shelf.kind is StoredKind.MARK
    candles, amounts = venue.candles(shelf.symbol, interval, *span, mark=is_mark)
    times = candles.open_time
    if is_mark:  # all but its prices are placeholders
        candles = replace(candles, volume=np.zeros(len(candles)))
        return Track(shelf.symbol, SOURCE, times, *candles.values)
    return Track(shelf.symbol, SOURCE, times, *candles.values, **amounts._asdict())


def venue_funding(venue: BinancePast, shelf: Shelf, span: Span) -> FundingTrack:
    """Return the settlements of a symbol that were due in `span`."""
    return FundingTrack.told(venue.funding(shelf.symbol, *span))
