"""The page, its JSON and its metrics: read-only, from snapshots, in a thread of its own.

    scanner thread, trader                  web thread (asyncio, aiohttp)
    report cache, run snapshot -- now() ->  documents, once per change -> streams, API, metrics
                                            clerk: a process for what takes long
                                              candles, RSI, why, journals -> JSON

```
server      aiohttp in a thread; address: where it listens; sending: headers, and slow readers
gatekeeper  who may ask; denial: why a request gets no other answer
routes      every path, what it takes and gives, OpenAPI; schemas: the shapes of documents
api         what each path answers; documents: of snapshots
stream      server-sent events; metrics: for Prometheus
clerk       what takes long, in a process of its own
port        what is seen of a program, and what it is asked
```

Nothing here changes anything. A program is seen through `port.Program`, what takes long is asked
through `port.Answers`: how things are said in words is the command line's, which hands both in.
"""
