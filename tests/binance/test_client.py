from __future__ import annotations

import itertools
import json
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from divbot.binance.bans import Bans
from divbot.binance.budget import WeightBudget
from divbot.binance.client import BinanceClient
from divbot.binance.protocol.endpoints import LOCAL_EXCHANGE_HEADER
from divbot.binance.session import VenueSession
from divbot.binance.transport.transport import HttpReply
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
HERE = "http://127.0.0.1:1"
JSON = {"Content-Type": "application/json;charset=UTF-8"}
TIME = HttpReply(200, JSON, b'{"serverTime":1722330000123}')


class ScriptedTransport:
    """Give prepared answers, and keep what was asked."""

    def __init__(self, *answers: HttpReply | DivbotError, seconds: float = 0.0) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, str | int], float]] = []
        self.clock = ManualClock(NOW)
        self._seconds = seconds

    def get(
        self, url: str, parameters: Mapping[str, str | int], *, seconds: float, max_body: int
    ) -> HttpReply:
        self.asked.append((url, dict(parameters), seconds))
        self.clock.advance(min(self._seconds, seconds))
        answer = self.answers.pop(0)
        if isinstance(answer, DivbotError):
            raise answer
        return replace(answer, headers={k.lower(): x for k, x in answer.headers.items()})


def client_of(
    transport: ScriptedTransport,
    market: Market = Market.USDM,
    *,
    budget: WeightBudget | None = None,
    bans: Bans | None = None,
    base_urls: tuple[str, ...] = (HERE,),
) -> BinanceClient:
    budget = budget or WeightBudget(transport.clock, 10_000)
    session = VenueSession(
        market,
        base_urls,
        transport,  # type: ignore[arg-type]
        transport.clock,
        bans or Bans(None),
    )
    return BinanceClient(session, budget.lease(budget.open_lease()))


def refusal(status: int, code: int = 0, message: str = "", **headers: str) -> HttpReply:
    body = json.dumps({"code": code, "msg": message}).encode()
    return HttpReply(status, JSON | {k.replace("_", "-"): v for k, v in headers.items()}, body)


HTML = HttpReply(502, {"Content-Type": "text/html"}, b"<html>502 Bad Gateway</html>")


def test_an_answer_is_what_the_venue_said() -> None:
    transport = ScriptedTransport(TIME)

    assert client_of(transport).server_time() == 1722330000123
    assert transport.asked[0][0] == "http://127.0.0.1:1/fapi/v1/time"


@pytest.mark.parametrize(
    "passing",
    [
        pytest.param(HTML, id="502 in HTML"),
        pytest.param(HttpReply(302, {"Location": "http://evil"}, b""), id="302"),
        pytest.param(refusal(503, -1008, "overload"), id="503"),
        pytest.param(refusal(408), id="408"),
        pytest.param(refusal(400, -1001, "disconnected"), id="400 of an internal error"),
        pytest.param(HttpReply(200, {"Content-Type": "text/html"}, b"<html>"), id="200 in HTML"),
        pytest.param(VenueUnreachable("reset"), id="no answer"),
        pytest.param(BadAnswer("damaged"), id="damaged"),
    ],
)
def test_what_may_pass_is_asked_again(passing: HttpReply | DivbotError) -> None:
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
        pytest.param(HttpReply(403, {}, b"<html>"), StopUntil, "pause", id="403"),
        pytest.param(refusal(400, -1102, "no symbol"), RequestRejected, "no symbol", id="400"),
        pytest.param(HttpReply(404, {}, b""), RequestRejected, "404", id="404"),
        pytest.param(refusal(429, -1003, Retry_After="130"), StopUntil, "pause", id="long 429"),
        pytest.param(refusal(418, -1003, Retry_After="300"), StopUntil, "banned", id="418"),
    ],
)
def test_what_will_not_pass_is_asked_but_once(
    answer: HttpReply, error: type[DivbotError], says: str
) -> None:
    transport = ScriptedTransport(answer, TIME)

    with pytest.raises(error, match=says):
        client_of(transport).server_time()

    assert len(transport.asked) == 1


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        pytest.param(refusal(429, Retry_After="7"), 7, id="by the header"),
        pytest.param(
            refusal(429, -1003, f"Way too many; IP(1.2.3.4) banned until {NOW + 5_000}. Please"),
            5,
            id="by the message",
        ),
        pytest.param(refusal(429), 60, id="not said"),
        pytest.param(refusal(429, Retry_After="soon"), 60, id="nonsense"),
        pytest.param(refusal(429, Retry_After="-5"), 60, id="negative"),
        pytest.param(refusal(429, Retry_After="0"), 1, id="none at all"),
        pytest.param(refusal(429, Retry_After="Tue, 30 Jul 2024 09:00:09 GMT"), 9, id="by a date"),
        pytest.param(
            refusal(429, Retry_After="Tue, 30 Jul 2024 08:00:00 GMT"), 1, id="by a date gone by"
        ),
    ],
)
def test_a_short_pause_is_waited_for_to_its_end(answer: HttpReply, seconds: int) -> None:
    transport = ScriptedTransport(answer, TIME)

    assert client_of(transport).server_time() == 1722330000123
    assert seconds <= transport.clock.monotonic() < seconds + 0.1


