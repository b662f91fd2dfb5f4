"""Read so many streams of a page until killed: `python benchmarks/readers.py PORT 50`.

A process of its own, of the lowest priority: what is measured is the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

_REQUEST = b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def read(port: int) -> None:
    """Read one stream to its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_REQUEST)
    while await reader.read(1 << 16):
        pass


async def main(port: int, count: int) -> None:
    """Read all streams; tell on stdout once all are open."""
    tasks = [asyncio.create_task(read(port)) for _ in range(count)]
    await asyncio.sleep(1)
    print("open", flush=True)
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    os.nice(19)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
