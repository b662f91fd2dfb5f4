"""The table of settings: whatever is said of a setting anywhere is said here, once.

The checks of a value, the key of a file, the variable, the flags of the commands with their help,
`config.example.toml` and `docs/settings.md` are made of it. Nothing here loads pydantic or typer:
`--help` waits for neither. It is long because it is one table, read row by row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TypeVar, cast

from divbot.alerts.address import Address, Addresses, Secret, SecretText
from divbot.alerts.quiet_hours import QuietHours, QuietHoursText
from divbot.alerts.template import Template
from divbot.binance.protocol.endpoints import CHEAPEST_AMPLE_LIMIT, KLINES_LIMIT
from divbot.domain.bounds import Bounds, Reader, percent_of
from divbot.domain.durations import Duration
from divbot.domain.margin import MAX_LEVERAGE
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Kind, Side
from divbot.domain.symbols import read_pattern, read_symbol
from divbot.domain.values import Choice, Either, FilePath, Several, Switch, VenueAddress
from divbot.kernels.indicator import TRADINGVIEW
from divbot.scanner.signals.score import DEFAULT_WEIGHTS, PARTS
from divbot.scanner.workforce.size import AUTO, MOST_WORKERS, Workers

Value = TypeVar("Value")

ENVIRONMENT_PREFIX = "DIVBOT_"
SHORTEST_LIMIT = TRADINGVIEW.minimum_candles + 1
"""The last candle of an answer is never final."""
TAKER_FEE = {Market.SPOT: Decimal("0.001"), Market.USDM: Decimal("0.0005")}
"""Of the regular tier, without any discount."""
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_LONGEST_LIMIT = max(x.maximum for x in KLINES_LIMIT.values())


class Scope(Enum):
    """What a setting changes of a paper run."""

    START = "what the run begins with, and keeps"
    TRADING = "what is traded"
    MACHINE = "how fast and from where the venue is asked, or what is shown, not what is traded"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table."""

    reader: Reader[object]
    """Its type, bounds and unit."""
    default: str | None
    """As a user writes it; None: it has none."""
    value: object
    """The default as it is read."""
    help: str
    """What it is, in words that may follow `name: `."""
    flags: tuple[str, ...] = ()
    """Further names of its flag."""
    scope: Scope = Scope.TRADING
    example: str = ""
    """A value to show where there is no default."""
    is_secret: bool = False
    """It has no flag: what stands on a command line, anybody on the machine can read."""


def setting(
    reader: Reader[Value], default: str, text: str, *flags: str, scope: Scope = Scope.TRADING
) -> Value:
    """Return a row of the table; to mypy, what the setting is."""
    return cast("Value", Setting(reader, default, reader.read(default), text, flags, scope))


def optional(
    reader: Reader[Value], example: str, text: str, scope: Scope = Scope.TRADING
) -> Value | None:
    """Return the row of a setting that may be left out."""
    return cast("Value", Setting(reader, None, None, text, scope=scope, example=example))


def secret(reader: Reader[Value], value: object, example: str, text: str) -> Value:
    """Return the row of a setting that only a file or a variable may give."""
    row = Setting(reader, None, value, text, scope=Scope.MACHINE, example=example, is_secret=True)
    return cast("Value", row)


def names(
    reader: Reader[tuple[Value, ...]],
    example: str,
    text: str,
    *flags: str,
    scope: Scope = Scope.TRADING,
) -> tuple[Value, ...]:
    """Return the row of a setting of several names, by default none."""
    row = Setting(reader, None, (), text, flags, scope, example)
    return cast("tuple[Value, ...]", row)


def _part(least: int | str, most: int | str) -> Bounds[Decimal]:
    return Bounds(Decimal, least, most, is_part=True)


def _read_host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError(f"expected a host without a port, such as pi.local, found {text[:40]!r}")
    return text.lower()


def _weight(part: str) -> float:
    default, text = f"{DEFAULT_WEIGHTS[part]:g}", f"weight in the score: {PARTS[part]}"
    return setting(Bounds(float, 0, 1000), default, text)