def test_a_pause_for_one_is_a_pause_for_all() -> None:
    transport = ScriptedTransport(refusal(429, Retry_After="130"), TIME)
    budget = WeightBudget(transport.clock, 10_000)
    one, other = (client_of(transport, budget=budget) for _ in range(2))

    with pytest.raises(StopUntil):
        one.server_time()
    with pytest.raises(StopUntil) as caught:
        other.server_time()

    assert caught.value.ends == 130.0
    assert len(transport.asked) == 1


DATE = "Tue, 30 Jul 2024 {} GMT"


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        pytest.param(refusal(418, Retry_After="300"), 300, id="by the header"),
        pytest.param(
            refusal(418, -1003, f"IP banned until {NOW + 700_000}."), 700, id="by the message"
        ),
        pytest.param(
            refusal(418, -1003, f"IP banned until {NOW + 700_000}.", Date=DATE.format("08:10:00")),
            3700,
            id="by a clock here that is ahead",
        ),
        pytest.param(
            refusal(418, Retry_After=DATE.format("10:10:00"), Date=DATE.format("10:00:00")),
            600,
            id="by a clock here that is behind",
        ),
        pytest.param(
            refusal(418, -1003, f"IP banned until {NOW - 3_600_000}."), 120, id="by a time gone by"
        ),
        pytest.param(refusal(418, -1003, f"IP banned until {NOW + 7_000}."), 120, id="too short"),
        pytest.param(refusal(418, Retry_After="0"), 120, id="none at all"),
        pytest.param(refusal(418, Retry_After="9" * 40), 3 * 86_400, id="for ever"),
        pytest.param(refusal(418), 120, id="not said"),
    ],
)
def test_a_ban_is_written_down_and_obeyed_by_the_next_program(
    answer: HttpReply, seconds: int, tmp_path: Path
) -> None:
    file = tmp_path / "state" / "bans.json"
    with pytest.raises(StopUntil) as first:
        client_of(ScriptedTransport(answer), bans=Bans(file)).server_time()

    silent = ScriptedTransport()
    with pytest.raises(StopUntil, match="banned this address until 2024-") as second:
        client_of(silent, bans=Bans(file)).server_time()

    assert (first.value.ends, second.value.ends) == (seconds, seconds)
    assert not silent.asked


class SetClock(ManualClock):
    """A clock that somebody sets while it runs."""

    ahead = 0

    def now(self) -> int:
        return super().now() + self.ahead


