"""Each fault ends as one of divbot's own errors, in time and in bounded memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from divbot.binance.transport.curl_transport import CurlTransport
from divbot.binance.transport.requests_transport import RequestsTransport
from divbot.domain.errors import BadAnswer, DivbotError, StopUntil, VenueUnreachable
from divbot.exchange.embedded import EmbeddedExchange
from divbot.exchange.faults.kinds import KINDS

from .arrangements import QUIET, LeapingClock, OpenTransport, client_for
from .fault_table import FAULTS, Fault

MOST_EXTRA = 24 << 20  # a body of the most bytes, twice, and room for a test on a busy machine
SLACK = 1.0

either_transport = pytest.mark.parametrize(
    "transport",
    [pytest.param(CurlTransport, id="curl"), pytest.param(RequestsTransport, id="requests")],
)
every_fault = pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in FAULTS])


@pytest.fixture(scope="module")
def exchange() -> Iterator[str]:
    with EmbeddedExchange(QUIET) as running:
        yield running.base_url


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_the_table_has_every_kind_of_the_exchange() -> None:
    names = {fault.name.partition(",")[0] for fault in FAULTS}

    assert set(KINDS) <= names
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


@either_transport
@every_fault
def test_a_fault_that_lasts_ends_as_its_error(
    exchange: str, traced: None, fault: Fault, transport: OpenTransport
) -> None:
    clock = LeapingClock()
    with (
        fault.arrange(exchange, None) as arranged,
        client_for(arranged, clock, fault.seconds, transport) as (client, counted),
    ):
        before, _ = tracemalloc.get_traced_memory()
        ended: type[DivbotError] | None = None
        try:
            fault.ask(client)
        except DivbotError as error:
            ended = type(error)
            if isinstance(error, StopUntil):
                clock.wait(error.left(clock.monotonic()))
        _, most = tracemalloc.get_traced_memory()

        # The server's end of a connection may close in the middle of the next try: no answer then.
        may_be_reset = fault.ends is BadAnswer and ended is VenueUnreachable
        assert ended is fault.ends or may_be_reset
        assert (fault.fewest or fault.tries) <= counted.tries <= fault.tries
        assert counted.longest < fault.seconds + SLACK
        assert most - before < MOST_EXTRA
        if arranged.calm is not None:
            arranged.calm()
            fault.ask(client)


@either_transport
@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in FAULTS if f.is_got_over])
def test_a_fault_that_comes_once_is_got_over(
    exchange: str, fault: Fault, transport: OpenTransport
) -> None:
    with (
        fault.arrange(exchange, 1) as arranged,
        client_for(arranged, LeapingClock(), fault.seconds, transport) as (client, _),
    ):
        first = fault.ask(client)

        assert first == fault.ask(client)


@either_transport
@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in FAULTS if f.deceives])
def test_a_deceptive_fault_is_an_answer_of_another_time(
    exchange: str, fault: Fault, transport: OpenTransport
) -> None:
    with (
        fault.arrange(exchange, 1) as arranged,
        client_for(arranged, LeapingClock(), fault.seconds, transport) as (client, _),
    ):
        assert fault.ask(client) != fault.ask(client)