_SYMBOLS = Several("symbols such as BTCUSDT,ETHUSDT", read_symbol)
_PATTERNS = Several("symbols or patterns such as DOGEUSDT,*PEPE*", read_pattern)
_KINDS = Several(
    "names such as regular_bullish,hidden_bearish",
    Choice(Kind, lambda text: text.lower().replace("-", "_")).read,
    tuple(Kind),
)
_INTERVALS = Several(
    "lengths of a candle such as 5m,15m,1h", Choice(Interval).read, tuple(Interval), is_strict=True
)
_SIDES = Several("BUY or SELL", Choice(Side, str.upper).read, tuple(Side))
_WORKERS: Reader[Workers] = Either(AUTO, Bounds(int, 1, MOST_WORKERS))
_ADDRESS = VenueAddress()


class UniverseSettings:
    """What to scan."""

    market = setting(Choice(Market), "usdm", "`usdm` (USD-M futures) or `spot`", scope=Scope.START)
    interval = setting(
        Choice(Interval), "5m", "length of a candle: `1m`, `5m`, `15m`, `1h`, `4h`, `1d` ...", "-i"
    )
    top = setting(Bounds(int, 1, 5000), "400", "how many symbols to scan, the most traded first")
    symbols = names(
        _SYMBOLS, "BTCUSDT,ETHUSDT", "scan only these symbols, instead of the most traded ones"
    )
    include = names(
        _PATTERNS,
        "PAXGUSDT,1000*",
        "always scan these, even if filtered out; symbols or patterns such as `1000*`",
    )
    exclude = names(
        _PATTERNS, "DOGEUSDT,*PEPE*", "never scan these; symbols or patterns such as `*PEPE*`"
    )
    min_age = setting(
        Duration("0", "10000d", "d"), "10d", "leave out symbols that were listed more recently"
    )
    max_spread = setting(
        Bounds(float, "0.00000001", 1, is_part=True),
        "0.5%",
        "leave out symbols with a wider spread, as a part of the ask",
    )
    limit = optional(
        Bounds(int, SHORTEST_LIMIT, _LONGEST_LIMIT),
        "499",
        f"candles per symbol; by default {CHEAPEST_AMPLE_LIMIT[Market.USDM]} on futures, "
        f"{CHEAPEST_AMPLE_LIMIT[Market.SPOT]} on spot",
    )


class IntervalSettings:
    """Several intervals at once, of `scan` and `watch`."""

    intervals = names(
        _INTERVALS,
        "5m,15m,1h,4h",
        "lengths of a candle; one universe is scanned at all of them; by default at `interval` "
        "alone",
        "--interval",
        "-i",
        scope=Scope.MACHINE,
    )
    aligned = setting(
        Switch(),
        "false",
        "show, and tell of, only what no longer one of the `intervals` speaks against",
        scope=Scope.MACHINE,
    )


class SignalSettings:
    """What to show; kind, side and max_age limit what paper enters, too."""

    kind = names(
        _KINDS,
        "regular_bullish",
        "show and enter only these kinds of divergence, of `regular_bullish`, `hidden_bullish`, "
        "`regular_bearish` and `hidden_bearish`; by default all four",
    )
    side = names(_SIDES, "BUY", "show and enter only `BUY` or only `SELL` signals; by default both")
    max_age = setting(Bounds(int, 0, 10_000), "5", "ignore signals older than this many candles")
    best = setting(
        Bounds(int, 1, 100_000),
        "20",
        "show at most this many opportunities; `paper` trades on all",
        scope=Scope.MACHINE,
    )


def _input(name: str, least: int, most: int, text: str) -> int:
    return setting(Bounds(int, least, most), str(getattr(TRADINGVIEW, name)), text)


class IndicatorInputs:
    """The inputs of the indicator, by default as TradingView has them; in candles."""

    rsi_length = _input("rsi_length", 2, 100, "candles that the RSI goes over")
    pivot_left = _input(
        "pivot_left", 1, 50, "candles before a pivot of the RSI, none of which is more extreme"
    )
    pivot_right = _input(
        "pivot_right", 1, 50, "candles after a pivot, all less extreme; the last one confirms it"
    )
    range_min = _input(
        "range_min",
        0,
        TRADINGVIEW.range_max,
        "candles between two pivots that are compared, at least",
    )
    range_max = _input(
        "range_max",
        TRADINGVIEW.range_min,
        300,
        "candles between two pivots that are compared, at most",
    )
    atr_length = _input("atr_length", 1, 100, "candles that the ATR goes over")