@pytest.mark.parametrize("ahead", [-3_600_000, 3_600_000])
def test_a_clock_that_is_set_changes_no_ban(ahead: int) -> None:
    transport = ScriptedTransport(refusal(418, Retry_After="300"), TIME)
    transport.clock = clock = SetClock(NOW)
    client = client_of(transport)
    with pytest.raises(StopUntil):
        client.server_time()

    clock.ahead = ahead
    clock.advance(299)
    with pytest.raises(StopUntil):
        client.server_time()
    clock.advance(2)

    assert client.server_time() == 1722330000123


def test_a_remembered_ban_is_no_longer_than_any_can_be(tmp_path: Path) -> None:
    bans = Bans(tmp_path / "bans.json")
    bans.note(HERE, 10**18, now=NOW)

    with pytest.raises(StopUntil) as caught:
        client_of(ScriptedTransport(), bans=bans).server_time()

    assert caught.value.ends == 3 * 86_400


def test_a_ban_is_on_the_disk_before_anything_else_happens_and_is_nobody_else_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, done = tmp_path / "new" / "state" / "bans.json", []
    sync, replace = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        sync(descriptor)
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        done.append("sync folder" if is_folder else "sync file")

    def rename(source: Path, target: Path) -> None:
        replace(source, target)
        done.append(f"rename to {target.name}")

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", rename)

    Bans(file).note(HERE, NOW + 1000, now=NOW)

    assert done == ["sync file", "rename to bans.json", "sync folder"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(each.stat().st_mode) for each in list(file.parents)[:2]} == {0o700}


def test_a_ban_ends(tmp_path: Path) -> None:
    bans = Bans(tmp_path / "bans.json")
    bans.note(HERE, NOW - 1, now=NOW - 1000)

    assert client_of(ScriptedTransport(TIME), bans=bans).server_time() == 1722330000123


def test_a_ban_by_one_venue_is_none_by_another(tmp_path: Path) -> None:
    bans = Bans(tmp_path / "bans.json")
    bans.note("http://127.0.0.1:2", NOW + 1000, now=NOW)

    assert client_of(ScriptedTransport(TIME), bans=bans).server_time() == 1722330000123


@pytest.mark.parametrize("content", ["", "[]", "not JSON", '{"http://127.0.0.1:1": "soon"}'])
def test_a_damaged_record_of_bans_is_no_record(content: str, tmp_path: Path) -> None:
    file = tmp_path / "bans.json"
    file.write_text(content)

    assert client_of(ScriptedTransport(TIME), bans=Bans(file)).server_time() == 1722330000123


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(refusal(451), id="451"),
        pytest.param(VenueUnreachable("no route"), id="no route"),
    ],
)
def test_the_next_address_is_asked_where_the_first_one_refuses(
    failure: HttpReply | DivbotError,
) -> None:
    tries = 1 if isinstance(failure, HttpReply) else 4
    transport = ScriptedTransport(*[failure] * tries, TIME, TIME)
    client = client_of(transport, base_urls=("http://one", "http://two"))

    assert client.server_time() == client.server_time() == 1722330000123
    hosts = [url.split("/")[2] for url, _, _ in transport.asked]
    assert hosts == [*["one"] * tries, "two", "two"]


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda x: x.final_candles("XUSDT", Interval.M5, 499), id="candles"),
        pytest.param(lambda x: x.minutes("XUSDT", NOW, 99), id="minutes"),
        pytest.param(lambda x: x.minutes("XUSDT", NOW, 99, mark=True), id="minutes of the mark"),
        pytest.param(lambda x: x.funding("XUSDT", NOW, NOW), id="funding"),
    ],
)
@pytest.mark.parametrize(
    ("refused", "error", "says"),
    [
        pytest.param(
            refusal(400, -1121, "Invalid symbol."),
            UnknownSymbol,
            "XUSDT: the venue does not know this symbol",
            id="unknown",
        ),
        pytest.param(
            refusal(400, -1122, "Invalid symbol status."),
            UnknownSymbol,
            "XUSDT: the venue does not trade this symbol",
            id="settled",
        ),
        pytest.param(
            refusal(400, -1100, "Illegal characters."),
            RequestRejected,
            "XUSDT: the venue rejected the request",
            id="rejected",
        ),
    ],
)
def test_what_is_wrong_with_a_symbol_names_it_whatever_was_asked(
    ask: Callable[[BinanceClient], object],
    refused: HttpReply,
    error: type[DivbotError],
    says: str,
) -> None:
    with pytest.raises(error, match=says):
        ask(client_of(ScriptedTransport(refused)))


