"""Market streams over WebSocket: what one market says as it happens, to whoever listens.

Theory of operation. Nothing in here but `sockets` does I/O or waits:

    addresses  what a client connects to: which market, which route, which streams
    channels   what the name of a stream means
    session    one connection: frames in and times in, frames out, by its market's rules
               (requests reads the text ones)
    feed       one market: polls it by publishers, each of which tells what has changed,
               in the venue's words (events)
    broadcast  all sessions and feeds: a pulse hands the news of the feeds to the sessions
    sockets    aiohttp around it: sends what comes out, and beats the pulse

Cadence runs on the market's time, whatever its speed, but a stream is polled once a pulse at
most. What concerns connections (pings, limits, the end after a day) runs on the real clock.
"""
