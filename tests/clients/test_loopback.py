"""The guard itself: without it the other tests would not show that clients stay on loopback."""

import socket

import pytest

from .loopback import Strayed
from .plain import SPOT, said


@pytest.mark.parametrize(
    "reach",
    [
        pytest.param(lambda: socket.getaddrinfo("api.binance.com", 443), id="by name"),
        pytest.param(lambda: socket.gethostbyname("fapi.binance.com"), id="by name, the old way"),
        pytest.param(lambda: socket.create_connection(("192.0.2.1", 443)), id="by address"),
        pytest.param(lambda: socket.socket().connect_ex(("192.0.2.1", 443)), id="asynchronously"),
    ],
)
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # ours, left to the guard
def test_other_hosts_are_refused_and_told(strays, reach):
    with pytest.raises(Strayed, match="expected loopback only"):
        reach()

    assert len(strays) == 1
    strays.clear()


def test_this_machine_is_reached(standing):
    assert said(standing, f"{SPOT}/ping") == {}