@pytest.mark.parametrize(
    ("start", "asked"), [(None, {}), (1_722_340_800_000, {"startTime": 1_722_340_800_000})]
)
def test_candles_are_the_newest_or_those_from_a_time_on(
    start: int | None, asked: dict[str, int]
) -> None:
    transport = ScriptedTransport(HttpReply(200, JSON, b"[]"))

    client_of(transport).final_candles("BTCUSDT", Interval.M5, 499, start)

    usual = {"symbol": "BTCUSDT", "interval": "5m", "limit": 499}
    assert transport.asked[0][1] == usual | asked


def test_every_try_is_charged_for() -> None:
    transport = ScriptedTransport(HTML, HttpReply(200, JSON, b"[]"))
    budget = WeightBudget(transport.clock, 10_000)

    client_of(transport, budget=budget).final_candles("BTCUSDT", Interval.M5, 499)

    assert budget.spent() == 2 + 2


def test_what_others_on_the_address_spend_is_left_to_them() -> None:
    seen = HttpReply(200, JSON | {"X-MBX-USED-WEIGHT-1M": "9000"}, b"[]")
    transport = ScriptedTransport(seen, HttpReply(200, JSON, b"[]"))
    budget = WeightBudget(transport.clock, 10_000)
    client = client_of(transport, budget=budget)

    client.final_candles("BTCUSDT", Interval.M5, 499)
    before = transport.clock.monotonic()
    client.final_candles("BTCUSDT", Interval.M5, 499)

    assert transport.clock.monotonic() - before > 60


@pytest.mark.parametrize(("market", "lean"), [(Market.SPOT, True), (Market.USDM, False)])
def test_a_spot_listing_is_asked_for_without_its_permissions(market: Market, lean: bool) -> None:
    transport = ScriptedTransport(HttpReply(200, JSON, b'{"symbols":[]}'))

    client_of(transport, market).exchange_info()

    assert transport.asked[0][1] == ({"showPermissionSets": "false"} if lean else {})


@pytest.mark.parametrize("is_local", [True, False])
def test_a_local_exchange_is_never_taken_for_the_real_one(is_local: bool) -> None:
    headers: dict[str, Any] = JSON | ({LOCAL_EXCHANGE_HEADER: "synthetic"} if is_local else {})
    client = client_of(ScriptedTransport(HttpReply(200, headers, TIME.body)))

    client.server_time()

    assert client.simulated is is_local


@pytest.mark.parametrize(
    ("headers", "found"), [({"Content-Type": "text/html"}, "text/html"), ({}, "no type")]
)
def test_what_came_instead_of_json_is_told(headers: dict[str, str], found: str) -> None:
    transport = ScriptedTransport(*[HttpReply(200, headers, b"<html>")] * 9)

    with pytest.raises(BadAnswer, match=f"expected JSON, found {found}$"):
        client_of(transport).server_time()


class SlowBans(Bans):
    """Take a second to write a ban down."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(None)
        self._clock = clock

    def note(self, base_url: str, until: int, *, now: int) -> None:
        self._clock.advance(1.0)
        super().note(base_url, until, now=now)


def test_who_waits_as_long_as_a_ban_is_said_to_last_may_ask_again() -> None:
    transport = ScriptedTransport(refusal(418), TIME)
    client = client_of(transport, bans=SlowBans(transport.clock))

    with pytest.raises(StopUntil) as told:
        client.server_time()
    transport.clock.wait(told.value.left(transport.clock.monotonic()))

    assert client.server_time() == 1_722_330_000_123
