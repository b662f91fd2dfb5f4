"""The page, its JSON and its metrics: read-only, from snapshots, in a thread of its own.

    scanner thread, trader                  web thread (asyncio, aiohttp)
    report cache, run snapshot -- now() ->  documents, once per change -> streams, API, metrics
                                            clerk: a process for what takes long
                                              candles, RSI, why, journals -> JSON

Nothing here changes anything. A program is seen through `port.Program`, what takes long is asked
through `port.Answers`: how things are said in words is the command line's, which hands both in.
"""
