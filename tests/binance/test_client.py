from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest

from divbot.binance.client import BinanceClient
from divbot.binance.endpoints import LOCAL_EXCHANGE_HEADER
from divbot.binance.limits import WeightAccount
from divbot.binance.transport import Answer
from divbot.domain.clock import ManualClock
from divbot.domain.errors import (
    BadAnswer,
    DivbotError,
    RequestRejected,
    StopUntil,
    UnknownSymbol,
    VenueRefused,
    VenueUnreachable,
)
from divbot.domain.market import Interval, Market

NOW = 1_722_330_000_000
JSON = {"Content-Type": "application/json;charset=UTF-8"}
TIME = Answer(200, JSON, b'{"serverTime":1722330000123}')


class ScriptedTransport:
    """Give prepared answers, and keep what was asked."""

    def __init__(self, *answers: Answer | DivbotError, seconds: float = 0.0) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, str | int], float]] = []
        self.clock = ManualClock(NOW)
        self._seconds = seconds

    def get(self, url: str, parameters: Mapping[str, str | int], *, seconds: float) -> Answer:
        self.asked.append((url, dict(parameters), seconds))
        self.clock.advance(min(self._seconds, seconds))
        answer = self.answers.pop(0)
        if isinstance(answer, DivbotError):
            raise answer
        return answer


def client_of(
    transport: ScriptedTransport, market: Market = Market.USDM, account: WeightAccount | None = None
) -> BinanceClient:
    return BinanceClient(
        market,
        "http://127.0.0.1:1/",
        transport,  # type: ignore[arg-type]
        transport.clock,
        account or WeightAccount(),
    )


def refusal(status: int, code: int = 0, message: str = "", **headers: str) -> Answer:
    body = json.dumps({"code": code, "msg": message}).encode()
    return Answer(status, JSON | {k.replace("_", "-"): v for k, v in headers.items()}, body)


HTML = Answer(502, {"Content-Type": "text/html"}, b"<html>502 Bad Gateway</html>")


def test_an_answer_is_what_the_venue_said() -> None:
    transport = ScriptedTransport(TIME)

    assert client_of(transport).server_time() == 1722330000123
    assert transport.asked[0][0] == "http://127.0.0.1:1/fapi/v1/time"


@pytest.mark.parametrize(
    "passing",
    [
        pytest.param(HTML, id="502 in HTML"),
        pytest.param(refusal(503, -1008, "overload"), id="503"),
        pytest.param(refusal(408), id="408"),
        pytest.param(refusal(400, -1001, "disconnected"), id="400 of an internal error"),
        pytest.param(Answer(200, {"Content-Type": "text/html"}, b"<html>"), id="200 in HTML"),
        pytest.param(VenueUnreachable("reset"), id="no answer"),
        pytest.param(BadAnswer("damaged"), id="damaged"),
    ],
)
def test_what_may_pass_is_asked_again(passing: Answer | DivbotError) -> None:
    transport = ScriptedTransport(passing, passing, TIME)

    assert client_of(transport).server_time() == 1722330000123


def test_nobody_is_asked_for_ever() -> None:
    transport = ScriptedTransport(*[HTML] * 9)

    with pytest.raises(BadAnswer):
        client_of(transport).server_time()

    assert len(transport.asked) == 4


def test_all_tries_together_keep_the_deadline() -> None:
    transport = ScriptedTransport(*[VenueUnreachable("slow")] * 9, seconds=4.0)

    with pytest.raises(VenueUnreachable):
        client_of(transport).server_time()

    granted = [seconds for _, _, seconds in transport.asked]
    assert granted[0] == 10.0
    assert all(later <= earlier - 4.0 for earlier, later in itertools.pairwise(granted))
    assert transport.clock.monotonic() <= 10.0


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        pytest.param(refusal(451), VenueRefused, "location", id="451"),
        pytest.param(Answer(403, {}, b"<html>"), VenueRefused, "firewall", id="403"),
        pytest.param(refusal(400, -1102, "no symbol"), RequestRejected, "no symbol", id="400"),
        pytest.param(Answer(404, {}, b""), RequestRejected, "404", id="404"),
        pytest.param(
            Answer(302, {"Location": "http://evil"}, b""), RequestRejected, "302", id="302"
        ),
        pytest.param(refusal(429, -1003, Retry_After="7"), StopUntil, "pause", id="429"),
        pytest.param(refusal(418, -1003, Retry_After="300"), StopUntil, "banned", id="418"),
    ],
)
def test_what_will_not_pass_is_asked_but_once(
    answer: Answer, error: type[DivbotError], says: str
) -> None:
    transport = ScriptedTransport(answer, TIME)

    with pytest.raises(error, match=says):
        client_of(transport).server_time()

    assert len(transport.asked) == 1


@pytest.mark.parametrize(
    ("answer", "until"),
    [
        pytest.param(refusal(429, Retry_After="7"), NOW + 7_000, id="by the header"),
        pytest.param(
            refusal(418, -1003, f"Way too many; IP(1.2.3.4) banned until {NOW + 5_000}. Please"),
            NOW + 5_000,
            id="by the message",
        ),
        pytest.param(refusal(429), NOW + 60_000, id="not said"),
        pytest.param(refusal(429, Retry_After="soon"), NOW + 60_000, id="nonsense"),
        pytest.param(refusal(429, Retry_After="-5"), NOW + 60_000, id="negative"),
        pytest.param(refusal(418, Retry_After="9" * 40), NOW + 3 * 86_400_000, id="for ever"),
    ],
)
def test_a_pause_is_as_long_as_the_venue_says(answer: Answer, until: int) -> None:
    with pytest.raises(StopUntil) as caught:
        client_of(ScriptedTransport(answer)).server_time()

    assert caught.value.until == until


def test_an_unknown_symbol_is_the_symbol_s_own_trouble() -> None:
    transport = ScriptedTransport(refusal(400, -1121, "Invalid symbol."))

    with pytest.raises(UnknownSymbol, match="XUSDT"):
        client_of(transport).final_candles("XUSDT", Interval.M5, 499)


def test_every_try_is_charged_for() -> None:
    account = WeightAccount()
    empty = Answer(200, JSON, b"[]")
    client = client_of(ScriptedTransport(HTML, empty), account=account)

    client.final_candles("BTCUSDT", Interval.M5, 499)

    assert (account.take(), account.take()) == (2 + 2, 0)


@pytest.mark.parametrize(("market", "lean"), [(Market.SPOT, True), (Market.USDM, False)])
def test_a_spot_listing_is_asked_for_without_its_permissions(market: Market, lean: bool) -> None:
    transport = ScriptedTransport(Answer(200, JSON, b'{"symbols":[]}'))

    client_of(transport, market).exchange_info()

    assert transport.asked[0][1] == ({"showPermissionSets": "false"} if lean else {})


@pytest.mark.parametrize("is_local", [True, False])
def test_a_local_exchange_is_never_taken_for_the_real_one(is_local: bool) -> None:
    headers: dict[str, Any] = JSON | ({LOCAL_EXCHANGE_HEADER: "synthetic"} if is_local else {})
    client = client_of(ScriptedTransport(Answer(200, headers, TIME.body)))

    client.server_time()

    assert client.simulated is is_local
