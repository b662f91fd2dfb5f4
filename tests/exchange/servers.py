"""The exchange in a thread, for tests over a real connection."""

import threading
from contextlib import contextmanager
from http.client import HTTPConnection
from queue import Queue
from urllib.parse import urlsplit

from divbot.exchange.options import ExchangeOptions
from divbot.exchange.server import serve

from .markets import NOON


@contextmanager
def running(**options):
    """Serve in a thread for the length of a block; yield a connection to it."""
    stop, announced = threading.Event(), Queue()
    chosen = ExchangeOptions(
        **{"symbols": 2, "awkward": False, "at": NOON, "speed": 0.0, **options}
    )
    thread = threading.Thread(
        target=serve, args=(chosen,), kwargs={"announce": announced.put, "stop": stop}
    )
    thread.start()
    connection = HTTPConnection(urlsplit(announced.get(timeout=60)).netloc, timeout=60)
    try:
        yield connection
    finally:
        connection.close()
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def fetch(connection, path, **headers):
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    return response, response.read()