class PlanSettings:
    """The plan of a trade."""

    stop_atr = setting(
        Bounds(float, 0, 100), "0.5", "distance of the stop beyond the later pivot, in ATRs"
    )
    reward_risk = setting(
        Bounds(float, "0.01", 1000),
        "2.0",
        "distance of the target, as a multiple of the distance to the stop",
    )
    horizon = setting(
        Bounds(int, 1, 10_000),
        "100",
        "candles that a trade has to reach its target in, as confidence counts; past "
        "signals still open then are closed at the market",
    )
    base_rates = optional(
        FilePath(),
        "rates.toml",
        "file of base rates that confidence and expectancy start from, written by "
        "`divbot verify base-rates`; by default those that come with divbot",
    )


class ScoreSettings:
    """What counts how much in the score: shares of their sum."""

    weight_rsi = _weight("rsi")
    weight_price = _weight("price")
    weight_zone = _weight("zone")
    weight_line_of_sight = _weight("line_of_sight")
    weight_trend = _weight("trend")
    weight_freshness = _weight("freshness")
    weight_liquidity = _weight("liquidity")
    weight_expectancy = _weight("expectancy")


class PaperSettings:
    """Trading on paper."""

    balance = setting(
        Bounds(Decimal, 1, 10**10, places=8),
        "10000",
        "starting balance of a new paper run, in USDT",
        scope=Scope.START,
    )
    risk = setting(
        _part("0.000001", 1),
        "1%",
        "part of the equity that a trade may lose at its stop, after all costs: 1 R",
    )
    leverage = setting(
        Bounds(int, 1, MAX_LEVERAGE), "10", "maximum leverage, on futures; spot has none"
    )
    max_positions = setting(Bounds(int, 1, 100), "3", "maximum open positions", "--max-pos")
    min_score = setting(
        Bounds(float, 0, 10), "5.0", "lowest score to enter at, or to tell of, 0 to 10"
    )
    min_confidence = setting(
        Bounds(float, 0, 1, is_part=True),
        "0",
        "lowest confidence to enter at, or to tell of, 0 to 1; 0: any",
    )
    min_reward_risk = setting(
        Bounds(Decimal, 0, 1000),
        "1",
        "lowest ratio of reward to risk: to enter at, after all costs; to tell of, as a scan shows "
        "it",
    )
    take_earlier = setting(
        Switch(), "false", "also enter on signals that were confirmed before the start"
    )
    cooldown = setting(
        Duration("0", "365d", "m"), "60m", "how long no symbol is entered again after a loss in it"
    )
    max_daily_loss = setting(
        _part("0.000001", 1),
        "5%",
        "stop entries for the (UTC) day after losing this part of the equity",
    )
    max_drawdown = setting(
        _part("0.000001", 1), "20%", "stop entries while the equity is this far below its peak"
    )
    max_holding = setting(
        Duration("0", "3650d", "h"), "24h", "close a position after this long; 0: never"
    )
    exit_on_opposite = setting(
        Switch(), "true", "close a position on the opposite signal of its symbol"
    )
    trail_atr = optional(
        Bounds(float, "0.01", 100),
        "1.5",
        "trail the stop by this many ATRs; by default it stays where it is",
    )
    fee = optional(
        _part(0, "0.1"),
        "0.05%",
        f"taker fee, a part of the value; by default {percent_of(TAKER_FEE[Market.SPOT])} on spot, "
        f"{percent_of(TAKER_FEE[Market.USDM])} on futures",
    )
    slippage = setting(
        _part(0, "0.1"),
        "0.02%",
        "what a market order loses beyond the spread, as a part of the price",
    )
    check_interval = setting(
        Duration("0.1s", "1d"), "60s", "time between two scans; below 20s there is a warning"
    )
    position_update_interval = setting(
        Duration("0.1s", "1h"), "5s", "time between two price checks"
    )
    max_report_age = setting(Duration("1s", "7d"), "5m", "enter on no scan that is older than this")


SENDING = ("alert_digest", "alerts_per_minute", "quiet_hours")
"""What holds for all that is sent, whatever it is about."""


