"""The embedded local exchange: Binance's protocol in front of a market of its own."""
