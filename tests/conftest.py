"""What several tests share: recorded markets, local exchanges, and how hypothesis looks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from divbot.cli.compiling import is_compiled
from divbot.domain.clock import parse_time
from divbot.domain.market import Market
from divbot.exchange.embedded import EmbeddedExchange
from divbot.exchange.options import ExchangeOptions
from divbot.kernels import analysis
from divbot.processes import PRELOAD
from tests.cli.pages import BROWSER, Browse, Viewer

# Candles of exchanges that live for one test are of no use to anybody.
os.environ["DIVBOT_KEEP_CANDLES"] = "false"
# The first call of a kernel compiles it: a deadline would measure the compiler.
settings.register_profile(
    "divbot", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", parent=settings.get_profile("divbot"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "divbot"))

STANDSTILL = parse_time("2024-07-30T09:02")
DATA = Path(__file__).parents[1].parent / "shared" / "data"
SHIPPED = Path(__file__).parent / "recorded"
"""Some of what `data` holds, in its folders: a recorded market for any clone."""


def pytest_xdist_auto_num_workers() -> int:
    """Return two for each core: tests wait for programs and servers half of their time."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session", autouse=True)
def kernels() -> None:
    """Compile on a machine that never did, so that no test sees what a first start says."""
    if not is_compiled():
        analysis.warm()


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of recorded markets; skip where this machine has none."""
    if not DATA.is_dir():
        pytest.skip("the recorded markets (../shared/data) are not on this machine")
    return DATA


@pytest.fixture(scope="session")
def browse() -> Iterator[Browse]:
    """Return what shows a page in a browser; skip where this machine has none."""
    if BROWSER is None:
        pytest.skip("no chromium on this machine")
    viewer = Viewer()
    yield viewer.browse
    viewer.close()


@pytest.fixture(scope="session")
def quiet_market() -> Iterator[str]:
    """Return the address of an exchange whose synthetic market stands still."""
    # More scans in a minute than the venue would allow.
    options = ExchangeOptions(
        symbols=60, seed=7, at=STANDSTILL, speed=0.0, weight_limit=1_000_000, awkward=False
    )
    with EmbeddedExchange(options, PRELOAD) as exchange:
        yield exchange.base_url


@pytest.fixture(scope="session")
def recorded_market(data: Path) -> Iterator[str]:
    """Return the address of an exchange that replays the recorded spot market, near its end."""
    with spot_exchange(data) as base_url:
        yield base_url


@contextmanager
def spot_exchange(folder: Path) -> Iterator[str]:
    """Serve the spot market recorded in `folder`, near its end; yield its address."""
    options = ExchangeOptions(
        markets=(Market.SPOT,),
        recorded=folder / "market" / "spot-5m-2024-07.parquet",
        at=STANDSTILL,
        speed=0.0,
        weight_limit=1_000_000,
    )
    with EmbeddedExchange(options, PRELOAD) as exchange:
        yield exchange.base_url
