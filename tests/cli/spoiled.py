"""A venue some of whose rows make no sense: a local exchange, through a proxy that spoils them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any, TypeAlias
from urllib.request import urlopen

from divbot.binance.protocol.endpoints import LOCAL_EXCHANGE_HEADER
from tests.silent_server import SilentServer

Spoil: TypeAlias = Callable[[str, Any], None]
"""Changes the document that the answer to a path is made of."""


@contextmanager
def spoiled(venue: str, spoil: Spoil) -> Iterator[str]:
    """Provide the address of `venue` with all its answers spoiled."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with urlopen(venue + self.path) as answer:
                document = json.load(answer)
            spoil(self.path.partition("?")[0], document)
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header(LOCAL_EXCHANGE_HEADER, "spoiled")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = SilentServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
