"""From candles to a published report."""
