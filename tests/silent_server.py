"""An HTTP server of threads that keeps to itself when a client hangs up on it."""

from __future__ import annotations

from http.server import ThreadingHTTPServer
from typing import Any


class SilentServer(ThreadingHTTPServer):
    """What it would print of a lost connection could land in what a test captures."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""
