"""Read streams of a page: `python benchmarks/readers.py PORT`, told on stdin how many.

Each line of stdin is a number of streams to be open from then on; one of stdout answers it. A
process of its own, of the lowest priority: what is measured is the server.
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
    try:
        writer.write(_REQUEST)
        while await reader.read(1 << 16):
            pass
    finally:
        writer.close()


async def main(port: int) -> None:
    """Open and close streams as told."""
    tasks: list[asyncio.Task[None]] = []
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        wanted = int(line)
        for task in tasks[wanted:]:
            task.cancel()
        tasks = tasks[:wanted]
        tasks += [asyncio.create_task(read(port)) for _ in range(wanted - len(tasks))]
        await asyncio.sleep(0)
        print(wanted, flush=True)


if __name__ == "__main__":
    os.nice(19)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1])))