class AlertSettings:
    """Alerts, of `watch` and of `paper --notify`."""

    notify_to: tuple[Address, ...] = secret(
        Addresses(),
        (),
        "ntfys://ntfy.sh/my-own-topic",
        "where alerts are sent: addresses of Apprise, `webhook:https://...`, `jsonl:FILE`, `bell`; "
        "several as a list",
    )
    webhook_secret: Secret | None = secret(
        SecretText(),
        None,
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "what webhooks are signed with",
    )
    min_expectancy = optional(
        Bounds(float, -10, 10),
        "0.1",
        "tell of no signal of which less is expected, in R; by default of any",
        Scope.MACHINE,
    )
    alert_title = optional(
        Template(),
        "{signal} {symbol} {interval}",
        "the first line of an alert, with names in braces; see docs/alerts.md",
        Scope.MACHINE,
    )
    alert_text = optional(
        Template(),
        "{kind} at {price}, R/R {reward_risk}. {why}",
        "the other lines of an alert, with names in braces",
        Scope.MACHINE,
    )
    alert_digest = setting(
        Duration("0", "7d", "m"),
        "0",
        "gather alerts for this long into one message; 0: each comes alone",
        scope=Scope.MACHINE,
    )
    alerts_per_minute = setting(
        Bounds(int, 1, 1000),
        "10",
        "messages to one address in a minute, at most; more wait, and come together",
        scope=Scope.MACHINE,
    )
    quiet_hours: QuietHours | None = optional(
        QuietHoursText(),
        "22:00-07:00 Europe/Berlin",
        "hours in which no message is sent; what they hold back comes when they end",
        Scope.MACHINE,
    )


class WebSettings:
    """The page of `--web` and `divbot web`."""

    web_token: Secret | None = secret(
        SecretText(16, is_word=True),
        None,
        "V2lzaCB5b3Ugd2VyZSBoZXJl",
        "what a browser has to know; needed wherever other machines can reach the page",
    )
    web_hosts = names(
        Several("names of hosts such as pi.local,bot.example", _read_host),
        "pi.local",
        "further names by which the page is reached; addresses and localhost need none",
        scope=Scope.MACHINE,
    )


class WorkSettings:
    """How to work."""

    workers = setting(
        _WORKERS,
        AUTO,
        "worker processes; `auto`: one per core, and none for a small scan",
        "-j",
        scope=Scope.MACHINE,
    )
    connections = setting(
        Bounds(int, 1, 1024),
        "64",
        "connections to the venue, shared among the workers; at least one for each",
        scope=Scope.MACHINE,
    )
    sequential = setting(
        Switch(),
        "false",
        "use no worker processes; for debugging, with the same results",
        scope=Scope.MACHINE,
    )
    request_timeout = setting(
        Duration("0.1s", "5m"),
        "10s",
        "time to wait for an answer, all tries together",
        scope=Scope.MACHINE,
    )
    weight_share = setting(
        Bounds(float, "0.05", 1, is_part=True),
        "80%",
        "part of the venue's request weight per minute to use at most",
        scope=Scope.MACHINE,
    )
    use_proxies = setting(
        Switch(),
        "false",
        "reach the venue through the proxies that HTTPS_PROXY and the like name",
        scope=Scope.MACHINE,
    )
    keep_candles = setting(
        Switch(),
        "true",
        "keep final candles on disk, and download only new ones",
        scope=Scope.MACHINE,
    )
    store = optional(
        FilePath(),
        "candles",
        "folder in which `divbot data` keeps candles; by default one of this user's own",
        Scope.MACHINE,
    )
    base_url = optional(
        _ADDRESS, "http://127.0.0.1:8000", "address of the venue; by default Binance's own"
    )
    archive_url = optional(
        _ADDRESS,
        "http://127.0.0.1:8000",
        "address of the archive's files; by default Binance's own, or that of a local exchange",
        Scope.MACHINE,
    )
    archive_listing_url = optional(
        _ADDRESS,
        "http://127.0.0.1:8000/data.binance.vision",
        "address of the archive's lists of files; by default as for archive_url",
        Scope.MACHINE,
    )


class Table(
    UniverseSettings,
    IntervalSettings,
    SignalSettings,
    IndicatorInputs,
    PlanSettings,
    ScoreSettings,
    PaperSettings,
    AlertSettings,
    WebSettings,
    WorkSettings,
):
    """Every setting, by its name: of the key, of the flag, of the variable."""


GROUPS: Mapping[type, Mapping[str, Setting]] = {
    group: {name: row for name, row in vars(group).items() if isinstance(row, Setting)}
    for group in Table.__bases__
}
"""The rows, in the order in which they are shown, below the heading that says what they are."""
SETTINGS = {name: row for rows in GROUPS.values() for name, row in rows.items()}
